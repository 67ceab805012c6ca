"""Those who take events late, slowly or not at all: they get the end, and delay nobody."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from statistics import median
from typing import Any
from uuid import UUID

import pytest
from apart import Served
from poor_link import Link
from raw_websocket import RawSocket
from watching import Seen, by_event_source, by_websocket, crowd_client, until_the_end

from bridge.protocol import MAX_UNSENT_BYTES
from bridge.session import MAX_WAITING, PAGE

Tell = Callable[..., Awaitable[None]]
Complete = Callable[[], Awaitable[None]]

LONG = "𝄞" * 1_700
LONG_BYTES = 7_000
QUICK = 6
EVENTS = 500
STALL_S = 1.0
POOR_EVENTS = 80
"""More than a poor link carries in the time after which a silent client is let go."""


@asynccontextmanager
async def several(served: Served, job_id: UUID) -> AsyncIterator[list[Seen]]:
    """Quick watchers of both channels, who see the job to its end within the block's end."""
    everyone = [Seen() for _ in range(QUICK)]
    async with crowd_client() as http:
        ways = [by_websocket, partial(by_event_source, http=http)] * (QUICK // 2)
        watching = [
            asyncio.create_task(watch(served.address, job_id, seen))
            for watch, seen in zip(ways, everyone, strict=True)
        ]
        yield everyone
        async with asyncio.timeout(15):
            await asyncio.gather(*watching)
    for seen in everyone:
        assert seen.ids == list(range(1, len(seen.ids) + 1))
        assert seen.ended


async def delay_s(tell: Tell, everyone: list[Seen], first: int, count: int) -> float:
    """Tell events, one after the other, and return how long the last of all waits for one."""
    loop = asyncio.get_running_loop()
    delays_s = []
    for event_id in range(first, first + count):
        told_s = loop.time()
        await tell(min(event_id // 20, 99), LONG)
        await asyncio.gather(*(seen.until(event_id) for seen in everyone))
        delays_s.append(loop.time() - told_s)
    return median(delays_s)


async def test_who_stops_reading_delays_nobody(
    served: Served,
    job_id: UUID,
    tell: Tell,
    complete: Complete,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """[W2] [W3] While one takes nothing others wait no longer; it is held little, and let go."""
    monkeypatch.setattr("bridge.session.STALL_S", STALL_S)
    monkeypatch.setattr("bridge.protocol.CLOSE_TIMEOUT_S", STALL_S)
    before = await served.held()
    seen = Seen()
    async with several(served, job_id) as everyone:
        alone_s = await delay_s(tell, everyone, 1, 100)
        deaf = await RawSocket.watching(
            served.address, job_id, "?after=100", receive_buffer_bytes=4096
        )
        together_s = await delay_s(tell, everyone, 101, EVENTS)
        assert together_s < 3 * alone_s + 0.01
        waiting, unsent_bytes = max(await served.ask(partial(_held_for_each, served)))
        # The system may still take some once it is too much; asyncio goes on under a quarter of it.
        assert MAX_UNSENT_BYTES / 4 < unsent_bytes < MAX_UNSENT_BYTES + 2 * LONG_BYTES
        assert 0 < waiting <= MAX_WAITING + PAGE
        await complete()
    # It takes not even the end for a while, and is cut off; then it comes back for the rest.
    await served.settles(before, within_s=2 * STALL_S + 3)
    deaf.abort()
    await by_websocket(served.address, job_id, seen)
    assert seen.ids == list(range(1, 100 + EVENTS + 2))


def _held_for_each(served: Served) -> list[tuple[int, int]]:
    """The events that wait for each client of a WebSocket, and the bytes in its transport."""
    hub: Any = served.bridge.hub
    return [
        (len(one._session._waiting), one._connection.transport.get_write_buffer_size())  # noqa: SLF001 - no other witness
        for watchers in hub._watchers.values()  # noqa: SLF001 - no other witness
        for one in watchers
        if hasattr(one, "_writable")
    ]


async def test_a_phone_on_a_poor_link(
    served: Served,
    job_id: UUID,
    tell: Tell,
    complete: Complete,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """[M4] [W2] At 50 KB/s and 300 ms it stays, answers, and gets the end; others get all."""
    monkeypatch.setattr("bridge.session.SILENCE_GRACE_S", 4.0)
    phone, source = Seen(), Seen()
    poor = {"bytes_per_s": 50_000, "latency_s": 0.3, "jitter_s": 0.2}
    async with (
        crowd_client() as http,
        Link(served.address, **poor) as link,
        several(served, job_id) as everyone,
    ):
        there = asyncio.create_task(by_websocket(link.address, job_id, phone))
        too = asyncio.create_task(by_event_source(link.address, job_id, source, http=http))
        for event_id in range(1, POOR_EVENTS + 1):
            await tell(event_id, LONG)
            await asyncio.sleep(0.03)
        await asyncio.gather(*(seen.until(POOR_EVENTS) for seen in everyone))
        await complete()
        async with asyncio.timeout(60):
            await asyncio.gather(there, too)
    for slow, ending in ((phone, 1000), (source, 200)):
        assert (slow.endings, slow.ended) == ([ending], True)
        assert slow.ids == sorted(set(slow.ids))
        assert slow.last_id == POOR_EVENTS + 1
    assert phone.heartbeats > 3


async def test_who_is_cut_off_by_a_poor_link_comes_back(
    served: Served, job_id: UUID, tell: Tell, complete: Complete
) -> None:
    """[W6] Links that die now and then cost nothing: nothing is lost, nothing comes twice."""
    seen = Seen()
    links = [Link(served.address, latency_s=0.02) for _ in range(4)]

    async def over_the_next(seen: Seen) -> None:
        async with links.pop() if len(links) > 1 else links[0] as link:
            watching = asyncio.create_task(
                by_websocket(link.address, job_id, seen, close_timeout=0.1)
            )
            if len(links) > 1:
                await seen.until(seen.last_id + 15)
                link.freeze()
                watching.cancel()
            await asyncio.wait([watching])

    following = asyncio.create_task(until_the_end(over_the_next, seen))
    for number in range(99):
        await tell(number)
        await asyncio.sleep(0.01)
    await complete()
    async with asyncio.timeout(30):
        await following
    assert seen.ids == list(range(1, 101))
