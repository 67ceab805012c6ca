"""Watching a job whose events are no longer kept, but for the last."""

import json
from uuid import UUID

import httpx
import pytest
from apart import Served
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import connect

from scorewire.jobs.stages import Stage
from scorewire.store.engine import fetch
from scorewire.store.events import append_completed, append_progress
from scorewire.store.retention import trim_events


@pytest.fixture
async def trimmed(engine: AsyncEngine, job_id: UUID) -> UUID:
    """A job that ended long ago with its fourth event."""
    for step in range(3):
        await append_progress(engine, job_id, progress=step, stage=Stage.DOWNLOAD, message="…")
    await append_completed(engine, job_id, result={"musicxml": "scores/x"})
    await fetch(engine, text("UPDATE jobs SET completed_at = '2020-01-01' RETURNING id"))
    assert await trim_events(engine, ended_s=3600, limit=2) == 2
    assert await trim_events(engine, ended_s=3600, limit=2) == 1
    return job_id


@pytest.mark.parametrize("query", ["", "?after=0", "?after=2"])
async def test_a_late_client_is_told_the_end(served: Served, trimmed: UUID, query: str) -> None:
    """[W1] [W4] From wherever it asks: the terminal event with its own id, then the close."""
    address = f"{served.address}/api/v1/jobs/{trimmed}"
    async with connect(f"ws://{address}/stream{query}") as socket:
        message = json.loads(await socket.recv())
        await socket.wait_closed()
    assert (message["type"], message["id"], message["attempt"]) == ("completed", 4, 1)
    assert socket.close_code == 1000
    async with httpx.AsyncClient(trust_env=False) as client:
        told = (await client.get(f"http://{address}/events{query}")).text
        polled = (await client.get(f"http://{address}")).json()
    assert told.count("event: ") == 1
    assert "id: 4" in told
    assert (polled["status"], polled["last_event_id"]) == ("completed", 4)
