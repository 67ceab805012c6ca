"""What the stream survives: slow clients, a cut listener, a Postgres that is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from watching import Seen, by_event_source, crowd_client

from scorewire.jobs.stages import Stage
from scorewire.store.events import append_progress

Watch = Callable[..., Awaitable[Any]]
Tell = Callable[..., Awaitable[None]]

Complete = Callable[[], Awaitable[None]]
Cut = Callable[[str], Awaitable[None]]

LISTENER = "AND query ILIKE 'LISTEN%'"
EVERYTHING = ""
MANY = 1_600
"""Events that exceed what the sockets between two processes buffer."""


def _ids(messages: list[dict[str, Any]]) -> list[int]:
    return [message["id"] for message in messages]


@pytest.mark.parametrize("condition", [LISTENER, EVERYTHING], ids=["listener", "all"])
async def test_a_cut_connection_loses_nothing(
    watch: Watch, tell: Tell, complete: Complete, cut: Cut, condition: str
) -> None:
    """[W6] Clients that stay connected get what was said while the bridge heard nothing."""
    watcher = await watch()
    await watcher.next()
    for progress in range(1, 31):
        await tell(progress)
        if progress % 10 == 5:
            await cut(condition)
    await complete()
    messages, code = await watcher.rest()
    assert _ids(messages) == list(range(1, 32))
    assert code == 1000


@pytest.mark.parametrize("condition", [LISTENER, EVERYTHING], ids=["listener", "all"])
async def test_a_cut_connection_loses_nothing_for_event_sources(  # noqa: PLR0913, PLR0917 - they are fixtures
    address: str, job_id: UUID, tell: Tell, complete: Complete, cut: Cut, condition: str
) -> None:
    """[W6] [S1] The same for Server-Sent Events: one stream, with all of it."""
    seen = Seen()
    async with crowd_client() as http:
        watching = asyncio.create_task(by_event_source(address, job_id, seen, http=http))
        for progress in range(1, 31):
            await tell(progress)
            if progress % 10 == 5:
                await seen.until(1)
                await cut(condition)
        await complete()
        async with asyncio.timeout(15):
            await watching
    assert (seen.ids, seen.endings) == (list(range(1, 32)), [200])


async def test_the_end_is_told_after_a_cut(watch: Watch, complete: Complete, cut: Cut) -> None:
    """[W6] An end that nobody heard of is read from the rows, without another event's help."""
    watcher = await watch()
    await watcher.next()
    await cut(LISTENER)
    await complete()
    messages, code = await watcher.rest()
    assert (_ids(messages), messages[-1]["type"], code) == ([1], "completed", 1000)


async def test_long_events_are_delivered(watch: Watch, tell: Tell) -> None:
    """[J2] An event too long for a notification is read from its row, in its place."""
    watcher = await watch()
    await watcher.next()
    await tell(1)
    await tell(2, "𝄞" * 1_990)
    await tell(3)
    messages = [await watcher.next() for _ in range(3)]
    assert _ids(messages) == [1, 2, 3]
    assert messages[1]["message"] == "𝄞" * 1_990


async def test_a_slow_client_delays_nobody(
    watch: Watch, complete: Complete, engine: AsyncEngine, job_id: UUID
) -> None:
    """[W2] While one client does not read, the other gets all; the slow one gets the end."""
    slow = await watch(max_queue=1, compression=None)
    slow.connection.transport.pause_reading()
    quick = await watch(compression=None)
    long = "𝄞" * 1_700
    for number in range(1, MANY + 1):
        await append_progress(
            engine, job_id, progress=number // 20, stage=Stage.SEPARATION, message=long
        )
        if number % 100 == 0:
            while (await quick.next())["id"] < number:
                pass
    await complete()
    assert (await quick.rest())[0][-1]["type"] == "completed"
    slow.connection.transport.resume_reading()
    messages, code = await slow.rest()
    ids = _ids(messages)
    assert ids == sorted(set(ids))
    assert len(ids) < MANY, "the slow client's progress was not merged: is it slow at all?"
    assert (messages[-1]["id"], messages[-1]["type"], code) == (MANY + 1, "completed", 1000)
