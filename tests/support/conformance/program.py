"""The API as a program of its own: to be killed, and to be looked at from outside."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import httpx
import psutil

from conformance.deployment import Deployment
from scorewire.settings import inherited_environment
from scorewire.stack.ports import free_port

READY_S = 60.0


class Program:
    """`python -m bridge.server api.app:from_environment`, always on the same port.

    Args:
        settings: `SCOREWIRE_…` and other variables of its environment.
        output: the file that takes all it writes.
    """

    def __init__(self, settings: dict[str, str], output: Path) -> None:
        self._port = free_port()
        self._environment = {**inherited_environment(), **settings}
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGKILL)

    @property
    def deployment(self) -> Deployment:
        """Where it answers."""
        return Deployment(f"http://127.0.0.1:{self._port}", connections_per_minute=0, scripted=True)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "bridge.server", "api.app:from_environment"]
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [*command, "--port", str(self._port)],
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until_s = time.monotonic() + READY_S
        while time.monotonic() < until_s:
            assert self._process.poll() is None, self._output.read_text()
            try:
                httpx.get(f"{self.deployment.base_url}/health/live").raise_for_status()
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError

    def end(self, how: signal.Signals) -> int:
        """Send it a signal, and wait for its end; returns its exit code."""
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(timeout=30)

    def listens_on(self) -> set[str]:
        """The addresses that it can be reached by."""
        assert self._process is not None
        connections = psutil.Process(self._process.pid).net_connections("inet")
        return {each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN}
