"""What is deleted once a day, and what stays: real files, a real Postgres, a real Prefect."""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings
from sqlalchemy import text

from flows.results import FOLDER as RESULTS
from flows.retention import DAY_S, EVENTS_AT_ONCE, Periods, clean, retention
from flows.runtime import Runtime
from flows.transcribe import transcribe
from scorewire.jobs.job import JobStatus
from scorewire.jobs.messages import ErrorDetail
from scorewire.jobs.stages import Stage
from scorewire.store.engine import Engine, fetch
from scorewire.store.events import append_failed, append_progress, events_after
from scorewire.store.files import files_of_job, note_files
from scorewire.store.jobs import get_job, get_result, open_attempt

FOLDERS = ("uploads", "audio", "stems", "notes", "scores", RESULTS)
FOR_EVER = Periods(files_s=dict.fromkeys(FOLDERS, 0.0), events_s=0)
A_DAY = Periods(files_s=dict.fromkeys(FOR_EVER.files_s, DAY_S), events_s=DAY_S)
FAILED = ErrorDetail(message="Failed.", retryable=True, stage=None, code="internal")


def ended_ago(runtime: Runtime, job_id: UUID, days: float) -> None:
    """Let a job have ended so many days ago."""
    earlier = text(
        "UPDATE jobs SET completed_at = completed_at - make_interval(secs => :ago_s),"
        " failed_at = failed_at - make_interval(secs => :ago_s) WHERE id = :job_id RETURNING id"
    )

    async def write(engine: Engine) -> None:
        await fetch(engine, earlier, {"ago_s": days * DAY_S, "job_id": job_id})

    runtime.store(write)


def written_ago(runtime: Runtime, key: str, days: float) -> None:
    """Let a stored file have been written so many days ago."""
    path = runtime.settings.data_dir / "blobs" / key
    os.utime(path, (time.time(), time.time() - days * DAY_S))


def done(counts: dict[str, int]) -> dict[str, int]:
    """What was deleted, by kind."""
    return {name: n for name, n in counts.items() if n and name.endswith("_deleted")}


@pytest.fixture
def failed_job(flow_runtime: Runtime, submit) -> UUID:
    """A job that has just failed, with a history."""
    job_id: UUID = submit(seed=1)
    for step in range(5):
        flow_runtime.store(append_progress, job_id, progress=step, stage=None, message=str(step))
    flow_runtime.store(append_failed, job_id, error=FAILED)
    return job_id


def test_files_go_when_the_last_job_with_them_ended_long_enough_ago(flow_runtime: Runtime, submit):
    """A finished job loses its files after its time, and not those that a younger job shares."""
    old, young = submit(seed=9), submit(seed=9)
    for job_id in (old, young):
        transcribe(job_id)
        ended_ago(flow_runtime, job_id, 2)
    ended_ago(flow_runtime, young, -1.5)
    shared = set(flow_runtime.store(files_of_job, young)) - {f"uploads/{young}/study.flac"}
    assert len(shared) > 5
    assert done(clean(FOR_EVER)) == {}
    told = len(flow_runtime.store(events_after, old, 0))
    assert done(clean(A_DAY)) == {"uploads_deleted": 1, "events_deleted": told - 1}
    assert all(flow_runtime.blobs.exists(key) for key in shared)

    ended_ago(flow_runtime, young, 1.5)
    sound_only = Periods(files_s={**FOR_EVER.files_s, "audio": DAY_S, "stems": DAY_S}, events_s=0)
    counts = clean(sound_only)
    sound = {key for key in shared if key.startswith(("audio/", "stems/"))}
    assert done(counts) == {"sound_deleted": len(sound)}
    assert counts["bytes_freed"] > 0
    left = {key.partition("/")[0] for key in shared if flow_runtime.blobs.exists(key)}
    assert left == {"notes", "scores"}
    assert clean(A_DAY)["files_kept"] == len(Stage)  # their results, which are younger
    assert done(clean(A_DAY)) == {}
    # The job itself stays, and says what it was.
    job = flow_runtime.store(get_job, young)
    assert job is not None
    assert job.status is JobStatus.COMPLETED
    assert flow_runtime.store(get_result, young) is not None


def test_a_job_that_is_tried_again_keeps_its_recording(flow_runtime: Runtime, failed_job: UUID):
    """A retry after a month is work like any other."""
    ended_ago(flow_runtime, failed_job, 30)
    flow_runtime.store(open_attempt, failed_job)
    assert done(clean(A_DAY)) == {}
    assert flow_runtime.blobs.exists(f"uploads/{failed_job}/study.flac")


def test_files_that_no_row_names_go_after_a_day(flow_runtime: Runtime, failed_job: UUID):
    """A cut upload, or one whose API died, leaves a file; what is young may yet be noted."""
    left, fresh, noted, foreign = "uploads/x/cut.mp3", "stems/fresh", "audio/noted", "other/file"
    for key in (left, fresh, noted, foreign):
        flow_runtime.blobs.put_bytes(key, b"sound")
    flow_runtime.store(note_files, failed_job, [noted])
    for key in (left, noted, foreign):
        written_ago(flow_runtime, key, 1.5)
    part = flow_runtime.settings.data_dir / "blobs" / "uploads" / "x" / "killed.mp3#1"
    part.write_bytes(b"half")
    assert done(clean(FOR_EVER)) == {"orphans_deleted": 1}
    assert part.exists()
    written_ago(flow_runtime, "uploads/x/killed.mp3#1", 1.5)
    assert done(clean(FOR_EVER)) == {"cut_uploads_deleted": 1}
    assert not part.exists()
    assert [flow_runtime.blobs.exists(key) for key in (left, fresh, noted, foreign)] == [
        False, True, True, True,
    ]  # fmt: skip


def test_of_an_ended_job_the_last_event_stays(flow_runtime: Runtime, failed_job: UUID):
    """Whoever connects years later is still told how it ended; ids stay what they were."""
    assert done(clean(A_DAY)) == {}
    ended_ago(flow_runtime, failed_job, 2)
    assert done(clean(A_DAY)) == {"uploads_deleted": 1, "events_deleted": 5}
    (event,) = flow_runtime.store(events_after, failed_job, 0)
    assert (event.id, event.type) == (6, "error")


def test_events_go_in_batches(
    flow_runtime: Runtime, failed_job: UUID, monkeypatch: pytest.MonkeyPatch
):
    """No statement deletes more than a batch, and together they delete all."""
    assert EVENTS_AT_ONCE > 2
    monkeypatch.setattr("flows.retention.EVENTS_AT_ONCE", 2)
    ended_ago(flow_runtime, failed_job, 2)
    assert clean(A_DAY)["events_deleted"] == 5


def test_a_run_that_is_stopped_in_the_middle_is_done_again(
    flow_runtime: Runtime, failed_job: UUID, monkeypatch: pytest.MonkeyPatch
):
    """Page by page: what was deleted is not looked at again, the rest is."""
    monkeypatch.setattr("flows.retention.PAGE", 3)
    keys = [f"stems/{number}" for number in range(10)]
    for key in keys:
        flow_runtime.blobs.put_bytes(key, b"sound")
    flow_runtime.store(note_files, failed_job, keys)
    ended_ago(flow_runtime, failed_job, 2)
    delete, deleted = flow_runtime.blobs.delete, []

    def delete_some(key: str) -> None:
        if len(deleted) == 4:
            message = "stopped"
            raise RuntimeError(message)
        deleted.append(key)
        delete(key)

    with monkeypatch.context() as stopping:
        stopping.setattr(flow_runtime.blobs, "delete", delete_some)
        with pytest.raises(RuntimeError):
            clean(A_DAY)
    assert sum(map(flow_runtime.blobs.exists, keys)) >= 6
    again = clean(A_DAY)
    assert again["sound_deleted"] + again["uploads_deleted"] == 11 - 4
    assert not any(map(flow_runtime.blobs.exists, keys))


@pytest.mark.usefixtures("flow_runtime")
def test_folders_of_runs_that_died_go_after_a_day():
    """Only those of runs, and only where nothing in them was written of late."""
    root = Path(tempfile.gettempdir())
    dead, alive = (root / f"scorewire-{uuid4()}-abc" for _ in range(2))
    other = root / "scorewire-tests-abc"
    old = time.time() - 2 * DAY_S
    for folder in (dead, alive, other):
        folder.mkdir()
        (folder / "audio.flac").write_bytes(b"sound")
        os.utime(folder / "audio.flac", (old, old))
        os.utime(folder, (old, old))
    (alive / "more.flac").write_bytes(b"sound")
    assert clean(FOR_EVER)["scratch_folders_deleted"] == 1
    assert [folder.exists() for folder in (dead, alive, other)] == [False, True, True]


def test_records_of_stages_are_forgotten(flow_runtime: Runtime, submit):
    """Prefect keeps one a stage, for ever; without it the same recording is worked on again."""
    transcribe(submit(seed=24))
    stored = (blob.key for page in flow_runtime.blobs.list_pages(500) for blob in page)
    records = [key for key in stored if key.startswith(f"{RESULTS}/")]
    assert len(records) == len(Stage)
    results_alone = Periods(files_s={RESULTS: DAY_S}, events_s=0)
    assert done(clean(results_alone)) == {}
    for record in records:
        written_ago(flow_runtime, record, 2)
    assert done(clean(FOR_EVER)) == {}
    assert done(clean(results_alone)) == {"results_deleted": len(Stage)}
    again = submit(seed=24)
    transcribe(again)
    assert flow_runtime.store(get_job, again).status is JobStatus.COMPLETED


def test_another_machine_finds_what_was_done(flow_runtime: Runtime, submit, tmp_path: Path):
    """Nothing of Prefect's own folder is needed to go on with a run that began elsewhere."""
    transcribe(submit(seed=25))
    elsewhere = submit(seed=25)
    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: tmp_path / "another"}):
        transcribe(elsewhere)
    frames = [event.frame for event in flow_runtime.store(events_after, elsewhere, 0)]
    assert sum("(kept from an earlier run)" in frame for frame in frames) == len(Stage)


async def test_the_flow_reports_what_it_did(flow_runtime: Runtime, failed_job: UUID):
    """By the settings, and as a table in Prefect."""
    assert flow_runtime.settings.keep_events_days == 7
    await asyncio.to_thread(ended_ago, flow_runtime, failed_job, 31)
    counts = await asyncio.to_thread(retention)
    assert done(counts) == {"uploads_deleted": 1, "events_deleted": 5}
    async with get_client() as client:
        artifacts = await client.read_artifacts(limit=200)
    (table, *_) = [a for a in reversed(artifacts) if a.key == "retention"]
    assert '"events deleted"' in str(table.data)
