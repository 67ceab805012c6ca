"""The warm worker as a stack starts it, on a real Prefect server, with real models."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import psutil
import pytest
from faults import Faults
from prefect.client.orchestration import PrefectClient, get_client
from sounds import write_study
from sqlalchemy.ext.asyncio import AsyncEngine

from flows.device import WAITING
from scorewire.blobs import Blobs, open_blobs
from scorewire.jobs.job import TERMINAL_STATUSES, Job, JobStatus
from scorewire.jobs.launching import DEPLOYMENT, run_request
from scorewire.jobs.options import Options, SeparationMode
from scorewire.jobs.source import UploadSource
from scorewire.settings import inherited_environment
from scorewire.stack.config import StackConfig, StackUrls
from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.stack.process import alive, marked
from scorewire.stack.service import Service
from scorewire.stack.services import Services
from scorewire.store.engine import open_engine
from scorewire.store.jobs import create_job, get_job, set_flow_run

FORKED = "flow transcribe"
UP_S = 60.0
ENDED_S = 180.0
DEAD_S = 5.0
WOKEN_S = 10.0
POLLING_S = 120


class Submitted(NamedTuple):
    """A job, and the run that was created for it."""

    job_id: UUID
    run_id: UUID


@dataclass
class Warm:
    """A warm worker, and what surrounds it.

    Attributes:
        config: of the stack that it belongs to.
        service: starts and stops it.
        engine: its database.
        blobs: its storage.
        client: of its Prefect server.
    """

    config: StackConfig
    service: Service
    engine: AsyncEngine
    blobs: Blobs
    client: PrefectClient

    def processes(self, word: str) -> list[psutil.Process]:
        """The live processes of the worker that have this word in their command, but no flows."""
        return [
            process
            for process in marked(self.config.marker("worker"))
            if word in process.cmdline() and not process.name().startswith("flow ")
        ]

    def flows(self) -> list[psutil.Process]:
        """The processes that were forked for a flow run and live."""
        found = marked(self.config.marker("worker"))
        return [process for process in found if process.name() == FORKED]

    async def fork_server(self) -> psutil.Process:
        """The fork server, once it is there."""
        await until(lambda: self.processes("flows.warm.server"), UP_S)
        (server,) = self.processes("flows.warm.server")
        return server

    async def submit(self, seed: int, *, tell: bool = True) -> Submitted:
        """Store a recording, its job and its run, as the API does; or without a word to anyone."""
        job_id = uuid4()
        key = f"uploads/{job_id}/study.flac"
        path = write_study(self.config.data_dir / f"{job_id}.flac", seed)
        self.blobs.put_file(key, path)
        source = UploadSource(blob_key=key, sha256=f"warm {seed}", filename="study.flac")
        options = Options(separation=SeparationMode.DEMUCS)
        await create_job(self.engine, source=source, options=options, title="Study", job_id=job_id)
        deployment = await self.client.read_deployment_by_name(DEPLOYMENT)
        request = run_request(job_id, "Study", attempt=1)
        run = await self.client.create_flow_run_from_deployment(deployment.id, **request)
        if tell:
            await set_flow_run(self.engine, job_id, run.id)
        return Submitted(job_id, run.id)

    async def hang(self, seed: int) -> tuple[Submitted, psutil.Process]:
        """A job that sits in its separation, and its process."""
        Faults(self.config.data_dir, "separation").plan("hang")
        submitted = await self.submit(seed)
        await self.says(submitted, "Hanging")
        # One that has told its end may take a moment to be gone.
        await until(lambda: len(self.flows()) == 1, UP_S)
        (flow,) = self.flows()
        return submitted, flow

    async def says(self, submitted: Submitted, words: str) -> None:
        """Wait for a job's message."""
        async with asyncio.timeout(UP_S):
            while words not in ((await self.job(submitted)).message or ""):  # noqa: ASYNC110 - it is in a database
                await asyncio.sleep(0.05)

    async def job(self, submitted: Submitted) -> Job:
        """Where a job stands."""
        job = await get_job(self.engine, submitted.job_id)
        assert job is not None
        return job

    async def ended(self, submitted: Submitted) -> Job:
        """The job, once it has ended."""
        async with asyncio.timeout(ENDED_S):
            while (job := await self.job(submitted)).status not in TERMINAL_STATUSES:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        return job

    async def state(self, submitted: Submitted) -> str:
        """The name of the state in which the run ends."""
        async with asyncio.timeout(ENDED_S):
            while True:
                state = (await self.client.read_flow_run(submitted.run_id)).state
                if state is not None and state.is_final():
                    return state.name or ""
                await asyncio.sleep(0.05)

    async def lost(self, submitted: Submitted) -> None:
        """The job ends with `worker_lost`, and its run is a crash."""
        error = (await self.ended(submitted)).error
        assert error is not None
        assert (error.code, error.retryable) == ("worker_lost", True)
        assert await self.state(submitted) == "Crashed"


async def until(condition: Callable[[], object], timeout_s: float) -> None:
    """Wait until it holds."""
    until_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until_s, "it did not come about in time"
        await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
async def warm(
    postgres: EmbeddedPostgres,
    open_folder: Path,
    demucs_folder: Path,
    _prefect_urls: StackUrls,
    _prefect_server: None,
) -> AsyncIterator[Warm]:
    """A warm worker that polls so seldom that what begins was told of."""
    await postgres.create_databases("warm")
    environment = {
        **inherited_environment(),
        "SCOREWIRE_DEMUCS_FOLDER": str(demucs_folder),
        "SCOREWIRE_SEPARATOR": "faults:FaultySeparator",
        "SCOREWIRE_TRANSCRIBER": "faults:FaultyTranscriber",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parents[1] / "support"),
    }
    data_dir = open_folder / "warm"
    config = StackConfig(data_dir, environment=environment, worker="warm", concurrent_runs=2)
    for folder in (config.data_dir, config.logs, config.scratch):
        folder.mkdir()
    urls = replace(_prefect_urls, database=postgres.url("warm"))
    services = Services(config, urls)
    await services.migrate()
    service = services.worker()
    child = service._child  # noqa: SLF001 - no operator needs a worker that hardly looks
    seldom = {**child.program.environment, "PREFECT_WORKER_QUERY_SECONDS": str(POLLING_S)}
    child.program = replace(child.program, environment=seldom)
    engine = open_engine(urls.database)
    blobs = open_blobs(None, config.data_dir)
    await service.start()
    try:
        async with get_client() as client:
            yield Warm(config, service, engine, blobs, client)
    finally:
        await service.stop()
        await engine.dispose()


async def test_a_run_is_forked_as_soon_as_the_worker_is_told(warm: Warm) -> None:
    """Though the next look is minutes away it begins at once, and ends with a score."""
    server = await warm.fork_server()
    await warm.ended(await warm.submit(seed=400))  # everything is imported by now
    began_s = time.monotonic()
    submitted, flow = await warm.hang(seed=401)
    assert time.monotonic() - began_s < WOKEN_S
    assert flow.ppid() == server.pid
    assert os.getsid(flow.pid) == flow.pid
    flow.kill()
    await warm.lost(submitted)


async def test_a_killed_run_is_a_crash_and_the_next_one_is_forked(warm: Warm) -> None:
    """[J5] SIGKILL of a forked process: one retryable error, and the fork server goes on."""
    server = await warm.fork_server()
    submitted, flow = await warm.hang(seed=402)
    flow.kill()
    await warm.lost(submitted)
    done = await warm.submit(seed=403)
    assert (await warm.ended(done)).status is JobStatus.COMPLETED
    assert await warm.state(done) == "Completed"
    assert alive(server)


async def test_runs_wait_for_the_device_and_for_a_place(warm: Warm) -> None:
    """One run separates, one waits for the device, one for a place; a death makes room at once."""
    busy, flow = await warm.hang(seed=404)
    waiting = await warm.submit(seed=405)
    await warm.says(waiting, WAITING)
    queued = await warm.submit(seed=413)
    await asyncio.sleep(WOKEN_S / 5)  # the worker was told, and would have begun it
    assert (await warm.job(queued)).status is JobStatus.QUEUED
    flow.kill()
    await warm.lost(busy)
    assert (await warm.ended(waiting)).status is JobStatus.COMPLETED
    assert (await warm.ended(queued)).status is JobStatus.COMPLETED


async def test_a_killed_fork_server_is_replaced(warm: Warm) -> None:
    """[J5] Its runs die with it and are told as lost; what comes next is forked from another."""
    server = await warm.fork_server()
    submitted, flow = await warm.hang(seed=406)
    server.kill()
    await warm.lost(submitted)
    assert not alive(flow)
    done = await warm.submit(seed=407)
    assert (await warm.ended(done)).status is JobStatus.COMPLETED
    assert (await warm.fork_server()).pid != server.pid


async def test_a_killed_worker_takes_all_along_and_its_jobs_are_told_at_the_next_start(
    warm: Warm,
) -> None:
    """[J5] SIGKILL of the worker alone leaves no process; the next start ends the job."""
    server = await warm.fork_server()
    submitted, flow = await warm.hang(seed=408)
    (worker,) = warm.processes("--pool")
    worker.kill()
    await until(lambda: not alive(server) and not alive(flow), DEAD_S)
    assert (await warm.job(submitted)).status is JobStatus.PROCESSING
    await warm.service.start()
    await warm.lost(submitted)
    done = await warm.submit(seed=409)
    assert (await warm.ended(done)).status is JobStatus.COMPLETED


async def test_a_run_that_nobody_told_of_is_found(warm: Warm) -> None:
    """A worker that starts looks by itself, and told or not it finds what waits."""
    await warm.service.stop()
    untold = await warm.submit(seed=410, tell=False)
    await warm.service.start()
    assert (await warm.ended(untold)).status is JobStatus.COMPLETED


async def test_a_worker_that_is_stopped_leaves_nothing(warm: Warm) -> None:
    """[J5] SIGTERM ends its run and its fork server; the next start ends the job."""
    server = await warm.fork_server()
    submitted, flow = await warm.hang(seed=411)
    began_s = time.monotonic()
    await warm.service.stop()
    assert time.monotonic() - began_s < 2 * DEAD_S
    assert not alive(server)
    assert not alive(flow)
    await warm.service.start()
    assert (await warm.ended(submitted)).status is JobStatus.FAILED


async def test_where_nothing_can_be_forked_a_fresh_python_is_started(
    warm: Warm, tmp_path: Path
) -> None:
    """A thread that an import starts would be lost: no fork, a line in the log, and a score."""
    thread = (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    (tmp_path / "sitecustomize.py").write_text(thread)
    await warm.service.stop()
    child = warm.service._child  # noqa: SLF001 - as in the fixture
    path = f"{tmp_path}{os.pathsep}{child.program.environment['PYTHONPATH']}"
    threaded = {**child.program.environment, "PYTHONPATH": path}
    child.program = replace(child.program, environment=threaded)
    await warm.service.start()
    done = await warm.submit(seed=412)
    assert (await warm.ended(done)).status is JobStatus.COMPLETED
    assert "SCOREWIRE_WORKER=process" in child.program.log_path.read_text()
