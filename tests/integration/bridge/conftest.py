"""The bridge alone, in a real uvicorn on a real Postgres, and clients to watch it with."""

import asyncio
import gc
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
import structlog
from apart import Served, serving_apart
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bridge.app import create_app
from scorewire.jobs.stages import Stage
from scorewire.settings import Settings
from scorewire.store.engine import connect as connect_postgres
from scorewire.store.events import append_completed, append_progress

WAIT_S = 15.0
HEARTBEAT_S = 0.5
SEND_BUFFER_BYTES = 16 * 1024

Message = dict[str, Any]


class Client:
    """One watcher, as a browser would be one."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def next(self) -> Message:
        """Return the next message that is not a heartbeat."""
        async with asyncio.timeout(WAIT_S):
            while True:
                message: Message = json.loads(await self.connection.recv())
                if message["type"] != "heartbeat":
                    return message
                with suppress(ConnectionClosed):  # what came before the close is still to read
                    await self.connection.send(json.dumps({**message, "type": "pong"}))

    async def until(self, type_: str) -> list[Message]:
        """Return all messages up to and with the first of a type."""
        messages = [await self.next()]
        while messages[-1]["type"] != type_:
            messages.append(await self.next())
        return messages

    async def rest(self) -> tuple[list[Message], int | None]:
        """Return all messages until the server closes, and the code it closes with."""
        messages = []
        with suppress(ConnectionClosed):
            while True:
                messages.append(await self.next())
        return messages, self.connection.close_code


Watch = Callable[..., Awaitable[Client]]
Tell = Callable[..., Awaitable[None]]


@pytest.fixture
async def served(migrated_url: str, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Served]:
    """A bridge with a short heartbeat and small buffers, which has no fault to report."""
    settings = Settings(
        database_url=SecretStr(migrated_url),
        heartbeat_s=HEARTBEAT_S,
        connections_per_minute=0,
        max_streams_per_address=1_000,
    )
    with structlog.testing.capture_logs() as told:
        async with serving_apart(
            create_app(settings), send_buffer_bytes=SEND_BUFFER_BYTES
        ) as served:
            yield served
            await served.ask(gc.collect)  # a task whose failure nobody saw then says so
            faults = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() + str(record.exc_info) for record in faults] == []
    assert [line for line in told if line["log_level"] in {"error", "critical"}] == []


@pytest.fixture
def address(served: Served) -> str:
    """Its `host:port`."""
    return served.address


@pytest.fixture
async def watch(address: str, job_id: UUID) -> AsyncIterator[Watch]:
    """Opens a connection; `job` and `query` choose other jobs and parameters."""
    connections: list[ClientConnection] = []

    async def open_watch(query: str = "", job: object = job_id, **options: Any) -> Client:
        url = f"ws://{address}/api/v1/jobs/{job}/stream{query}"
        connection = await connect(url, ping_interval=None, **options)
        connections.append(connection)
        return Client(connection)

    yield open_watch
    await asyncio.gather(*(connection.close() for connection in connections))


@pytest.fixture
def tell(engine: AsyncEngine, job_id: UUID) -> Tell:
    """Appends a progress event to the job."""

    async def tell_progress(progress: int, message: str | None = None) -> None:
        assert await append_progress(
            engine,
            job_id,
            progress=progress,
            stage=Stage.SEPARATION,
            message=message or f"{progress} %",
        )

    return tell_progress


@pytest.fixture
def complete(engine: AsyncEngine, job_id: UUID) -> Callable[[], Awaitable[None]]:
    """Ends the job with a score."""

    async def complete_job() -> None:
        assert await append_completed(engine, job_id, result={"musicxml": "results/x/score"})

    return complete_job


@pytest.fixture
async def cut(migrated_url: str) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Terminates the database's connections, or those that an SQL condition narrows them to."""
    outsider = await connect_postgres(migrated_url)

    async def cut_connections(condition: str) -> None:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        pids = await outsider.fetch(f"SELECT pid FROM pg_stat_activity WHERE {others} {condition}")  # noqa: S608 - conditions are literals of these tests
        for row in pids:
            await outsider.execute("SELECT pg_terminate_backend($1)", row["pid"])

    yield cut_connections
    await outsider.close()
