"""The flow in this process: a real Prefect server, a real Postgres, real models."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from models import make_tiny_demucs
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.events.worker import EventsWorker
from prefect.exceptions import ObjectNotFound
from prefect.logging.handlers import APILogWorker
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK,
    temporary_settings,
)
from sounds import write_study

from flows.journal import Journal
from flows.provision import create_work_pool, name_storage
from flows.runtime import Runtime, runtime
from flows.stages.separation import separator_for
from flows.sweep import ENDED
from flows.transcribe import transcribe
from flows.warm.worker import WarmWorker
from scorewire.jobs.launching import RESULTS_BLOCK, WORK_POOL, run_request
from scorewire.jobs.options import Options, SeparationMode
from scorewire.jobs.source import UploadSource
from scorewire.jobs.stages import Stage
from scorewire.settings import inherited_environment
from scorewire.stack.config import StackConfig, StackUrls
from scorewire.stack.ports import LOOPBACK, free_port
from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.stack.services import Services
from scorewire.stack.urls import http_url
from scorewire.store.jobs import create_job

UNFINISHED = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(not_any_=ENDED)))


@pytest.fixture(scope="session")
async def _prefect_urls(postgres: EmbeddedPostgres, open_folder: Path) -> AsyncIterator[StackUrls]:
    """A Prefect server as a stack has it: on Postgres, since SQLite refuses when it is busy."""
    await postgres.create_databases("prefect")
    ui = http_url(LOOPBACK, free_port())
    urls = StackUrls(
        api="http://127.0.0.1:0",
        prefect_ui=ui,
        prefect_api=f"{ui}/api",
        database=postgres.url(),
        prefect_database=postgres.url("prefect"),
        prefect_auth="scorewire:flows",
    )
    config = StackConfig(open_folder / "flows", environment=inherited_environment())
    for folder in (config.data_dir, config.logs, config.scratch):
        folder.mkdir()
    server = Services(config, urls).prefect()
    await server.start()
    yield urls
    await server.stop()


@pytest.fixture(scope="module")
def _prefect_server(_prefect_urls: StackUrls) -> Iterator[None]:
    """Lets this process run its flows with that server, and leaves nothing for others to run."""
    with temporary_settings(
        {
            PREFECT_API_URL: _prefect_urls.prefect_api,
            PREFECT_API_AUTH_STRING: _prefect_urls.prefect_auth,
            PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK: RESULTS_BLOCK,
        }
    ):
        name_storage()
        yield
        # What is still to be sent must not meet a server that has stopped.
        APILogWorker.instance().drain()
        EventsWorker.drain_all()
        with get_client(sync_client=True) as client:
            for deployment in client.read_deployments():
                client.delete_deployment(deployment.id)
            for run in client.read_flow_runs(flow_run_filter=UNFINISHED):
                client.delete_flow_run(run.id)


@pytest.fixture(scope="session")
def demucs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny Demucs."""
    return make_tiny_demucs(tmp_path_factory.mktemp("demucs"))


@pytest.fixture
def flow_runtime(
    _prefect_server: None,
    migrated_url: str,
    demucs_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Runtime]:
    """What the flow will find in its environment: an empty store, and no results of others."""
    monkeypatch.setenv("SCOREWIRE_DATABASE_URL", migrated_url)
    monkeypatch.setenv("SCOREWIRE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SCOREWIRE_DEMUCS_FOLDER", str(demucs_folder))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    runtime.cache_clear()
    separator_for.cache_clear()  # it was made by other settings
    yield runtime()
    runtime.cache_clear()


@pytest.fixture
def submit(flow_runtime: Runtime, tmp_path: Path):
    """Store a recording and a job for it, as the API does; returns the job's id."""

    def store(seed: int, filename: str = "study.flac") -> UUID:
        job_id = uuid4()
        path = write_study(tmp_path / f"{job_id}.flac", seed)
        key = f"uploads/{job_id}/study.flac"
        flow_runtime.blobs.put_file(key, path)
        source = UploadSource(blob_key=key, sha256=f"study {seed}", filename=filename)
        options = Options(separation=SeparationMode.DEMUCS)
        flow_runtime.store(create_job, source=source, options=options, title="Study", job_id=job_id)
        return job_id

    return store


@pytest.fixture
async def client(_prefect_server: None) -> AsyncIterator[PrefectClient]:
    """A client of the Prefect server."""
    async with get_client() as client:
        yield client


@pytest.fixture
async def deployment_id(client: PrefectClient) -> UUID:
    """The deployment that jobs are launched by."""
    await create_work_pool(WarmWorker)
    flow_id = await client.create_flow(transcribe)
    return await client.create_deployment(flow_id, "interactive", work_pool_name=WORK_POOL)


@pytest.fixture
def job_id(submit) -> UUID:
    """A queued job."""
    return submit(seed=1)


@pytest.fixture
async def journal(
    client: PrefectClient, flow_runtime: Runtime, deployment_id: UUID, job_id: UUID
) -> AsyncIterator[Journal]:
    """A run of the job that has begun its first stage; gone after the test."""
    request = run_request(job_id, None, attempt=1)
    run = await client.create_flow_run_from_deployment(deployment_id, **request)
    journal = Journal(flow_runtime, job_id, run.id)
    journal.claim()
    journal.progress(Stage.DOWNLOAD, 5, "Fetching")
    yield journal
    with suppress(ObjectNotFound):
        await client.delete_flow_run(run.id)
