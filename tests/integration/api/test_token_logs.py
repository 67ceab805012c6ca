"""Tokens and logs: a server that is asked in every way, with its loggers at their loudest."""

import io
import logging
from collections.abc import Iterator

import httpx
import pytest
import structlog
from serving import Serve
from tokens import SECRET, token
from websockets.asyncio.client import connect

from bridge.server import OPTIONS
from scorewire.logs import configure

LINK = {"youtube_url": "https://youtu.be/dQw4w9WgXcQ"}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged, at DEBUG, with access logs, as a running service writes it."""
    monkeypatch.setitem(OPTIONS, "access_log", value=True)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    chatty = logging.getLogger("httpx").level
    stream = io.StringIO()
    configure("DEBUG", "json", stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    logging.getLogger("httpx").setLevel(chatty)
    structlog.reset_defaults()


@pytest.fixture
async def locked(written: io.StringIO, serve: Serve) -> httpx.AsyncClient:
    """A client of an API with a secret, and loud."""
    del written
    return await serve(jwt_secret=SECRET, connections_per_minute=0)


async def test_no_token_is_logged(locked: httpx.AsyncClient, written: io.StringIO) -> None:
    """[A2] Good tokens and bad ones, by header, address and subprotocol: none is in any line."""
    good, bad = token("ada"), token("eve", key="another secret of more than 32 bytes")
    url = f"ws://{locked.base_url.netloc.decode()}/api/v1/jobs/"
    for shown in (good, bad):
        headers = {"Authorization": f"Bearer {shown}"}
        answer = await locked.post("/api/v1/transcribe", json=LINK, headers=headers)
        job_id = answer.json().get("job_id", "6f1c2a52-9a0e-4b8e-8a55-111111111111")
        answers = [
            answer,
            await locked.get("/api/v1/jobs", headers=headers),
            await locked.get("/api/v1/jobs", params={"token": shown}),
            await locked.get(f"/nowhere/{shown}"),
            await locked.get(f"/api/v1/jobs/{shown}", headers=headers),
            await locked.get(f"/api/v1/jobs/{job_id}/events", params={"token": shown}),
        ]
        assert [one.text for one in answers if shown in one.text] == []
        for query, options in (
            (f"?after=0&token={shown}", {}),
            (f"?TOKEN={shown}", {}),
            ("", {"additional_headers": headers}),
            ("", {"subprotocols": ["scorewire.v1", f"bearer.{shown}"]}),
            ("", {"subprotocols": [f"bearer.{shown}"]}),
        ):
            async with connect(f"{url}{job_id}/stream{query}", **options) as socket:  # type: ignore[arg-type]  # as connect takes them
                await socket.wait_closed()
    lines = written.getvalue()
    for part in (*good.split(".")[1:], *bad.split(".")[1:]):  # all start with the same header
        assert part not in lines
    assert lines.count("token=[redacted]") >= 8
    assert "uvicorn.access" in lines
    assert "WebSocket /api/v1/jobs/" in lines
