"""One running stack for all end-to-end tests: `scorewire up`, as an operator starts it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from client import Client
from models import make_tiny_demucs
from own_stack import OwnStack, own_stack
from sounds import write_study


class Stack(OwnStack):
    """A running stack, and what an operator does to it."""

    @contextmanager
    def no_forks(self) -> Iterator[None]:
        """Hold the process that runs are forked from, where there is one, within the block."""
        servers = self.fork_servers()
        for server in servers:
            server.suspend()
        try:
            yield
        finally:
            for server in servers:
                server.resume()

    def retry_in_prefect(self, job_id: str) -> None:
        """Press Retry on the job's run, as Prefect's UI does."""
        self._set_state(job_id, "SCHEDULED", "AwaitingRetry")

    def cancel_in_prefect(self, job_id: str) -> None:
        """Press Cancel on the job's run, as Prefect's UI does."""
        self._set_state(job_id, "CANCELLING", "Cancelling")

    def states_in_prefect(self, job_id: str) -> list[str]:
        """The states of the job's runs, the first attempt's first."""
        return [run["state_name"] for run in self._runs(job_id)]

    def _runs(self, job_id: str) -> list[dict[str, Any]]:
        asked = {
            "flow_runs": {"tags": {"all_": [f"job:{job_id}"]}},
            "sort": "EXPECTED_START_TIME_ASC",
        }
        found = self.prefect.post("flow_runs/filter", json=asked).raise_for_status().json()
        return [dict(run) for run in found]

    def _set_state(self, job_id: str, type_: str, name: str) -> None:
        (run,) = self._runs(job_id)
        state = {"type": type_, "name": name, "message": "From the UI"}
        answer = self.prefect.post(f"flow_runs/{run['id']}/set_state", json={"state": state})
        assert answer.raise_for_status().json()["status"] == "ACCEPT"


@pytest.fixture(scope="session")
def stack(open_folder: Path) -> Iterator[Stack]:
    """A stack with a tiny Demucs and models that fail on demand."""
    settings = {
        "SCOREWIRE_DEMUCS_FOLDER": str(make_tiny_demucs(open_folder / "demucs")),
        "SCOREWIRE_JOB_SILENCE_S": "15",
        "SCOREWIRE_SEPARATOR": "faults:FaultySeparator",
        "SCOREWIRE_TRANSCRIBER": "faults:FaultyTranscriber",
        # One job is held in its middle while others wait in the queue.
        "SCOREWIRE_CONCURRENT_RUNS": "1",
        # With two threads on two cores the tiny model is many times slower than with one.
        "OMP_NUM_THREADS": "1",
    }
    with own_stack(open_folder / "stack", settings) as running:
        started = running.processes()
        yield Stack(**vars(running))
    assert running.process.returncode == 0
    _, left_behind = psutil.wait_procs(started, timeout=0)
    assert left_behind == []


@pytest.fixture(scope="session")
def client(stack: Stack) -> Client:
    """A client of the stack."""
    return Client(stack.api_url)


@pytest.fixture(scope="session")
def make_recording(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a short recording; every seed gives another, so that no result is reused."""
    folder = tmp_path_factory.mktemp("recordings")
    return lambda *, seed: write_study(folder / f"study-{seed}.flac", seed)


@pytest.fixture(scope="session")
def recording(make_recording: Callable[..., Path]) -> Path:
    """A short recording."""
    return make_recording(seed=0)
