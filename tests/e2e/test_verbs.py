"""Cancel and delete, with real work under way."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest
from client import Client, drain
from faults import Faults
from websockets.sync.client import ClientConnection

if TYPE_CHECKING:
    from conftest import Stack

GONE_S = 5.0


def begun(client: Client, job_id: str) -> ClientConnection:
    """Watch a job up to the moment in which its planned fault strikes."""
    socket = client.connect(job_id, after=0)
    for message in socket:
        if "Hanging" in message:
            break
    return socket


def wait_until_gone(process: psutil.Process, began_s: float) -> float:
    """Wait for the end of a process; returns how long it took since `began_s`."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.wait(GONE_S + 5)
    return time.monotonic() - began_s


def files(stack: "Stack") -> set[Path]:
    """What is stored of recordings; the records of stages only name it."""
    stored = (path for path in (stack.data_dir / "blobs").rglob("*") if path.is_file())
    return {path for path in stored if path.parent.name not in {"stages", "health"}}


def scratch(stack: "Stack") -> list[Path]:
    """What stages work on at this moment."""
    return [path for path in stack.data_dir.rglob("scorewire-*-*") if path.is_dir()]


@pytest.mark.parametrize("work", ["compute", "hang"])
def test_a_running_job_is_cancelled_and_its_process_gone(
    client: Client, make_recording: Callable[..., Path], stack: "Stack", work: str
) -> None:
    """[R2] [J3] [J5] One `error`, then 1000; the process ends in 5 s, in C code or Python's.

    A retry at once goes on at the cancelled stage. Prefect calls the run cancelled, not crashed.
    """
    faults = Faults(stack.data_dir, "separation")
    faults.plan(work)
    job_id = client.upload(make_recording(seed=201 if work == "hang" else 202), separation="demucs")
    with begun(client, job_id) as socket:
        (process,) = stack.flows()
        began_s = time.monotonic()
        job = client.cancel(job_id)
        assert (job["status"], job["error"]["code"]) == ("failed", "cancelled")
        assert time.monotonic() - began_s < 1
        seen = drain(socket)
        assert time.monotonic() - began_s < 1
    assert [message["type"] for message in seen.messages] == ["error"]
    error = seen.last["error"]
    assert (error["code"], error["stage"], error["retryable"]) == ("cancelled", "separation", True)
    assert seen.close_code == 1000

    client.retry(job_id)
    assert wait_until_gone(process, began_s) < GONE_S
    again = client.watch(job_id, after=seen.ids[-1])
    assert again.last["type"] == "completed"
    assert again.of_type("error") == []
    assert {message["attempt"] for message in again.messages} == {2}
    assert any(
        "kept" in m["message"] for m in again.of_type("progress") if m["stage"] == "download"
    )
    assert faults.calls == 2
    assert stack.states_in_prefect(job_id) == ["Cancelled", "Completed"]
    assert scratch(stack) == []


def test_a_queued_job_is_cancelled_and_never_starts(
    client: Client, make_recording: Callable[..., Path], stack: "Stack"
) -> None:
    """[R2] [J5] It ends at once; no worker takes its run when the machine is free again."""
    faults = Faults(stack.data_dir, "separation")
    faults.plan("hang")
    running = client.upload(make_recording(seed=203), separation="demucs")
    with begun(client, running):
        queued = client.upload(make_recording(seed=204), separation="demucs")
        assert client.job(queued)["status"] == "queued"
        client.cancel(queued)
        ended = client.watch(queued, after=0)
        assert [message["type"] for message in ended.messages] == ["error"]
        assert ended.last["error"]["stage"] is None
        assert stack.states_in_prefect(queued) == ["Cancelled"]
        client.cancel(running)
    after_it = client.upload(make_recording(seed=205), separation="none")
    assert client.watch(after_it, after=0).last["type"] == "completed"
    assert stack.states_in_prefect(queued) == ["Cancelled"]
    assert client.job(queued)["last_event_id"] == 1


def test_a_job_cancelled_while_its_process_starts_is_not_worked_on(
    client: Client, make_recording: Callable[..., Path], stack: "Stack"
) -> None:
    """[R2] [J4] A process that was on its way finds the job taken from it, and ends quietly."""
    faults = Faults(stack.data_dir, "separation")
    faults.plan()
    while stack.flows():  # those of earlier jobs, on their way out
        time.sleep(0.05)
    with stack.no_forks():
        job_id = client.upload(make_recording(seed=208), separation="demucs")
        while stack.states_in_prefect(job_id) != ["Pending"]:
            time.sleep(0.05)
        client.cancel(job_id)
    # Of two runs at most one has a process: when the next one is done, so is this one.
    after_it = client.upload(make_recording(seed=209), separation="none")
    assert client.watch(after_it, after=0).last["type"] == "completed"
    assert client.job(job_id)["last_event_id"] == 1
    assert faults.calls == 0
    assert stack.states_in_prefect(job_id) == ["Cancelled"]


def test_a_deleted_job_leaves_no_file(
    client: Client, make_recording: Callable[..., Path], stack: "Stack"
) -> None:
    """[R2] Recording, stems, notes and score are removed with the job; its score is 404."""
    before = files(stack)
    job_id = client.upload(make_recording(seed=206), separation="demucs")
    assert client.watch(job_id, after=0).last["type"] == "completed"
    kinds = {path.relative_to(stack.data_dir / "blobs").parts[0] for path in files(stack) - before}
    assert kinds == {"audio", "notes", "scores", "stems", "uploads"}
    client.delete(job_id)
    assert files(stack) == before
    for path in (f"/api/v1/jobs/{job_id}", f"/api/v1/scores/{job_id}"):
        assert client.get(path).status_code == httpx.codes.NOT_FOUND


def test_a_job_deleted_while_it_runs_ends_its_process(
    client: Client, make_recording: Callable[..., Path], stack: "Stack"
) -> None:
    """[R2] The process is gone within 5 s, and nothing of the job stays."""
    before = files(stack)
    Faults(stack.data_dir, "separation").plan("compute")
    job_id = client.upload(make_recording(seed=207), separation="demucs")
    with begun(client, job_id):
        (process,) = stack.flows()
        began_s = time.monotonic()
        client.delete(job_id)
        assert wait_until_gone(process, began_s) < GONE_S
    assert client.get(f"/api/v1/jobs/{job_id}").status_code == httpx.codes.NOT_FOUND
    assert files(stack) == before
    assert stack.states_in_prefect(job_id) == ["Cancelled"]
