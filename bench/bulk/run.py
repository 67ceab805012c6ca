"""Many recordings in one run, killed twice: how fast, whether anything is lost, and who waits.

    make bench-bulk ARGS="--count 200"

In one go, on one machine: the `basic-pitch` command line, once for each of a sample of the
recordings, as a script would call it; then the same recordings and the rest through `scorewire
bulk` on a stack of its own, whose flow process is killed with SIGKILL at a third and at two thirds,
each time followed by the same command again. While the first run is at work, a job is submitted as
a person would. Recordings are rendered, a few seconds each and every one different, or taken from
`--recordings`. basic-pitch writes MIDI; Scorewire writes a score besides.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from first_stage import first_stage_s
from own_stack import OwnStack, own_folder, own_stack
from sounds import write_study

from scorewire.settings import inherited_environment

SAMPLE = 10
PERSON = "person"
ASK_EVERY_S = 0.5


@dataclass
class Findings:
    """What was measured.

    Attributes:
        alone_s: seconds of the basic-pitch command line, of each recording of the sample.
        runs_s: seconds of each `scorewire bulk`, from its start to its end.
        first_stage_s: from the POST of the interactive job to the first event of a stage.
        summary: what the last run printed.
    """

    alone_s: list[float] = field(default_factory=list)
    runs_s: list[float] = field(default_factory=list)
    first_stage_s: float = 0.0
    summary: dict[str, float] = field(default_factory=dict)


class Bulk:
    """A running stack, and what is asked of it."""

    def __init__(self, running: OwnStack) -> None:
        self._running = running
        self.api = httpx.Client(base_url=running.api_url, timeout=30)

    def start(self, folder: Path) -> subprocess.Popen[str]:
        """Start the command."""
        command = [sys.executable, "-m", "scorewire.cli", "bulk", str(folder), "--solo"]
        told = {"SCOREWIRE_DATA_DIR": str(self._running.data_dir)}
        environment = {**inherited_environment(), **told}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command

    def kill(self) -> None:
        """End the process of the bulk flow, as a machine that runs out of memory does."""
        (flow,) = self._running.flows("bulk")
        flow.kill()

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs."""
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            asked = {"limit": 100} | ({} if cursor is None else {"cursor": cursor})
            page = self.api.get("/api/v1/jobs", params=asked).raise_for_status().json()
            found += page["jobs"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def scores(self) -> int:
        """How many recordings have a score, the person's left out."""
        found = self.jobs()
        return sum(job["status"] == "completed" and job["title"] != PERSON for job in found)

    def stages_done(self, stage: str) -> int:
        """How often a stage was worked on to its end, results that were kept left out."""
        wanted = {"name": {"like_": stage}, "state": {"name": {"any_": ["Completed"]}}}
        answer = self._running.prefect.post("task_runs/count", json={"task_runs": wanted})
        return int(answer.raise_for_status().json())


def alone_s(recordings: list[Path], folder: Path) -> Iterator[float]:
    """Seconds of `basic-pitch`, started anew for each recording."""
    program = Path(sys.executable).with_name("basic-pitch")
    for recording in recordings:
        began_s = time.perf_counter()
        subprocess.run(  # noqa: S603 - the program of our own environment
            [program, folder, recording], check=True, capture_output=True
        )
        yield time.perf_counter() - began_s


def measure(running: Bulk, folder: Path, person: Path, count: int, found: Findings) -> None:
    """Run the recordings through, with two kills and one job of a person's on the way."""
    for kill_at in (count // 3, 2 * count // 3, None):
        began_s = time.perf_counter()
        before = running.scores()
        command = running.start(folder)
        if kill_at is not None:
            # Not before it has done something, so that it is a run at work that is killed.
            _wait_for_scores(running, command, before + 1)
            if found.first_stage_s == 0.0:
                found.first_stage_s = first_stage_s(
                    str(running.api.base_url).rstrip("/"), person.read_bytes(), person.name
                )
            _wait_for_scores(running, command, kill_at)
            running.kill()
        out, _ = command.communicate()
        found.runs_s.append(time.perf_counter() - began_s)
        rows = [line.split(maxsplit=1) for line in out.splitlines()]
        found.summary = {what: float(number) for number, what in rows}


def _wait_for_scores(running: Bulk, command: subprocess.Popen[str], number: int) -> None:
    while running.scores() < number:
        if command.poll() is not None:
            message = "The run ended before it was to be killed."
            raise RuntimeError(message)
        time.sleep(ASK_EVERY_S)


def report(running: Bulk, count: int, found: Findings) -> None:
    """Print the table."""
    jobs = running.jobs()
    bulk = len(jobs) - 1  # the person's
    ended = sum(job["status"] in {"completed", "failed"} for job in jobs) - 1
    scored = sum(job["status"] == "completed" for job in jobs) - 1
    alone, total_s = statistics.mean(found.alone_s), sum(found.runs_s)
    rows = [
        ("recordings", count),
        ("jobs made", bulk),
        ("ended with a score or a reason", ended),
        ("with a score", scored),
        (
            "transcriptions done to their end, the person's too",
            running.stages_done("transcription"),
        ),
        ("basic-pitch alone, s each", f"{alone:.2f} (mean of {len(found.alone_s)})"),
        ("bulk, s each, kills and starts included", f"{total_s / count:.2f}"),
        ("bulk runs, s", ", ".join(f"{run_s:.0f}" for run_s in found.runs_s)),
        ("times as fast", f"{alone * count / total_s:.1f}"),
        ("interactive job, s to its first stage", f"{found.first_stage_s:.2f}"),
        ("last run, recordings a minute", found.summary.get("recordings a minute")),
    ]
    for what, value in rows:
        print(f"{what:52} {value}")


def main() -> None:
    """Measure, and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--count", type=int, default=200)
    arguments.add_argument("--recordings", type=Path, help="a folder of FLAC files, not rendered")
    given = arguments.parse_args()
    with own_folder("bulk") as work:
        folder, scratch = work / "recordings", work / "alone"
        folder.mkdir()
        scratch.mkdir()
        person = write_study(work / f"{PERSON}.flac", 1_000_000)
        if given.recordings is None:
            recordings = [write_study(folder / f"{n:05}.flac", n) for n in range(given.count)]
        else:
            taken = sorted(given.recordings.rglob("*.flac"))[: given.count]
            recordings = [
                Path(shutil.copy(path, folder / f"{number:05}.flac"))
                for number, path in enumerate(taken)
            ]
        found = Findings(alone_s=list(alone_s(recordings[:SAMPLE], scratch)))
        with own_stack(work / "data") as running:
            bulk = Bulk(running)
            measure(bulk, folder, person, len(recordings), found)
            report(bulk, len(recordings), found)


if __name__ == "__main__":
    main()
