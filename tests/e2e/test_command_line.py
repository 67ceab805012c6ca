"""`scorewire transcribe` against the running stack."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from client import Client
from faults import Faults

from scorewire.settings import inherited_environment
from scorewire.stack.process import marked

if TYPE_CHECKING:
    from conftest import Stack


def transcribe(
    stack: "Stack", *arguments: str | Path, found_by_itself: bool = False
) -> subprocess.Popen[str]:
    """Start the command, which is told the server or finds it through the data folder."""
    where = [] if found_by_itself else ["--server", stack.api_url]
    return subprocess.Popen(
        [sys.executable, "-m", "scorewire.cli", "transcribe", *map(str, arguments), *where],
        env={**inherited_environment(), "SCOREWIRE_DATA_DIR": str(stack.data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_recording_becomes_two_files(
    stack: "Stack", make_recording: Callable[..., Path], tmp_path: Path
) -> None:
    """The running stack is found; all four stages are shown; the paths are the whole output."""
    recording = make_recording(seed=101)
    command = transcribe(
        stack, recording, "-o", tmp_path, "--title", "A study", found_by_itself=True
    )
    out, progress = command.communicate(timeout=180)
    assert command.returncode == 0, progress
    assert out.splitlines() == [str(tmp_path / "A study.musicxml"), str(tmp_path / "A study.mid")]
    assert "<score-partwise" in (tmp_path / "A study.musicxml").read_text()
    assert (tmp_path / "A study.mid").read_bytes().startswith(b"MThd")
    for stage in ("download", "separation", "transcription", "musicxml"):
        assert f"{stage}: " in progress
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A study.mid", "A study.musicxml"]


def test_json_is_one_object(
    stack: "Stack", make_recording: Callable[..., Path], tmp_path: Path
) -> None:
    """Standard output is one JSON object that says where the results are."""
    command = transcribe(stack, make_recording(seed=102), "-o", tmp_path, "--json", "--solo")
    out, progress = command.communicate(timeout=180)
    assert command.returncode == 0, progress
    outcome = json.loads(out)
    assert outcome["status"] == "completed"
    assert Path(outcome["musicxml"]).is_file()
    assert Path(outcome["midi"]).is_file()


def test_a_job_that_fails_is_one_sentence(stack: "Stack", tmp_path: Path) -> None:
    """What is no recording ends with exit code 1, the server's sentence, and no file."""
    text = tmp_path / "notes.txt"
    text.write_text("do re mi")
    results = tmp_path / "results"
    command = transcribe(stack, text, "-o", results, "--json")
    out, said = command.communicate(timeout=180)
    assert command.returncode == 1
    error = json.loads(out)["error"]
    assert error["code"] == "not_audio"
    assert said.strip().splitlines()[-1] == f"scorewire: {error['message']}"
    assert list(results.iterdir()) == []


def test_ctrl_c_cancels_the_job(
    stack: "Stack", client: Client, make_recording: Callable[..., Path], tmp_path: Path
) -> None:
    """[R2] Whoever stops waiting stops the work too, on a server that others share as well."""
    Faults(stack.data_dir, "separation").plan("hang")
    recording = make_recording(seed=104)
    command = transcribe(stack, recording, "-o", tmp_path, "--separation", "demucs")
    assert command.stderr is not None
    said = ""
    while "Hanging" not in said:
        said += command.stderr.readline()
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=30)
    assert command.returncode == 130
    assert said.splitlines() == ["Stopping ...", "The job is cancelled.", "Stopped."]
    (job,) = client.get("/api/v1/jobs?limit=1").json()["jobs"]
    assert (job["title"], job["error"]["code"]) == (recording.stem, "cancelled")


def test_flow_processes_carry_the_stacks_mark(
    stack: "Stack", make_recording: Callable[..., Path], tmp_path: Path
) -> None:
    """A flow's process is marked as the worker's, so that it can be found if both are orphaned."""
    command = transcribe(stack, make_recording(seed=103), "-o", tmp_path, "--solo")
    worker_mark = f"{stack.data_dir}#worker"
    engines: list[psutil.Process] = []
    while command.poll() is None and not engines:
        engines = [process for process in marked(worker_mark) if process in stack.flows()]
    assert command.wait(180) == 0
    assert engines
