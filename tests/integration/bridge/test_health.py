"""A bridge that stands alone says whether it can work."""

import asyncio

import httpx
from pydantic import SecretStr
from serving import serving

from bridge.app import create_app
from scorewire.settings import Settings
from scorewire.stack.ports import free_port


async def test_a_bridge_that_listens_is_ready(address: str) -> None:
    """200 once both the database and the listener are there."""
    async with httpx.AsyncClient(base_url=f"http://{address}") as http, asyncio.timeout(10):
        while (answer := await http.get("/health/ready")).status_code != 200:
            assert answer.json()["database"]
        assert answer.json() == {"ready": True, "database": True, "listener": True}


async def test_a_bridge_without_its_database_is_not() -> None:
    """503 and which part is away; the process itself lives."""
    url = SecretStr(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    async with (
        serving(create_app(Settings(database_url=url))) as address,
        httpx.AsyncClient(base_url=f"http://{address}", timeout=15) as http,
    ):
        answer = await http.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "database": False, "listener": False}
        assert (await http.get("/health/live")).json() == {"status": "ok"}
