"""What goes wrong in the field, and what the person who watches is told."""

import time
from pathlib import Path

import pytest
from client import Client, Watched
from faults import Faults

from scorewire.jobs.stages import Stage


@pytest.fixture
def separation_faults(stack) -> Faults:
    """Faults of the separation."""
    faults = Faults(stack.data_dir, "separation")
    faults.plan()
    return faults


@pytest.fixture
def transcription_faults(stack) -> Faults:
    """Faults of the transcription."""
    faults = Faults(stack.data_dir, "transcription")
    faults.plan()
    return faults


def test_a_passing_fault_is_progress_and_not_an_error(
    client: Client, make_recording, separation_faults: Faults
):
    """[J4] Separation fails twice, is retried, succeeds: the client sees one `completed`."""
    separation_faults.plan("out_of_memory", "out_of_memory")
    job_id = client.upload(make_recording(seed=1), separation="demucs")
    watched = client.watch(job_id, after=0)
    told = [m["message"] for m in watched.of_type("progress") if "retry" in m["message"]]
    assert [("retry 2 of 4" in told[0]), ("retry 3 of 4" in told[1])] == [True, True]
    assert all("ran out of memory" in message for message in told)
    assert len(watched.of_type("completed")) == 1
    assert watched.of_type("error") == []
    assert separation_faults.calls == 3


def test_a_retry_goes_on_at_the_failed_stage(
    client: Client, make_recording, separation_faults: Faults, transcription_faults: Faults
):
    """[J3] [J4] Transcription fails for good; after the retry nothing is separated again."""
    transcription_faults.plan("silent")
    job_id = client.upload(make_recording(seed=2), separation="demucs")
    first = client.watch(job_id, after=0)
    assert len(first.of_type("error")) == 1
    error = first.last["error"]
    assert (error["code"], error["stage"]) == ("silent_audio", "transcription")
    assert error["retryable"] is False

    client.retry(job_id)
    second = client.watch(job_id, after=first.ids[-1])
    assert second.last["type"] == "completed"
    assert {message["attempt"] for message in second.messages} == {2}
    assert first.ids + second.ids == list(range(1, second.ids[-1] + 1))
    assert separation_faults.calls == 1
    assert transcription_faults.calls == 2


def test_a_retry_from_the_prefect_ui_opens_the_next_attempt(
    client: Client, make_recording, stack, separation_faults: Faults, transcription_faults: Faults
):
    """[J3] The operator's Retry button does what the API's retry does."""
    transcription_faults.plan("silent")
    job_id = client.upload(make_recording(seed=3), separation="demucs")
    first = client.watch(job_id, after=0)
    stack.retry_in_prefect(job_id)
    second = wait_for_attempt(client, job_id, first)
    assert second.last["type"] == "completed"
    assert second.last["attempt"] == 2
    assert separation_faults.calls == 1


def test_a_fault_of_ours_is_told_without_its_details(
    client: Client, make_recording, transcription_faults: Faults
):
    """[R3] An unforeseen exception is `internal` to the world; its text stays in the log."""
    transcription_faults.plan("bug")
    watched = client.watch(client.upload(make_recording(seed=4)), after=0)
    error = watched.last["error"]
    assert (error["code"], error["retryable"]) == ("internal", True)
    assert "internal detail" not in error["message"]


@pytest.mark.parametrize("stage", [Stage.SEPARATION, Stage.TRANSCRIPTION])
def test_a_killed_process_is_one_error_and_a_retry_completes(
    client: Client, make_recording, stack, stage: Stage
):
    """[J5] SIGKILL in the middle of a stage: one `error`, `worker_lost`, retryable."""
    recording: Path = make_recording(seed=5 if stage is Stage.SEPARATION else 6)
    job_id = hanging_job(client, stack, recording, stage)
    (process,) = stack.flows()
    process.kill()
    first = client.watch(job_id, after=0)
    assert len(first.of_type("error")) == 1
    error = first.last["error"]
    assert (error["code"], error["retryable"]) == ("worker_lost", True)
    assert error["stage"] == stage.value

    client.retry(job_id)
    assert client.watch(job_id, after=first.ids[-1]).last["type"] == "completed"


def test_a_run_cancelled_in_the_prefect_ui_is_one_error_and_a_retry_completes(
    client: Client, make_recording, stack
):
    """[J5] The operator's Cancel button stops the work, and whoever watches is told."""
    job_id = hanging_job(client, stack, make_recording(seed=7), Stage.TRANSCRIPTION)
    stack.cancel_in_prefect(job_id)
    first = client.watch(job_id, after=0)
    assert len(first.of_type("error")) == 1
    error = first.last["error"]
    assert (error["code"], error["retryable"]) == ("cancelled", True)
    assert error["stage"] == "transcription"
    client.retry(job_id)
    assert client.watch(job_id, after=first.ids[-1]).last["type"] == "completed"


def hanging_job(client: Client, stack, recording: Path, stage: Stage) -> str:
    """A job that hangs in the middle of a stage."""
    Faults(stack.data_dir, stage.value).plan("hang")
    job_id = client.upload(recording, separation="demucs")
    with client.connect(job_id, after=0) as socket:
        for message in socket:
            if "Hanging" in message:
                break
    return job_id


def wait_for_attempt(client: Client, job_id: str, earlier: Watched) -> Watched:
    """Watch the attempt after `earlier`, once it has begun."""
    while client.job(job_id)["attempt"] == earlier.last["attempt"]:
        time.sleep(0.1)
    return client.watch(job_id, after=earlier.ids[-1])
