"""The flow as a whole, and what it keeps for later runs."""

import asyncio
import base64
import json
import xml.etree.ElementTree as ET
from uuid import UUID

import pytest
from models import SOURCES
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowFilter,
    FlowFilterName,
)
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import Abort

from flows.runtime import Runtime
from flows.transcribe import transcribe
from scorewire.jobs.job import JobStatus
from scorewire.music.playback import decode
from scorewire.store.ending import cancel_job, delete_job
from scorewire.store.events import events_after
from scorewire.store.files import files_of_job
from scorewire.store.jobs import get_job, get_result
from scorewire.store.revising import open_revision


def told(runtime: Runtime, job_id: UUID) -> list[dict]:
    """All events of a job."""
    return [json.loads(event.frame) for event in runtime.store(events_after, job_id, 0)]


def kept_stages(runtime: Runtime, job_id: UUID) -> list[str]:
    """The stages whose result was there already."""
    messages = [event for event in told(runtime, job_id) if "message" in event]
    return [event["stage"] for event in messages if "kept" in event["message"]]


def test_a_recording_becomes_a_score(flow_runtime: Runtime, submit):
    """[J2] [J3] The hooks write one gapless history that ends in `completed`; all files exist."""
    job_id = submit(seed=1)
    transcribe(job_id)
    events = told(flow_runtime, job_id)
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert [event["type"] for event in events].count("completed") == 1
    assert events[-1]["type"] == "completed"
    result = flow_runtime.store(get_result, job_id)
    score = {"musicxml", "midi", "performance_midi", "playback"}
    sound = {"recording", *(f"stem.{stem}" for stem in SOURCES)}
    assert set(result) == score | sound
    assert all(flow_runtime.blobs.exists(key) for key in result.values())


async def test_prefect_shows_the_way_to_the_job_and_its_first_page(
    flow_runtime: Runtime, submit, client: PrefectClient
):
    """Who looks at a run there sees what became of the recording, and can go and watch it."""
    job_id = submit(seed=1)
    await asyncio.to_thread(transcribe, job_id)
    job = flow_runtime.store(get_job, job_id)
    its = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[job.flow_run_id]))
    shown = {each.key: each.data for each in await client.read_artifacts(artifact_filter=its)}
    assert shown["job"] == f"[Watch the job](http://127.0.0.1:8000/jobs/{job_id})"
    kind, _, picture = shown["first-page"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    drawing = ET.fromstring(base64.b64decode(picture))  # noqa: S314 - our own
    assert drawing.findall(".//*[@class='note']")


@pytest.mark.parametrize("filename", ["", "..", "x" * 300])
def test_any_file_name_becomes_a_score(flow_runtime: Runtime, submit, filename: str):
    """What the sender calls a file is no path: none, a folder's, or one too long for any disk."""
    job_id = submit(seed=1, filename=filename)
    transcribe(job_id)
    assert flow_runtime.store(get_job, job_id).status is JobStatus.COMPLETED


def test_the_same_recording_is_not_worked_on_twice(flow_runtime: Runtime, submit):
    """A second job with the same content finds every stage's result."""
    first, second = submit(seed=2), submit(seed=2)
    assert transcribe(first) == transcribe(second)
    assert kept_stages(flow_runtime, first) == []
    assert kept_stages(flow_runtime, second) == [
        "download",
        "separation",
        "transcription",
        "musicxml",
    ]


def test_a_kept_result_whose_files_are_gone_is_made_again(flow_runtime: Runtime, submit):
    """Retention may remove a stem; the next job then separates anew instead of failing."""
    first, second = submit(seed=3), submit(seed=3)
    result = transcribe(first)
    flow_runtime.blobs.delete(result["musicxml"])
    assert transcribe(second) == result
    assert flow_runtime.blobs.exists(result["musicxml"])
    assert flow_runtime.store(get_job, second).status is JobStatus.COMPLETED


def test_a_completed_job_is_not_run_again(flow_runtime: Runtime, submit):
    """[J3] After the terminal event nothing is accepted, not even from a new run."""
    job_id = submit(seed=4)
    transcribe(job_id)
    before = told(flow_runtime, job_id)
    with pytest.raises(Abort):
        transcribe(job_id)
    assert told(flow_runtime, job_id) == before


def test_a_revision_writes_the_score_alone(flow_runtime: Runtime, submit):
    """[J3] Three stages' results are kept; the score has exactly what the musician said."""
    job_id = submit(seed=7)
    first = transcribe(job_id)
    flow_runtime.store(
        open_revision,
        job_id,
        title="Revised",
        notation={
            "tempo_bpm": 66.5,
            "time_signature": "6/8",
            "key": "Eb major",
            "instrument_names": ["Celesta"],
            "chord_symbols": True,
            "swing": False,
        },
    )
    second = transcribe(job_id)
    assert flow_runtime.store(get_job, job_id).status is JobStatus.COMPLETED
    assert kept_stages(flow_runtime, job_id) == ["download", "separation", "transcription"]
    playback = decode(flow_runtime.blobs.get_bytes(second["playback"]))
    assert (playback.tempo_bpm, playback.metre, playback.key) == (66.5, "6/8", "Eb major")
    assert playback.parts[0].name == "Celesta"
    assert b"Revised" in flow_runtime.blobs.get_bytes(second["musicxml"])
    assert b"Celesta" in flow_runtime.blobs.get_bytes(second["musicxml"])
    assert second["recording"] == first["recording"]
    assert flow_runtime.blobs.exists(first["musicxml"])


def test_a_run_of_a_job_that_was_cancelled_or_deleted_ends_quietly(flow_runtime: Runtime, submit):
    """[J4] [R2] It works on nothing, tells nothing, and is cancelled in Prefect: no failure."""
    cancelled, deleted = submit(seed=5), submit(seed=5)
    flow_runtime.store(cancel_job, cancelled)
    flow_runtime.store(delete_job, deleted)
    for job_id in (cancelled, deleted):
        with pytest.raises(Abort):
            transcribe(job_id)
    with get_client(sync_client=True) as client:
        newest = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[transcribe.name])),
            sort=FlowRunSort.START_TIME_DESC,
            limit=2,
        )
    assert {run.parameters["job_id"] for run in newest} == {str(cancelled), str(deleted)}
    assert {run.state_name for run in newest} == {"Cancelled"}
    assert [event["type"] for event in told(flow_runtime, cancelled)] == ["error"]
    assert told(flow_runtime, deleted) == []


def test_a_job_knows_the_files_of_its_stages(flow_runtime: Runtime, submit):
    """[R2] What a job made or reused goes with it, once no other job uses it."""
    first, second = submit(seed=6), submit(seed=6)
    results = transcribe(first), transcribe(second)
    own = [f"uploads/{job_id}/study.flac" for job_id in (first, second)]
    shared = set(flow_runtime.store(files_of_job, first)) - {own[0]}
    flow_runtime.store(delete_job, first)
    left = set(flow_runtime.store(files_of_job, second))
    assert left == {own[1], *shared}
    assert left >= {own[1], *results[1].values()}
    assert {key.partition("/")[0] for key in left} == {
        "audio", "notes", "scores", "stems", "uploads",
    }  # fmt: skip
    assert all(flow_runtime.blobs.exists(key) for key in left)
