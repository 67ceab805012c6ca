"""Ends that are not the job's: it is deleted, or the watcher's token ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from uuid import UUID

import httpx
import pytest
from apart import Served, serving_apart
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from tokens import SECRET, token
from watching import Seen, by_event_source, by_websocket, crowd_client

from bridge.app import create_app
from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource
from scorewire.settings import Settings
from scorewire.store.ending import delete_job
from scorewire.store.events import append_progress
from scorewire.store.jobs import create_job

Tell = Callable[..., Awaitable[None]]

TOKEN_S = 2


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client for event sources."""
    async with crowd_client() as http:
        yield http


async def test_a_deleted_job_sends_its_watchers_away(
    served: Served, engine: AsyncEngine, job_id: UUID, tell: Tell, http: httpx.AsyncClient
) -> None:
    """[W5] [R2] Those who watch a job that is deleted get 4404; an event source learns of 404."""
    by_source = partial(by_event_source, http=http)
    socket, source = Seen(), Seen()
    before = await served.held()
    watching = [
        asyncio.create_task(watch(served.address, job_id, seen))
        for watch, seen in ((by_websocket, socket), (by_source, source))
    ]
    await tell(1)
    await asyncio.gather(socket.until(1), source.until(1))
    assert await delete_job(engine, job_id)
    async with asyncio.timeout(10):
        await asyncio.gather(*watching)
    assert (socket.ids, socket.endings) == ([1], [4404])
    assert (source.ids, source.endings) == ([1], [200])
    await by_source(served.address, job_id, source)
    assert source.endings == [200, 404]
    await served.settles(before)


async def test_a_token_that_ends_ends_the_stream(
    migrated_url: str, engine: AsyncEngine, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[A2] Amid the stream: 4401, or its end; to come back with the same token is refused."""
    monkeypatch.setattr("scorewire.http.tokens.LEEWAY_S", 0)
    source_url = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
    job = await create_job(engine, source=source_url, options=Options(), owner="ada")
    settings = Settings(
        database_url=SecretStr(migrated_url),
        jwt_secret=SecretStr(SECRET),
        connections_per_minute=0,
    )
    short = token("ada", lives_s=TOKEN_S)
    bearer = {"Authorization": f"Bearer {short}"}
    by_socket = partial(by_websocket, additional_headers=bearer)
    by_source = partial(by_event_source, http=http, query=f"?token={short}")
    socket, source, patient = Seen(), Seen(), Seen()
    async with serving_apart(create_app(settings)) as served:
        lasting = partial(
            by_websocket, additional_headers={"Authorization": f"Bearer {token('ada')}"}
        )
        staying = asyncio.create_task(lasting(served.address, job.job_id, patient))
        watching = [
            asyncio.create_task(watch(served.address, job.job_id, seen))
            for watch, seen in ((by_socket, socket), (by_source, source))
        ]
        await append_progress(engine, job.job_id, progress=1, stage=None, message="1")
        await asyncio.gather(*(seen.until(1) for seen in (socket, source, patient)))
        async with asyncio.timeout(TOKEN_S + 5):
            await asyncio.gather(*watching)
        await by_socket(served.address, job.job_id, socket)
        await by_source(served.address, job.job_id, source)
        assert (socket.ids, socket.endings) == ([1], [4401, 4401])
        assert (source.ids, source.endings) == ([1], [200, 401])
        assert not staying.done()
    await staying
    assert patient.endings == [1001]
