"""`scorewire bulk` against the running stack: as an operator starts, kills and repeats it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from client import Client
from faults import HOLD, NO_FAULT, Faults
from sounds import write_study

from scorewire.settings import inherited_environment

if TYPE_CHECKING:
    from conftest import Stack

PATIENCE_S = 240.0


def bulk(stack: "Stack", *arguments: str | Path) -> subprocess.Popen[str]:
    """Start the command."""
    return subprocess.Popen(
        [sys.executable, "-m", "scorewire.cli", "bulk", *map(str, arguments)],
        env={**inherited_environment(), "SCOREWIRE_DATA_DIR": str(stack.data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def summary(out: str) -> dict[str, float]:
    """The numbers that the command prints at its end."""
    rows = [line.split(maxsplit=1) for line in out.splitlines()]
    return {what: float(number) for number, what in rows}


def wait_for(look: Callable[[], object]) -> None:
    """Look until there is something to see."""
    until_s = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < until_s, "it did not come about"
        time.sleep(0.1)


def bulk_process(stack: "Stack") -> psutil.Process:
    """The process that runs the bulk flow."""
    (found,) = [p for p in stack.processes() if p.name() == "flow bulk"]
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four recordings that no other test has, and one file that is none."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for seed in range(701, 705):
        write_study(folder / f"bulk {seed}.flac", seed)
    (folder / "broken.mp3").write_bytes(os.urandom(4096))
    return folder


def test_a_run_that_is_killed_goes_on_when_it_is_repeated(
    stack: "Stack", client: Client, folder: Path
) -> None:
    """[J5] Nothing is lost, and nothing is done twice: not a call of the model more than needed."""
    faults = Faults(stack.data_dir, "transcription")
    faults.plan(NO_FAULT, HOLD)
    first = bulk(stack, folder, "--solo")
    wait_for(lambda: faults.calls == 2)
    process = bulk_process(stack)
    children = process.children(recursive=True)
    process.send_signal(signal.SIGKILL)
    _, told = first.communicate(timeout=PATIENCE_S)
    assert first.returncode == 1
    assert "crashed" in told
    psutil.wait_procs(children, timeout=30)
    assert not any(child.is_running() for child in children), "an engraver outlives its run"
    faults.release()

    second = bulk(stack, folder, "--solo")
    out, told = second.communicate(timeout=2 * PATIENCE_S)
    counts = summary(out)
    assert counts["recordings"] == 5
    assert counts["completed"] + counts["completed before"] == 4
    assert counts["failed"] + counts["failed before"] == 1
    assert second.returncode == 1, "one of them has no score"
    assert "broken.mp3: " in told
    assert faults.calls == 5, "the one that was killed, and no other, was heard twice"

    listed = client.get("/api/v1/jobs?limit=100").json()["jobs"]
    jobs = {job["title"]: job for job in listed if str(job["title"]).startswith("bulk 7")}
    assert {job["status"] for job in jobs.values()} == {"completed"}
    assert len(jobs) == 4

    (folder / "broken.mp3").unlink()
    third = bulk(stack, folder, "--solo")
    out, told = third.communicate(timeout=PATIENCE_S)
    assert third.returncode == 0, told
    assert summary(out)["completed before"] == 4
    assert faults.calls == 5


def test_it_says_what_is_not_there(stack: "Stack", tmp_path: Path) -> None:
    """Before anything is started."""
    command = bulk(stack, tmp_path / "nowhere")
    _, told = command.communicate(timeout=30)
    assert command.returncode == 1
    assert "There is no file or folder" in told


def test_a_recording_that_is_cancelled_does_not_end_the_run(
    stack: "Stack", client: Client, tmp_path: Path
) -> None:
    """[J4] [R2] Its job is its user's to stop; the others get their scores."""
    for seed in (711, 712):
        write_study(tmp_path / f"bulk {seed}.flac", seed)
    faults = Faults(stack.data_dir, "transcription")
    faults.plan(HOLD)
    command = bulk(stack, tmp_path, "--solo")
    wait_for(lambda: faults.holding)
    at_work = client.get("/api/v1/jobs?status=processing").json()["jobs"]
    (job_id,) = (job["job_id"] for job in at_work if job["stage"] == "transcription")
    assert client.cancel(job_id)["status"] == "failed"
    faults.release()
    out, told = command.communicate(timeout=PATIENCE_S)
    assert command.returncode == 0, told
    counts = summary(out)
    assert (counts["completed"], counts["cancelled or deleted"]) == (1, 1)
    assert client.job(job_id)["error"]["code"] == "cancelled"
