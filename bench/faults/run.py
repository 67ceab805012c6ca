"""Kill each part of a running stack at each stage of a job, and see what becomes of the job.

    make faults ROUNDS=4

For each combination a job is submitted to a real `scorewire up` and watched as any client would.
When it has reached the stage, its process is held there, the part is killed with SIGKILL, and the
process, if it is still alive, is let go. A job must then complete, or end with one retryable error
and complete after a retry; its events must have no gap and no repeat, each attempt one end, and
nothing may be separated more often than there were attempts. Prints a table for docs/faults.md;
the exit status is 1 where a job was stuck, lost or done twice.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psutil
from faults import Faults
from models import make_tiny_demucs
from own_stack import OwnStack, own_folder, own_stack
from signals import kill, stopped
from sounds import write_study
from watcher import Watcher

PARTS: dict[str, Callable[[OwnStack], list[psutil.Process]]] = {
    "flow": OwnStack.flows,
    "fork server": OwnStack.fork_servers,
    "worker": OwnStack.workers,
    "prefect": OwnStack.prefect_servers,
    "postgres": OwnStack.postgres,
    "api": OwnStack.apis,
}
STAGES = ("queued", "download", "separation", "transcription", "musicxml")
READY_S = 400.0
REACHED_S = 120.0
ENDED_S = 240.0
TRIES = 8


@dataclass(frozen=True)
class Outcome:
    """What became of one job.

    Attributes:
        part: what was killed.
        stage: where the job was.
        seen: how the attempt ended that was under way.
        after_s: how long after the kill the client learnt of that end.
        breaks: how often the client's connection was lost.
        faults: what should not have been.
    """

    part: str
    stage: str
    seen: str
    after_s: float
    breaks: int
    faults: tuple[str, ...]


class Bench:
    """Jobs that are submitted to a running stack, whose parts are killed."""

    def __init__(self, running: OwnStack) -> None:
        self._running = running
        self._data_dir = running.data_dir
        self._http = httpx.Client(base_url=running.api_url, timeout=30, trust_env=False)
        self._seed = 0

    def strike(self, part: str, stage: str) -> Outcome:
        """Kill a part while a job is at a stage; returns what became of the job."""
        for _ in range(TRIES):
            self._wait_until_ready()
            job_id, watcher = self._submit()
            try:
                killed_s = self._kill_at(part, stage, job_id, watcher)
                if killed_s is not None:
                    return self._follow(part, stage, job_id, watcher, killed_s)
                watcher.wait_for_end(1, ENDED_S)  # it was quicker than we
            finally:
                watcher.stop()
        message = f"No job could be held at {stage}."
        raise RuntimeError(message)

    def _kill_at(self, part: str, stage: str, job_id: str, watcher: Watcher) -> float | None:
        if stage == "queued" and part != "flow":
            with stopped(self._running.fork_servers()):
                return self._kill(part)
        if stage == "queued":  # its process, as soon as there is one
            until_s = time.monotonic() + REACHED_S
            while not self._running.flows() and time.monotonic() < until_s:
                time.sleep(0.01)
            return self._kill(part)
        if not watcher.wait_for_stage(stage, REACHED_S):
            return None
        with stopped(self._running.flows()):
            if self._job(job_id)["stage"] != stage:
                return None
            return self._kill(part)

    def _kill(self, part: str) -> float | None:
        processes = PARTS[part](self._running)
        if not processes:
            return None
        kill(processes)
        return time.monotonic()

    def _follow(
        self, part: str, stage: str, job_id: str, watcher: Watcher, killed_s: float
    ) -> Outcome:
        faults = []
        attempt, seen, after_s = 1, "stuck", ENDED_S
        if watcher.wait_for_end(1, ENDED_S):
            at_s, message = watcher.terminals(1)[0]
            after_s = at_s - killed_s
            seen = "completed" if message["type"] == "completed" else message["error"]["code"]
            if message["type"] == "error":
                if not message["error"]["retryable"]:
                    faults.append("the error was not retryable")
                attempt = self._retry_until_completed(job_id, watcher)
        else:
            faults.append("stuck")
        time.sleep(2)  # whatever would be told twice is told by now
        ids = [message["id"] for _, message in watcher.messages]
        if ids != list(range(1, len(ids) + 1)):
            faults.append("events have a gap or a repeat")
        attempts = range(1, attempt + 1)
        twice = [number for number in attempts if len(watcher.terminals(number)) > 1]
        faults += [f"attempt {number} ended twice" for number in twice]
        job = self._job(job_id)
        if job["status"] != "completed":
            faults.append(f"the job is {job['status']} after {attempt} attempts")
        if ids and job["last_event_id"] != ids[-1]:
            faults.append("the client was not told all")
        if Faults(self._data_dir, "separation").calls > attempt:
            faults.append("separated more often than tried")
        return Outcome(part, stage, seen, after_s, watcher.breaks, tuple(faults))

    def _retry_until_completed(self, job_id: str, watcher: Watcher) -> int:
        # A retry may meet a stack that is still starting, and is then refused in so many words.
        for attempt in range(2, 5):
            self._wait_until_ready()
            self._http.post(f"/api/v1/jobs/{job_id}/retry").raise_for_status()
            watcher.wait_for_end(attempt, ENDED_S)
            if any(message["type"] == "completed" for _, message in watcher.terminals(attempt)):
                break
        return attempt

    def _submit(self) -> tuple[str, Watcher]:
        self._seed += 1
        Faults(self._data_dir, "separation").plan()
        path = write_study(self._data_dir / "study.flac", self._seed)
        answer = self._http.post(
            "/api/v1/transcribe/upload",
            files={"file": ("study.flac", path.read_bytes())},
            data={"options": json.dumps({"separation": "demucs"})},
        )
        told = answer.raise_for_status().json()
        return told["job_id"], Watcher(told["websocket_url"]).start()

    def _job(self, job_id: str) -> dict[str, object]:
        self._wait_until_ready()
        found: dict[str, object] = self._http.get(f"/api/v1/jobs/{job_id}").json()
        return found

    def _wait_until_ready(self) -> None:
        until_s = time.monotonic() + READY_S
        while time.monotonic() < until_s:
            try:
                if self._http.get("/health/ready").is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        message = "The stack does not come back; see its logs."
        raise RuntimeError(message)


@contextmanager
def bench_on_its_own() -> Iterator[Bench]:
    """A stack with a tiny Demucs that counts its calls."""
    with own_folder("faults") as data_dir:
        settings = {
            "SCOREWIRE_DEMUCS_FOLDER": str(make_tiny_demucs(data_dir / "demucs")),
            "SCOREWIRE_SEPARATOR": "faults:FaultySeparator",
            "OMP_NUM_THREADS": "1",
        }
        with own_stack(data_dir, settings) as running:
            yield Bench(running)


def table(outcomes: list[Outcome]) -> Iterator[str]:
    """The lines of a table, one for each combination."""
    yield "| killed | job | kills | the client saw | after (median, longest) | faults |"
    yield "|---|---|---|---|---|---|"
    for key in dict.fromkeys((o.part, o.stage) for o in outcomes):
        those = [o for o in outcomes if (o.part, o.stage) == key]
        seen = ", ".join(sorted({f"`{o.seen}`" for o in those}))
        if any(o.breaks for o in those):
            seen += ", over a new connection"
        times = [o.after_s for o in those]
        spans = f"{statistics.median(times):.1f} s, {max(times):.1f} s"
        faults = "; ".join(fault for o in those for fault in o.faults) or "none"
        yield f"| {key[0]} | {key[1]} | {len(those)} | {seen} | {spans} | {faults} |"


def main() -> int:
    """Strike, print the table, and say whether all jobs came through."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=4)
    arguments.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS)
    arguments.add_argument("--stages", nargs="*", choices=STAGES, default=STAGES)
    given = arguments.parse_args()
    outcomes = []
    with bench_on_its_own() as bench:
        for _ in range(given.rounds):
            # Part by part within a stage, so that none dies so often that it is given up.
            for stage in given.stages:
                for part in given.parts:
                    outcome = bench.strike(part, stage)
                    print(outcome, file=sys.stderr, flush=True)
                    outcomes.append(outcome)
    print("\n".join(table(outcomes)))
    print(f"\n{len(outcomes)} kills, {sum(bool(o.faults) for o in outcomes)} with faults.")
    return int(any(o.faults for o in outcomes))


if __name__ == "__main__":
    sys.exit(main())
