"""A worker's own figures, over a real port."""

import socket

import httpx
import pytest
from figures import Figures

from flows.warm.exporting import exporting
from scorewire.stack.ports import LOOPBACK, free_port


def test_runs_at_work_are_told() -> None:
    """As many as there are at the scrape, with the process's own figures; nobody listens after."""
    port, running = free_port(), [1, 2, 3]
    with exporting(LOOPBACK, port, lambda: len(running)):
        url = f"http://{LOOPBACK}:{port}/metrics"
        assert Figures(httpx.get(url).text).value("scorewire_worker_runs") == 3
        running.pop()
        told = Figures(httpx.get(url).text)
    assert told.value("scorewire_worker_runs") == 2
    assert told.value("process_resident_memory_bytes") > 0
    assert {"scorewire_gpu_memory_used_bytes", "scorewire_gpu_utilization_ratio"} <= {
        family.name for family in told.families
    }
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_without_a_port_nobody_listens() -> None:
    """The default; nothing is opened."""
    with exporting(LOOPBACK, 0, lambda: 0):
        pass


def test_a_worker_whose_port_is_taken_works_on(caplog: pytest.LogCaptureFixture) -> None:
    """It says so in its log, and runs unseen."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        with exporting(LOOPBACK, taken.getsockname()[1], lambda: 0):
            assert "is taken" in caplog.text
