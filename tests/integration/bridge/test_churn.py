"""Those who come and go: nothing of them stays behind."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from apart import Served
from raw_websocket import RawSocket, handshake, masked
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.frames import Close, Opcode

from scorewire.jobs.stages import Stage
from scorewire.store.events import append_progress

CYCLES = 500
AT_ONCE = 25
STORED = 1_000

Cycle = Callable[[str, UUID, random.Random], Awaitable[None]]


def _upgrade(address: str, job_id: UUID) -> bytes:
    return handshake(address, job_id, "?after=0")


def _request(address: str, job_id: UUID) -> bytes:
    return f"GET /api/v1/jobs/{job_id}/events?after=0 HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()


async def leave_amid_the_handshake(address: str, job_id: UUID, chance: random.Random) -> None:
    """Send a part of a request, or all of it, and go."""
    raw = await RawSocket.open(address)
    request = chance.choice([_upgrade, _request])(address, job_id)
    await raw.send(request[: chance.randrange(1, len(request) + 1)])
    raw.abort()


async def leave_right_after_it(address: str, job_id: UUID, chance: random.Random) -> None:
    """Ask, wait a moment in which the server looks the job up, and go."""
    raw = await RawSocket.open(address)
    await raw.send(chance.choice([_upgrade, _request])(address, job_id))
    await asyncio.sleep(chance.uniform(0, 0.02))
    raw.abort()


async def leave_amid_the_replay(address: str, job_id: UUID, chance: random.Random) -> None:
    """Take a part of a thousand rows, and go."""
    raw = await RawSocket.open(address)
    await raw.send(chance.choice([_upgrade, _request])(address, job_id))
    await raw.reader.readexactly(chance.randrange(1, 50_000))
    raw.abort()


async def leave_amid_the_close(address: str, job_id: UUID, chance: random.Random) -> None:
    """Say goodbye and do not wait for the answer, or close one's half and stay."""
    raw = await RawSocket.watching(address, job_id)
    if chance.random() < 0.5:
        await raw.send(masked(Opcode.CLOSE, Close(1000, "").serialize()))
    else:
        raw.writer.write_eof()
        await asyncio.sleep(chance.uniform(0, 0.02))
    raw.abort()


@pytest.mark.parametrize(
    "cycle",
    [
        leave_amid_the_handshake,
        leave_right_after_it,
        leave_amid_the_replay,
        leave_amid_the_close,
    ],
)
async def test_nothing_is_left_of_those_who_left(
    served: Served, engine: AsyncEngine, job_id: UUID, cycle: Cycle
) -> None:
    """[W2] [W3] Hundreds who leave at the worst moment leave no watcher, task or limit behind."""
    if cycle is leave_amid_the_replay:
        for number in range(STORED):
            await append_progress(
                engine, job_id, progress=number // 20, stage=Stage.SEPARATION, message="x" * 200
            )
    before = await served.held()
    chance = random.Random(7)  # noqa: S311 - the same moments each time

    async def cycles() -> None:
        for _ in range(CYCLES // 4 // AT_ONCE):
            await cycle(served.address, job_id, chance)

    await asyncio.gather(*(cycles() for _ in range(AT_ONCE)))

    await served.settles(before)
