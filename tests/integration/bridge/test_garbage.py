"""What no client should send: it is told so, and nobody else notices."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from uuid import UUID

import pytest
from apart import Served
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_websocket import RawSocket, masked
from watching import Seen, by_websocket
from websockets.frames import Close, Frame, Opcode

Tell = Callable[..., Awaitable[None]]
Complete = Callable[[], Awaitable[None]]

EMPTY_MASK = bytes(4)
FLOOD_FRAMES = 20_000
MAX_DELAY_S = 1.5
"""Before floods were noticed in time it was 10 to 20 s."""


def declared(size: int) -> bytes:
    """The head of a masked text frame that promises so many bytes."""
    return b"\x81\xff" + size.to_bytes(8) + EMPTY_MASK


GARBAGE = {
    "a reserved opcode": (b"\x83\x80" + EMPTY_MASK, 1002),
    "a reserved control opcode": (b"\x8b\x80" + EMPTY_MASK, 1002),
    "a reserved bit": (b"\xc1\x80" + EMPTY_MASK, 1002),
    "no mask": (Frame(Opcode.TEXT, b"{}").serialize(mask=False), 1002),
    "a continuation of nothing": (masked(Opcode.CONT, b"x"), 1002),
    "a message within another": (masked(Opcode.TEXT, b"x", fin=False) * 2, 1002),
    "a ping in parts": (b"\x09\x80" + EMPTY_MASK, 1002),
    "a ping of 126 bytes": (b"\x89\xfe\x00\x7e" + EMPTY_MASK + bytes(126), 1002),
    "a length with the highest bit": (declared(2**63), 1009),
    "17 KB": (masked(Opcode.TEXT, bytes(17_000)), 1009),
    "1 MB": (masked(Opcode.BINARY, bytes(2**20)), 1009),
    "a promise of 2**40 bytes": (declared(2**40), 1009),
    "17 KB in parts": (
        masked(Opcode.TEXT, bytes(6_000), fin=False)
        + masked(Opcode.CONT, bytes(6_000), fin=False) * 2,
        1009,
    ),
    "text that is none": (masked(Opcode.TEXT, b"\xff\xfe"), 1007),
    "endless parts": (
        masked(Opcode.TEXT, b"", fin=False) + masked(Opcode.CONT, b"", fin=False) * 20_000,
        4429,
    ),
    "10,000 pings": (masked(Opcode.PING, b"ping") * 10_000, 4429),
    "10,000 pongs": (masked(Opcode.PONG) * 10_000, 4429),
    "10,000 messages": (masked(Opcode.TEXT, b"{}") * 10_000, 4429),
    "a close code that is none": (b"\x88\x82" + EMPTY_MASK + b"\x00\x01", 1002),
    "a close of one byte": (b"\x88\x81" + EMPTY_MASK + b"\x01", 1002),
    "a close reason that is no text": (b"\x88\x83" + EMPTY_MASK + b"\x03\xe8\xff", 1007),
    "bytes after a close": (masked(Opcode.CLOSE, Close(1000, "").serialize()) + b"\xff" * 99, 1000),
}


@pytest.fixture
async def other(
    served: Served, job_id: UUID, tell: Tell, complete: Complete
) -> AsyncIterator[Seen]:
    """A watcher who notices nothing: once the test is through it has seen the job to its end."""
    seen = Seen()
    watching = asyncio.create_task(by_websocket(served.address, job_id, seen))
    await tell(1)
    async with asyncio.timeout(10):
        await seen.until(1)
    yield seen
    await complete()
    async with asyncio.timeout(10):
        await watching
    assert seen.ids == list(range(1, len(seen.ids) + 1))
    assert (seen.ended, seen.endings) == (True, [1000])


@pytest.mark.usefixtures("other")
async def test_garbage_is_answered(served: Served, job_id: UUID) -> None:
    """[M5] [W5] Each kind closes with the code that RFC 6455 or the contract has for it."""
    before = await served.held()

    async def send(garbage: bytes) -> int | None:
        raw = await RawSocket.watching(served.address, job_id)
        with suppress(ConnectionError):
            await raw.send(garbage)
        return await raw.close_code()

    codes = await asyncio.gather(*(send(garbage) for garbage, _ in GARBAGE.values()))
    told = dict(zip(GARBAGE, codes, strict=True))
    assert told == {what: code for what, (_, code) in GARBAGE.items()}
    await served.settles(before)


@pytest.mark.usefixtures("other")
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    noises=st.lists(
        st.tuples(st.booleans(), st.booleans(), st.binary(min_size=1, max_size=300)),
        min_size=10,
        max_size=30,
    )
)
async def test_noise_is_nobodys_harm(
    served: Served, job_id: UUID, noises: list[tuple[bool, bool, bytes]]
) -> None:
    """[M5] Random bytes, before the handshake or after it, end their own connection at most."""

    async def send(noise: bytes, *, after_handshake: bool, half_close: bool) -> int | None:
        if after_handshake:
            raw = await RawSocket.watching(served.address, job_id)
        else:
            raw = await RawSocket.open(served.address)
        with suppress(ConnectionError):
            await raw.send(noise)
            if not half_close:
                raw.abort()
            raw.writer.write_eof()
        return await raw.close_code() if after_handshake else None

    codes = await asyncio.gather(
        *(send(noise, after_handshake=after, half_close=half) for after, half, noise in noises)
    )
    assert set(codes) <= {None, 1000, 1002, 1007, 1009, 4429}


@pytest.mark.parametrize(
    "frame",
    [masked(Opcode.PING), masked(Opcode.TEXT, b"{}"), masked(Opcode.CONT, b"", fin=False)],
    ids=["pings", "messages", "parts"],
)
async def test_a_flood_delays_nobody(
    served: Served, job_id: UUID, tell: Tell, other: Seen, frame: bytes
) -> None:
    """[W2] [M5] While one client sends as fast as it can, events reach the other as before."""
    flooding = await RawSocket.watching(served.address, job_id)

    async def flood() -> None:
        if frame[0] == Opcode.CONT:
            await flooding.send(masked(Opcode.TEXT, fin=False))
        with suppress(ConnectionError):
            while True:
                await flooding.send(frame * FLOOD_FRAMES)

    pouring = asyncio.create_task(flood())
    delays_s = []
    for event_id in range(2, 22):
        told_s = asyncio.get_running_loop().time()
        await tell(event_id)
        await other.until(event_id)
        delays_s.append(other.arrived_s[-1] - told_s)
    flooding.abort()
    await pouring
    assert max(delays_s) < MAX_DELAY_S
