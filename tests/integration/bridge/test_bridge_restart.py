"""The bridge as real processes, killed, stopped and doubled while many watch."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from uuid import UUID

import httpx
import pytest
from bridge_process import BridgeProcess
from raw_websocket import RawSocket
from watching import Channel, Seen, by_event_source, by_websocket, crowd_client, until_the_end

Tell = Callable[..., Awaitable[None]]
Complete = Callable[[], Awaitable[None]]

MANY = 200
STEPS = 80
EXIT_S = 5.0


@pytest.fixture
async def process(migrated_url: str) -> AsyncIterator[BridgeProcess]:
    """A running bridge."""
    process = BridgeProcess(migrated_url)
    await process.start()
    yield process
    await process.stop(signal.SIGKILL)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """One client for all event sources."""
    async with crowd_client() as http:
        yield http


def _channels(count: int, http: httpx.AsyncClient) -> list[Channel]:
    """As many of either channel."""
    return [by_websocket, partial(by_event_source, http=http)] * (count // 2)


async def _arrived(everyone: list[Seen], event_id: int) -> None:
    async with asyncio.timeout(60):
        await asyncio.gather(*(seen.until(event_id) for seen in everyone))


async def test_a_killed_bridge_loses_nothing(
    process: BridgeProcess, http: httpx.AsyncClient, job_id: UUID, tell: Tell, complete: Complete
) -> None:
    """[W6] 200 who come back with `after` while the job goes on get exactly the rest."""
    everyone = [Seen() for _ in range(MANY)]
    watching = [
        asyncio.create_task(until_the_end(partial(watch, process.address, job_id), seen))
        for watch, seen in zip(_channels(MANY, http), everyone, strict=True)
    ]
    await tell(0)
    await _arrived(everyone, 1)

    async def work() -> None:
        for number in range(1, STEPS):
            await tell(number)
            await asyncio.sleep(0.05)

    working = asyncio.create_task(work())
    await _arrived(everyone, 5)
    await process.stop(signal.SIGKILL)
    assert not working.done(), "the job ended before the bridge did"
    await process.start()
    await working
    await complete()
    async with asyncio.timeout(60):
        await asyncio.gather(*watching)
    for seen in everyone:
        assert seen.ids == list(range(1, STEPS + 2))
        assert len(seen.endings) > 1, "the kill was not noticed"


async def test_a_stopped_bridge_sends_everyone_away(
    process: BridgeProcess, http: httpx.AsyncClient, job_id: UUID, tell: Tell, complete: Complete
) -> None:
    """[W5] [W6] On SIGTERM 1001, or the end of the stream; within 5 s, deaf clients or not."""
    everyone = [Seen() for _ in range(20)]
    ways = _channels(20, http)
    watching = [
        asyncio.create_task(watch(process.address, job_id, seen))
        for watch, seen in zip(ways, everyone, strict=True)
    ]
    unanswering = await RawSocket.watching(process.address, job_id)
    told = asyncio.create_task(unanswering.close_code())
    deaf = [
        await RawSocket.watching(process.address, job_id, "?after=0", receive_buffer_bytes=4096)
        for _ in range(3)
    ]
    deaf_source = await RawSocket.open(process.address, receive_buffer_bytes=4096)
    path = f"/api/v1/jobs/{job_id}/events"
    await deaf_source.send(f"GET {path} HTTP/1.1\r\nHost: {process.address}\r\n\r\n".encode())
    for number in range(1, 801):  # more than the kernel's buffers hold for a client
        await tell(number // 9, "𝄞" * 1_700)
    await _arrived(everyone, 800)
    loop = asyncio.get_running_loop()
    told_s = loop.time()
    status = await process.stop(signal.SIGTERM)
    assert loop.time() - told_s < EXIT_S
    assert status in {0, -signal.SIGTERM}
    await asyncio.gather(*watching)
    assert [seen.endings for seen in everyone] == [[1001], [200]] * 10
    assert await told == 1001
    await process.start()
    await complete()
    async with asyncio.timeout(30):
        await asyncio.gather(
            *(
                watch(process.address, job_id, seen)
                for watch, seen in zip(ways, everyone, strict=True)
            )
        )
    for seen in everyone:
        assert seen.ids == list(range(1, 802))
    for raw in (*deaf, deaf_source):
        raw.abort()


@pytest.mark.parametrize(("ports", "processes"), [(2, 1), (1, 2)])
async def test_every_process_tells_the_same(  # noqa: PLR0913, PLR0917 - they are fixtures
    migrated_url: str,
    http: httpx.AsyncClient,
    job_id: UUID,
    tell: Tell,
    complete: Complete,
    ports: int,
    processes: int,
) -> None:
    """[W2] Two ports, or two processes behind one: whoever is asked, the events are the same."""
    bridges = [BridgeProcess(migrated_url, processes=processes) for _ in range(ports)]
    try:
        await asyncio.gather(*(bridge.start() for bridge in bridges))
        everyone = [Seen() for _ in range(40)]
        ways = _channels(40, http)
        watching = [
            asyncio.create_task(watch(bridges[number // 2 % ports].address, job_id, seen))
            for number, (watch, seen) in enumerate(zip(ways, everyone, strict=True))
        ]
        for number in range(99):
            await tell(number)
        await complete()
        async with asyncio.timeout(30):
            await asyncio.gather(*watching)
        assert [message["id"] for message in everyone[0].messages] == list(range(1, 101))
        for seen in everyone:
            assert seen.messages == everyone[0].messages
    finally:
        assert {await bridge.stop() for bridge in bridges} <= {0, -signal.SIGTERM}
