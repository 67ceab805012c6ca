"""The API as the program that is deployed: its own process, its own event loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from conformance.client import Client
from conformance.jobs import JobMaker
from conformance.local import Local
from conformance.program import Program
from conformance.scripts import Script

HEARTBEATS = 4


@pytest.fixture(scope="module")
def program(local: Local | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program, with a heartbeat that a test can await."""
    if local is None:
        pytest.skip("it starts a server of its own")
    with Program(local.environment(), tmp_path_factory.mktemp("program") / "output") as program:
        yield program


@pytest.fixture
async def visitor(program: Program) -> AsyncIterator[Client]:
    """A client of that program."""
    async with Client(program.deployment, None) as client:
        yield client


async def test_it_listens_on_loopback_alone(program: Program, visitor: Client) -> None:
    """[A1] Without a secret and without being told an address, it is reached from here alone."""
    assert program.listens_on() == {"127.0.0.1"}
    assert (await visitor.get("/api/v1/jobs")).status_code == 200


async def test_silence_on_its_event_loop(visitor: Client) -> None:
    """[M4] [S1] Heartbeats come as long as nothing happens, and then the end, on both channels."""
    jobs = JobMaker(visitor)
    job_id = await jobs.working()
    async with visitor.watch(job_id) as stream, visitor.events(job_id) as source:
        watching = asyncio.create_task(stream.rest())
        blocks = [await anext(source.blocks) for _ in range(2 + HEARTBEATS)]
        assert [block.comments for block in blocks[2:]] == [["heartbeat"]] * HEARTBEATS
        await jobs.cancel(job_id)
        (event,) = await source.events()
        told, code = await watching
    assert (event.message, code) == (told[-1], 1000)
    assert len(stream.heartbeats) >= HEARTBEATS - 1


async def test_a_whole_job_on_its_event_loop(visitor: Client) -> None:
    """[W1] [S1] Both channels tell a busy job from beginning to end."""
    job_id = await JobMaker(visitor).make(Script.HURRIES)
    async with (
        visitor.watch(job_id, "?after=0") as stream,
        visitor.events(job_id, "?after=0") as source,
    ):
        (told, code), events = await asyncio.gather(stream.rest(), source.events())
    assert [message["id"] for message in told] == list(range(1, len(told) + 1))
    assert [event.message for event in events] == told
    assert (told[-1]["type"], code) == ("completed", 1000)
