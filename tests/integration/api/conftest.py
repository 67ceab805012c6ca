"""The API on a real Postgres, with storage in a folder."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    temporary_settings,
)
from pydantic import SecretStr
from serving import Serve, serving

from api.app import create_app
from scorewire.settings import Settings

MAX_UPLOAD_BYTES = 3_000_000


@pytest.fixture
def settings(migrated_url: str, tmp_path: Path) -> Settings:
    """A small upload limit; everything else as installed."""
    return Settings(
        database_url=SecretStr(migrated_url),
        data_dir=tmp_path,
        max_upload_bytes=MAX_UPLOAD_BYTES,
    )


@pytest.fixture
async def serve(settings: Settings) -> AsyncIterator[Serve]:
    """Runs an API with other settings, whose Prefect is out of reach; gives a client of it."""
    # Not by the environment, which Prefect reads once: another test may have imported it before.
    nowhere = {PREFECT_API_URL: "http://127.0.0.1:1/api", PREFECT_CLIENT_MAX_RETRIES: 0}
    with temporary_settings(nowhere):
        async with AsyncExitStack() as running:

            async def start(**changed: object) -> httpx.AsyncClient:
                app = create_app(Settings.model_validate({**dict(settings), **changed}))
                address = await running.enter_async_context(serving(app))
                client = httpx.AsyncClient(base_url=f"http://{address}", timeout=30)
                return await running.enter_async_context(client)

            yield start


@pytest.fixture
async def client(serve: Serve) -> httpx.AsyncClient:
    """A client of a running API whose Prefect is out of reach."""
    return await serve()


@pytest.fixture
async def job_id(client: httpx.AsyncClient) -> UUID:
    """A submitted job; it failed, as Prefect is out of reach."""
    body = {"youtube_url": "https://youtu.be/dQw4w9WgXcQ", "options": {"title": "Étude: No. 1"}}
    answer = await client.post("/api/v1/transcribe", json=body)
    assert answer.status_code == 201
    return UUID(answer.json()["job_id"])
