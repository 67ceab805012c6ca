"""What the stream survives: a cut listener, a killed Postgres, a killed server.

Only the suite's own deployment is treated like this. What a client sees of it (a stream that is cut
and resumed) is also tested on any other.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from conformance.client import Client, Message
from conformance.jobs import ENDED, JobMaker
from conformance.local import Local
from conformance.program import Program
from conformance.scripts import Script

WATCHERS = 3
CAUGHT_UP_WITHIN_S = 30.0

Trouble = Callable[[Local, JobMaker, str], Awaitable[None]]


@pytest.fixture
def program(own: Local, tmp_path: Path) -> Iterator[Program]:
    """The API as a program of its own, on the suite's database."""
    with Program(own.environment(), tmp_path / "output") as program:
        yield program


@pytest.fixture
async def visitor(program: Program) -> AsyncIterator[Client]:
    """A client of that program."""
    async with Client(program.deployment, None) as client:
        yield client


async def _cut_until_the_end(own: Local, jobs: JobMaker, job_id: str) -> None:
    """Leave the listener hardly a moment, so that the end is told while it is away."""
    ending = asyncio.create_task(jobs.until(job_id, ENDED))
    while not ending.done():
        await own.cut_listeners()
    await ending


async def _kill_postgres(own: Local, _jobs: JobMaker, _job_id: str) -> None:
    for _ in range(2):
        await asyncio.sleep(0.3)
        await own.kill_postgres()


@pytest.mark.parametrize("trouble", [_cut_until_the_end, _kill_postgres])
async def test_connected_clients_miss_nothing(
    own: Local, client: Client, jobs: JobMaker, trouble: Trouble
) -> None:
    """[W6] Those who stay connected while the database is away get each event once, in order."""
    job_id = await jobs.make(Script.HURRIES)

    async def watch() -> tuple[list[Message], int | None]:
        async with client.watch(job_id, "?after=0") as stream:
            return await stream.rest()

    watching = [asyncio.create_task(watch()) for _ in range(WATCHERS)]
    await trouble(own, jobs, job_id)
    async with asyncio.timeout(CAUGHT_UP_WITHIN_S):
        watched = await asyncio.gather(*watching)
    last = (await client.job(job_id))["last_event_id"]
    for told, code in watched:
        assert [message["id"] for message in told] == list(range(1, last + 1))
        assert (told[-1]["type"], code) == ("completed", 1000)


@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGKILL, None), (signal.SIGTERM, 1001)], ids=["killed", "stopped"]
)
async def test_a_restarted_server_gives_exactly_the_rest(
    program: Program, visitor: Client, how: signal.Signals, code: int | None
) -> None:
    """[W6] [W5] After a restart amid events, `?after=` continues where each client was cut off."""
    job_id = await JobMaker(visitor).make(Script.HURRIES)
    told: list[list[Message]] = [[] for _ in range(WATCHERS)]
    begun = asyncio.Barrier(WATCHERS + 1)

    async def watch(messages: list[Message]) -> int | None:
        async with visitor.watch(job_id, "?after=0") as stream:
            messages.append(await stream.next())
            await begun.wait()
            rest, code = await stream.rest()
            messages += rest
            return code

    watching = [asyncio.create_task(watch(messages)) for messages in told]
    await begun.wait()
    await asyncio.to_thread(program.end, how)
    assert await asyncio.gather(*watching) == [code] * WATCHERS
    await asyncio.to_thread(program.start)
    for messages in told:
        assert messages[-1]["type"] == "progress", "the server was ended amid events"
        async with visitor.watch(job_id, f"?after={messages[-1]['id']}") as stream:
            rest, end = await stream.rest()
        together = [message["id"] for message in [*messages, *rest]]
        assert together == list(range(1, len(together) + 1))
        assert (rest[-1]["type"], end) == ("completed", 1000)


async def test_a_cut_client_resumes(client: Client, jobs: JobMaker) -> None:
    """[W6] [W1] Who loses its connection amid events and comes back with `after` gets the rest."""
    script = Script.HURRIES if client.deployment.scripted else Script.COMPLETES
    job_id = await jobs.make(script)
    messages: list[Message] = []
    async with client.watch(job_id, "?after=0") as stream:
        messages += [await stream.next() for _ in range(3)]
        stream.socket.transport.abort()
    async with client.watch(job_id, f"?after={messages[-1]['id']}") as stream:
        rest, code = await stream.rest()
    together = [message["id"] for message in [*messages, *rest]]
    assert together == list(range(1, len(together) + 1))
    assert (rest[-1]["type"], code) == ("completed", 1000)
