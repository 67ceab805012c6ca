"""Signs of life: who gives none is let go, wherever it is in the stream."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from apart import Served
from poor_link import Link
from raw_websocket import RawSocket, masked
from watching import Seen, by_websocket
from websockets.frames import Opcode

Tell = Callable[..., Awaitable[None]]
Complete = Callable[[], Awaitable[None]]

GRACE_S = 0.6
LONG = "𝄞" * 1_700
SILENT_S = 2 * 0.5 + GRACE_S


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little patience."""
    monkeypatch.setattr("bridge.session.SILENCE_GRACE_S", GRACE_S)
    monkeypatch.setattr("bridge.protocol.CLOSE_TIMEOUT_S", 1.0)


async def test_who_answers_nothing_is_let_go(served: Served, job_id: UUID, tell: Tell) -> None:
    """[M4] Events that are sent and taken are no answer: 4408 after two intervals and the grace."""
    before = await served.held()
    raw = await RawSocket.watching(served.address, job_id)
    opened_s = asyncio.get_running_loop().time()
    ending = asyncio.create_task(raw.close_code())
    while not ending.done():
        await tell(1)
        await asyncio.sleep(0.05)
    assert await ending == 4408
    assert SILENT_S - 0.1 < asyncio.get_running_loop().time() - opened_s < SILENT_S + 2
    await served.settles(before)


async def test_pings_are_a_sign_of_life(served: Served, job_id: UUID, complete: Complete) -> None:
    """[M4] A client that sends nothing but WebSocket pings stays, to the end of the job."""
    raw = await RawSocket.watching(served.address, job_id)
    ending = asyncio.create_task(raw.close_code())
    for _ in range(int(2 * SILENT_S / 0.2)):
        await raw.send(masked(Opcode.PING))
        await asyncio.sleep(0.2)
    assert not ending.done()
    await complete()
    assert await ending == 1000


@pytest.mark.parametrize("flowing", [False, True], ids=["a quiet job", "a busy job"])
async def test_who_vanishes_is_forgotten(
    served: Served, job_id: UUID, tell: Tell, complete: Complete, *, flowing: bool
) -> None:
    """[M4] [W3] A client that vanished without a word leaves nothing; another goes on."""
    before = await served.held()
    seen, staying = Seen(), Seen()
    there = asyncio.create_task(by_websocket(served.address, job_id, staying))
    async with Link(served.address) as link:
        gone = asyncio.create_task(by_websocket(link.address, job_id, seen))
        await tell(1)
        await asyncio.gather(seen.until(1), staying.until(1))
        link.freeze()
        event_id = 1
        give_up_s = asyncio.get_running_loop().time() + SILENT_S + 5
        while len(await served.watchers()) > 1:
            assert asyncio.get_running_loop().time() < give_up_s
            if flowing:
                event_id += 1
                await tell(event_id, LONG)
            await asyncio.sleep(0.02)
        await complete()
        await there
        gone.cancel()
    assert staying.ids == list(range(1, event_id + 2))
    assert seen.ids == [1]
    await served.settles(before)


async def test_who_closes_half_and_takes_nothing_is_cut_off(
    served: Served, job_id: UUID, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[W3] A client that ends its half of the connection, while ours is full, holds no place."""
    monkeypatch.setattr("bridge.protocol.LINGER_S", 0.3)
    before = await served.held()
    raw = await RawSocket.watching(served.address, job_id, receive_buffer_bytes=4096)
    for event_id in range(1, 61):
        await tell(event_id, LONG)
    assert len(await served.watchers()) == 1
    raw.writer.write_eof()
    await served.settles(before, within_s=3)
    raw.abort()
