"""Processes that die, or stop, where nobody who lives can see it."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from client import Client, drain
from faults import Faults
from websockets.sync.client import ClientConnection

if TYPE_CHECKING:
    from conftest import Stack

TOLD_WITHIN_S = 60.0
GONE_S = 10.0


def begun(client: Client, stack: "Stack", recording: Path) -> tuple[str, ClientConnection]:
    """A job in the middle of its separation, where it will stay, and a watcher of it."""
    Faults(stack.data_dir, "separation").plan("hang")
    job_id = client.upload(recording, separation="demucs")
    socket = client.connect(job_id, after=0)
    for message in socket:
        if "Hanging" in message:
            break
    return job_id, socket


@contextmanager
def nobody_restarts(stack: "Stack") -> Iterator[None]:
    """Hold the supervisor, so that what dies stays dead."""
    stack.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        stack.process.send_signal(signal.SIGCONT)


def lost(client: Client, job_id: str, socket: ClientConnection) -> int:
    """Wait for the one error of a lost job; returns its id."""
    began_s = time.monotonic()
    told = drain(socket)
    assert time.monotonic() - began_s < TOLD_WITHIN_S
    assert [message["type"] for message in told.messages] == ["error"]
    error = told.last["error"]
    assert (error["code"], error["retryable"]) == ("worker_lost", True)
    assert error["stage"] == "separation"
    assert told.close_code == 1000
    assert client.job(job_id)["last_event_id"] == told.ids[-1]
    return told.ids[-1]


def test_a_worker_and_its_flow_that_die_together_are_one_error(
    client: Client, make_recording: Callable[..., Path], stack: "Stack"
) -> None:
    """[J6] [J5] SIGKILL for both and nobody who restarts them; once one does, a retry completes."""
    job_id, socket = begun(client, stack, make_recording(seed=301))
    with nobody_restarts(stack), socket:
        (flow,) = stack.flows()
        for worker in stack.workers():
            worker.kill()
        flow.kill()
        last_id = lost(client, job_id, socket)
    client.retry(job_id)
    again = client.watch(job_id, after=last_id)
    assert again.last["type"] == "completed"
    assert again.of_type("error") == []
    assert {message["attempt"] for message in again.messages} == {2}
    assert stack.states_in_prefect(job_id) == ["Crashed", "Completed"]
    assert [path for path in stack.data_dir.rglob("scorewire-*-*") if path.is_dir()] == []


def test_a_process_that_was_only_stopped_ends_when_it_wakes_up(
    client: Client, make_recording: Callable[..., Path], stack: "Stack"
) -> None:
    """[J6] [J3] Its job is given up meanwhile; it adds nothing, and makes room for the retry."""
    job_id, socket = begun(client, stack, make_recording(seed=302))
    (flow,) = stack.flows()
    with socket:
        flow.suspend()
        last_id = lost(client, job_id, socket)
    client.retry(job_id)
    flow.resume()
    flow.wait(GONE_S)
    again = client.watch(job_id, after=last_id)
    assert again.last["type"] == "completed"
    assert again.of_type("error") == []
    assert {message["attempt"] for message in again.messages} == {2}
    assert stack.states_in_prefect(job_id) == ["Cancelled", "Completed"]
