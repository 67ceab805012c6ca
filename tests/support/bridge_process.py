"""The bridge as a process of its own, which a test may stop or kill."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx

from scorewire.settings import inherited_environment
from scorewire.stack.ports import free_port

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60.0


class BridgeProcess:
    """`python -m bridge.server`, on a port that it keeps over restarts.

    Args:
        database_url: the database.
        processes: how many share the port.
    """

    def __init__(self, database_url: str, *, processes: int = 1) -> None:
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self._command = (
            sys.executable, "-m", "bridge.server", "bridge.app:from_environment",
            "--port", str(port), "--processes", str(processes),
        )  # fmt: skip
        self._environment = {
            **inherited_environment(),
            "SCOREWIRE_DATABASE_URL": database_url,
            "SCOREWIRE_CONNECTIONS_PER_MINUTE": "0",
            "SCOREWIRE_MAX_STREAMS_PER_ADDRESS": "1000",
            "SCOREWIRE_LOG_LEVEL": "WARNING",
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start, and wait until it is ready; its listener listens by then."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, env=self._environment, cwd=ROOT, start_new_session=True
        )
        async with asyncio.timeout(START_TIMEOUT_S), httpx.AsyncClient() as http:
            while not await self._ready(http):
                assert self._process.returncode is None, "the bridge ended at its start"
                await asyncio.sleep(0.05)

    async def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Stop it, and return its exit status; one that does not run is left alone."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        # A kill takes those who share its port along, as a container's end would.
        (os.killpg if by is signal.SIGKILL else os.kill)(process.pid, by)
        return await process.wait()

    async def _ready(self, http: httpx.AsyncClient) -> bool:
        try:
            return (await http.get(f"http://{self.address}/health/ready")).status_code == 200
        except httpx.TransportError:
            return False
