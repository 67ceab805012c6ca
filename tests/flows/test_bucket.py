"""A job whose files are in a bucket of a real S3 server, from its recording to its retention."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from s3_server import BUCKET, s3_server

from flows.retention import DAY_S, Periods, clean
from flows.runtime import Runtime
from flows.transcribe import transcribe
from scorewire.store.files import files_of_job

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
    assert stored == files
    assert {key.partition("/")[0] for key in stored} == set(FOLDERS)

    flow_runtime.blobs.put_bytes("uploads/x/cut.mp3", b"sound")
    for_ever = Periods(files_s=dict.fromkeys(FOLDERS, 0.0), events_s=0, orphans_s=-DAY_S)
    counts = clean(for_ever)
    assert (counts["orphans_deleted"], counts["files_kept"]) == (1, len(files))
    at_once = Periods(files_s=dict.fromkeys(FOLDERS, 1e-6), events_s=0)
    assert clean(at_once)["files_kept"] == 0
    assert list(flow_runtime.blobs.list_pages(5)) == []
