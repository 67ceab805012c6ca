"""The flow in this process: a real Prefect server, a real Postgres, real models."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from models import make_tiny_demucs
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings
from prefect.testing.utilities import prefect_test_harness
from sounds import write_study

from flows.runtime import Runtime, runtime
from scorewire.jobs.options import Options, SeparationMode
from scorewire.jobs.source import UploadSource
from scorewire.store.jobs import create_job


@pytest.fixture(scope="session")
def _prefect_server() -> Iterator[None]:
    """A Prefect server of our own, started once, that phones nobody."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DO_NOT_TRACK", "1")
        environment.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        yield from _harness()


def _harness() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield


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
    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: tmp_path / "prefect"}):
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
