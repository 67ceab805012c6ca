"""A job whose files are in a bucket of a real S3 server, from its recording to its retention."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import obstore
import pytest
from obstore.store import from_url
from s3_server import BUCKET, s3_server
from sounds import write_study

from flows.bulk import bulk
from flows.results import FOLDER as RESULTS
from flows.retention import DAY_S, Periods, clean
from flows.runtime import Runtime
from flows.transcribe import transcribe
from scorewire.store.files import files_of_job
from scorewire.store.listing import list_jobs

FOLDERS = ("uploads", "audio", "stems", "notes", "scores")


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The environment of a client of a running S3 server."""
    with s3_server() as environment:
        yield environment


@pytest.fixture(autouse=True)
def _bucket(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the runtime, which is made afterwards, open an empty place in the bucket."""
    monkeypatch.setenv("SCOREWIRE_STORAGE_URL", f"s3://{BUCKET}/{uuid4()}")
    for name, value in s3.items():
        monkeypatch.setenv(name, value)


def test_a_job_in_a_bucket(flow_runtime: Runtime, submit):
    """[R2] Every stage reads and writes the bucket; later it is empty again."""
    first, second = submit(seed=21), submit(seed=21)
    result = transcribe(first)
    assert flow_runtime.blobs.get_bytes(result["musicxml"]).startswith(b"<?xml")
    assert transcribe(second) == result
    files = {key for job in (first, second) for key in flow_runtime.store(files_of_job, job)}
    stored = {blob.key for page in flow_runtime.blobs.list_pages(5) for blob in page}
    assert {key.partition("/")[0] for key in stored} == {*FOLDERS, RESULTS}
    assert {key for key in stored if not key.startswith(RESULTS)} == files

    flow_runtime.blobs.put_bytes("uploads/x/cut.mp3", b"sound")
    for_ever = Periods(files_s=dict.fromkeys(FOLDERS, 0.0), events_s=0, orphans_s=-DAY_S)
    counts = clean(for_ever)
    assert (counts["orphans_deleted"], counts["files_kept"]) == (1, len(stored))
    at_once = Periods(files_s=dict.fromkeys([*FOLDERS, RESULTS], 1e-6), events_s=0)
    assert clean(at_once)["files_kept"] == 0
    assert list(flow_runtime.blobs.list_pages(5)) == []


def test_a_bucket_is_a_source_of_a_bulk_run(flow_runtime: Runtime, tmp_path: Path):
    """What lies below a prefix is transcribed, recordings alone; a repeat does nothing twice."""
    recordings = from_url(f"s3://{BUCKET}")
    folder = f"live/{uuid4()}"
    for seed in (22, 23):
        recording = write_study(tmp_path / "study.flac", seed)
        obstore.put(recordings, f"{folder}/study {seed}.flac", recording)
    obstore.put(recordings, f"{folder}/notes.txt", b"not a recording")
    source = f"s3://{BUCKET}/{folder}"
    assert bulk([source], options={"recording": "solo"}) == {"completed": 2}
    assert bulk([source], options={"recording": "solo"}) == {"completed before": 2}
    jobs = flow_runtime.store(list_jobs, limit=10).jobs
    assert {job.title for job in jobs} == {"study 22", "study 23"}
