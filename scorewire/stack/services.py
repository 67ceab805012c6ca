"""The programs that make up the stack: commands, readiness, and how long each may take to stop."""

import signal
import socket
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from scorewire.jobs.launching import (
    BULK_QUEUE,
    DEFAULT_QUEUE,
    INTERACTIVE_QUEUE,
    WORK_POOL,
)
from scorewire.stack.config import StackConfig, StackUrls
from scorewire.stack.environment import service_environment, without_keys
from scorewire.stack.ports import LOOPBACK
from scorewire.stack.process import Program
from scorewire.stack.service import Service, run_once

_PROBE_TIMEOUT_S = 5.0
# A flow that is stopped gets a moment to end its attempt; the next start recovers the rest.
_WORKER_GRACE_S = 6.0


class Services:
    """Makes each part of one stack.

    Args:
        config: how to run the stack.
        urls: where its parts are reached.
    """

    def __init__(self, config: StackConfig, urls: StackUrls) -> None:
        self._config = config
        self._urls = urls
        self._environment = service_environment(config, urls)

    async def migrate(self) -> None:
        """Bring the database to the newest version.

        Raises:
            StackFailedError: that failed.
        """
        program = self._module("migrate", "scorewire.store.migrate", "-")
        await run_once(replace(program, stdin=f"{self._urls.database}\n"))

    def prefect(self) -> Service:
        """The Prefect server, with its API and UI on loopback."""
        port = self._urls.prefect_ui.rpartition(":")[2]
        program = self._module(
            "prefect", "prefect", "server", "start", "--host", LOOPBACK, "--port", port
        )
        return Service(program, self._prefect_ready)

    def worker(self) -> Service:
        """The worker that runs transcriptions; each start recovers the runs of the last one."""
        queues = (INTERACTIVE_QUEUE, DEFAULT_QUEUE)
        return self._worker(
            "worker", self._config.worker, self._config.concurrent_runs, queues, first=()
        )

    def bulk_worker(self) -> Service:
        """The worker of bulk runs, one at a time: interactive ones never wait for its place.

        Such a run lasts, so there is nothing to gain from forking it. Start it after the other
        worker, whose first start provides for both.
        """
        return self._worker("bulk-worker", "process", 1, (BULK_QUEUE,), first=None)

    def _worker(
        self,
        part: str,
        kind: str,
        limit: int,
        queues: tuple[str, ...],
        *,
        first: tuple[str, ...] | None,
    ) -> Service:
        """A worker of some queues.

        Args:
            part: what it is called here.
            kind: its type, as Prefect knows it.
            limit: how many runs it has at a time.
            queues: of the work pool.
            first: the queues to recover before its first start; all where it is empty, and
                nothing is provided at all where it is None.
        """
        name = f"scorewire-{part.removesuffix('worker')}{socket.gethostname()}"
        program = self._module(
            part,
            "prefect",
            *("worker", "start", "--pool", WORK_POOL, "--name", name),
            *("--type", kind, "--limit", str(limit)),
            *(word for queue in queues for word in ("--work-queue", queue)),
            grace_s=_WORKER_GRACE_S,
        )
        started_at = datetime.now(UTC)
        recovered = first

        async def provision() -> None:
            nonlocal started_at, recovered
            if recovered is not None:
                await run_once(
                    self._module("provision", "flows.provision", "--recover", *recovered)
                )
            recovered = queues
            started_at = datetime.now(UTC)

        async def is_ready() -> bool:
            return await self._worker_seen_since(name, started_at)

        return Service(program, is_ready, prepare=provision)

    def api(self) -> Service:
        """The REST API, which also serves the live streams."""
        port = self._urls.api.rpartition(":")[2]
        program = self._module(
            "api",
            "bridge.server",
            *("api.app:from_environment", "--host", self._config.host, "--port", port),
        )

        async def is_ready() -> bool:
            return await _answers(f"{self._urls.api}/health/live")

        return Service(program, is_ready)

    async def serves(self) -> bool:
        """Whether the API says that it can take work."""
        return await _answers(f"{self._urls.api}/health/ready")

    async def _prefect_ready(self) -> bool:
        # /health answers as soon as the server does; /ready also asks its database.
        return await _answers(f"{self._urls.prefect_api}/ready", auth=self._auth)

    async def _worker_seen_since(self, name: str, since: datetime) -> bool:
        url = f"{self._urls.prefect_api}/work_pools/{WORK_POOL}/workers/filter"
        try:
            async with _client(self._auth) as client:
                workers = (await client.post(url, json={})).raise_for_status().json()
        except httpx.HTTPError:
            return False
        return any(
            worker["name"] == name and datetime.fromisoformat(worker["last_heartbeat_time"]) > since
            for worker in workers
        )

    @property
    def _auth(self) -> tuple[str, str]:
        user, _, password = self._urls.prefect_auth.partition(":")
        return user, password

    def _module(self, name: str, module: str, *arguments: str, grace_s: float = 5.0) -> Program:
        return Program(
            name=name,
            command=(sys.executable, "-m", module, *arguments),
            environment=self._environment if name == "api" else without_keys(self._environment),
            log_path=self._log(name),
            marker=self._config.marker(name),
            folder=self._config.data_dir,
            stop_signal=signal.SIGTERM,
            grace_s=grace_s,
        )

    def _log(self, name: str) -> Path:
        return self._config.logs / f"{name}.log"


async def _answers(url: str, auth: tuple[str, str] | None = None) -> bool:
    try:
        async with _client(auth) as client:
            return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False


def _client(auth: tuple[str, str] | None) -> httpx.AsyncClient:
    # Plain HTTP on this machine: without a caller's proxy, and without certificates, which take
    # long to load.
    return httpx.AsyncClient(auth=auth, timeout=_PROBE_TIMEOUT_S, trust_env=False, verify=False)  # noqa: S501 - no TLS here
