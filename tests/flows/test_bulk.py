"""Many recordings in one run: the bulk flow on a real Prefect, a real Postgres and real models."""

import asyncio
import contextvars
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Generic, Self, TypeVar
from uuid import UUID, uuid4

import msgspec
import pytest
from faults import Faults
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from sounds import write_study

from flows.batch.intake import Intake, Work
from flows.batch.lane import WAITING
from flows.batch.sources import Item
from flows.bulk import bulk
from flows.runtime import Runtime, runtime
from flows.transcribe import transcribe
from scorewire.errors import InvalidRequestError
from scorewire.jobs.bulk import FAILURES, PROGRESS, SUMMARY
from scorewire.jobs.job import Job, JobStatus
from scorewire.jobs.options import Options
from scorewire.jobs.stages import Stage
from scorewire.store.bulk import end_jobs_of
from scorewire.store.ending import cancel_job
from scorewire.store.events import events_after
from scorewire.store.jobs import get_result
from scorewire.store.listing import list_jobs
from scorewire.store.silence import LOST

T = TypeVar("T")

PATIENCE_S = 60.0
SOLO = {"recording": "solo"}


@pytest.fixture
def counted(flow_runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Faults:
    """The transcriber that counts its calls, and what is planned for it."""
    assert flow_runtime.settings.data_dir  # set up before the transcriber is another
    monkeypatch.setenv("SCOREWIRE_TRANSCRIBER", "faults:FaultyTranscriber")
    runtime.cache_clear()
    faults = Faults(runtime().settings.data_dir, "transcription")
    faults.plan()
    return faults


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three recordings, and a file that is none."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for seed in (1, 2, 3):
        write_study(folder / f"study {seed}.flac", seed)
    (folder / "broken.mp3").write_bytes(b"this is no sound" * 100)
    (folder / "notes.txt").write_text("not a recording")
    return folder


class Running(Generic[T]):
    """A call in a thread of its own, which has ended when the block is left."""

    def __init__(self, call: Callable[..., T], *args: object, **kwargs: object) -> None:
        self._pool = ThreadPoolExecutor(1)
        context = contextvars.copy_context()
        self._call = self._pool.submit(context.run, call, *args, **kwargs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def result(self) -> T:
        """What the call returned."""
        return self._call.result()


def wait_for(look: Callable[[], T]) -> T:
    """Look until there is something to see."""
    until_s = time.monotonic() + PATIENCE_S
    while not (seen := look()):
        assert time.monotonic() < until_s, "it did not come about"
        time.sleep(0.05)
    return seen


def jobs() -> dict[str, Job]:
    """All jobs, by title."""
    return {job.title or "": job for job in runtime().store(list_jobs, limit=100).jobs}


def told(job_id: UUID) -> list[dict]:
    """All events of a job."""
    return [json.loads(event.frame) for event in runtime().store(events_after, job_id, 0)]


async def artifact(key: str) -> dict | list | float:
    """What Prefect shows under a key, newest first."""
    async with get_client() as client:
        found = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])), limit=200
        )
    newest = max(found, key=lambda one: one.created)
    return json.loads(newest.data) if isinstance(newest.data, str) else newest.data


def test_one_bad_file_does_not_stop_the_rest(counted: Faults, folder: Path):
    """Each recording has a job with a gapless history; the bad one says what is wrong with it."""
    counts = bulk([str(folder)], options=SOLO)
    assert counts == {"completed": 3, "failed": 1}
    assert counted.calls == 3
    found = jobs()
    assert set(found) == {"study 1", "study 2", "study 3", "broken"}
    for title, job in found.items():
        events = told(job.job_id)
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))
        ends = "error" if title == "broken" else "completed"
        assert [e["type"] for e in events if e["type"] != "progress"] == [ends]
    assert found["broken"].error is not None
    assert (found["broken"].error.code, found["broken"].error.stage) == ("not_audio", "download")
    result = runtime().store(get_result, found["study 1"].job_id)
    assert all(runtime().blobs.exists(key) for key in result.values())


def test_a_run_that_is_repeated_does_nothing_twice(counted: Faults, folder: Path):
    """[J4] What is done stays; what failed is left, or tried again in a new attempt on demand."""
    bulk([str(folder)], options=SOLO)
    before = jobs()
    write_study(folder / "later.flac", 4)
    assert bulk([str(folder)], options=SOLO) == {
        "completed before": 3, "failed before": 1, "completed": 1,
    }  # fmt: skip
    assert counted.calls == 4
    after = jobs()
    assert set(after) == {*before, "later"}
    assert all(after[title] == job for title, job in before.items())
    write_study(folder / "broken.flac", 5)
    assert bulk([str(folder)], retry_failed=True, options=SOLO) == {
        "completed before": 4, "failed": 1, "completed": 1,
    }  # fmt: skip
    assert jobs()["broken"].attempt in {1, 2}
    assert {job.attempt for job in jobs().values() if job.status is JobStatus.FAILED} == {2}


def test_the_same_recording_twice_is_one_job(counted: Faults, folder: Path):
    """A recording is known by its content, wherever it lies."""
    (folder / "again").mkdir()
    (folder / "again" / "copy.flac").write_bytes((folder / "study 1.flac").read_bytes())
    counts = bulk([str(folder), str(folder / "study 2.flac")], options=SOLO)
    assert counts == {"completed": 3, "completed before": 2, "failed": 1}
    assert counted.calls == 3
    assert len(jobs()) == 4


def test_another_wish_is_another_job(counted: Faults, folder: Path):
    """The options count as well as the content."""
    one = str(folder / "study 1.flac")
    bulk([one], options=SOLO)
    assert bulk([one], options=SOLO | {"notation": {"tempo_bpm": 90}}) == {"completed": 1}
    assert len(runtime().store(list_jobs, limit=100).jobs) == 2
    assert counted.calls == 1, "the notes are the same"


@pytest.mark.usefixtures("counted")
async def test_prefect_shows_how_far_it_is_and_why_some_failed(folder: Path):
    """An operator reads counts, rates and reasons in Prefect's own page."""
    await asyncio.to_thread(bulk, [str(folder)], options=SOLO)
    summary = {row["what"]: row["number"] for row in await artifact(SUMMARY)}
    assert (summary["recordings"], summary["completed"], summary["failed"]) == (4, 3, 1)
    assert summary["recordings a minute"] > 0
    assert 1 < summary["seconds of sound a second"] * summary["seconds taken"] < 60
    (failure,) = await artifact(FAILURES)
    assert failure["place"].endswith("broken.mp3")
    assert failure["code"] == "not_audio"
    assert failure["job_id"] == str(jobs()["broken"].job_id)
    assert await artifact(PROGRESS) == 100


def test_a_job_that_is_cancelled_leaves_the_run(counted: Faults, folder: Path):
    """[J4] Its user stops one recording; the others go on, and a repeat leaves it cancelled."""
    counted.plan("hold")
    (folder / "broken.mp3").unlink()
    with Running(bulk, [str(folder)], options=SOLO) as run:
        wait_for(lambda: counted.holding)
        (held,) = [job for job in jobs().values() if job.stage == Stage.TRANSCRIPTION]
        runtime().store(cancel_job, held.job_id)
        counted.release()
    assert run.result() == {"completed": 2, "cancelled or deleted": 1}
    assert [job.error.code for job in jobs().values() if job.error] == ["cancelled"]
    assert bulk([str(folder)], options=SOLO) == {"completed before": 2, "failed before": 1}


def test_an_interactive_job_goes_before_what_remains(counted: Faults, folder: Path, submit):
    """The device is left to it as soon as the stage at work has ended."""
    (folder / "broken.mp3").unlink()
    counted.plan("hold")
    with Running(bulk, [str(folder)], options=SOLO) as run:
        wait_for(lambda: counted.holding)
        interactive = submit(seed=9)
        counted.release()
        wait_for(lambda: [j for j in jobs().values() if j.message == WAITING])
        transcribe(interactive)
    assert run.result() == {"completed": 3}
    let_go = next(e["timestamp"] for e in told(interactive) if e.get("stage") == "musicxml")
    waited = [told(job.job_id) for job in jobs().values() if job.job_id != interactive]
    waited = [events for events in waited if any(e.get("message") == WAITING for e in events)]
    assert waited
    for events in waited:
        place = next(n for n, e in enumerate(events) if e.get("message") == WAITING)
        assert events[place]["timestamp"] < let_go < events[place + 1]["timestamp"]


def test_what_a_dead_run_left_is_taken_up_by_the_next(counted: Faults, folder: Path):
    """[J5] Its jobs end with `worker_lost`, and go on where they were when it runs again."""
    (folder / "broken.mp3").unlink()
    dead = uuid4()
    one = str(folder / "study 1.flac")
    intake = Intake(runtime(), dead, None, retry_failed=False)
    taken = intake.take_up(Item(one, msgspec.convert(SOLO, Options)))
    assert isinstance(taken, Work)
    assert runtime().store(end_jobs_of, dead, LOST) == [taken.journal.job_id]
    assert jobs()["study 1"].error.code == "worker_lost"
    assert bulk([str(folder)], options=SOLO) == {"completed": 3}
    assert jobs()["study 1"].attempt == 2
    assert counted.calls == 3


@pytest.mark.usefixtures("flow_runtime")
def test_a_source_that_is_not_there_is_said_at_once(tmp_path: Path):
    """Nothing is begun where half of what was asked for is missing."""
    with pytest.raises(InvalidRequestError, match="no file or folder"):
        bulk([str(tmp_path / "nowhere")])


@pytest.mark.usefixtures("flow_runtime")
def test_without_sources_nothing_is_done():
    """The nightly run of an installation that names no sources ends at once."""
    assert bulk() == {}
