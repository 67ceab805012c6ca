"""A Postgres server of our own in a folder: no installation, no system user, no fixed port.

It listens on loopback with a password, and on nothing else: a socket file's path would have to
stay under 108 bytes. Rows that were acknowledged survive a kill -9 of the server and of whoever
started it.
"""

import asyncio
import signal
import time
from pathlib import Path

from scorewire.errors import StackFailedError
from scorewire.stack.binaries.install import find_or_install
from scorewire.stack.cluster import ENVIRONMENT, ROLE, Cluster
from scorewire.stack.ports import LOOPBACK, free_port
from scorewire.stack.process import ChildProcess, Program
from scorewire.store import admin

_START_TIMEOUT_S = 60.0
_RETRY_INTERVAL_S = 0.1
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "log_timezone": "UTC",
}

# A server killed a moment ago: its backends have not noticed yet, or its port is taken over.
_PASSING_FAILURES = ("pre-existing shared memory block", "Address already in use")


class EmbeddedPostgres:
    """A cluster in a folder, and the server process that serves it while started.

    Args:
        folder: where the cluster is kept; created if missing.
        port: the TCP port on loopback; 0 picks a free one at each start.
        log_path: the server's log; `postgres.log` in the folder by default.
    """

    name = "postgres"

    def __init__(self, folder: Path, port: int = 0, *, log_path: Path | None = None) -> None:
        self.port = port
        self._asked_port = port
        self._cluster = Cluster(folder)
        self._log_path = log_path or self._cluster.folder / "postgres.log"
        self._password = ""
        self._child: ChildProcess | None = None

    @property
    def child(self) -> ChildProcess:
        """The server process, after a start."""
        if self._child is None:
            msg = "Postgres was not started"
            raise RuntimeError(msg)
        return self._child

    def url(self, database: str = "postgres") -> str:
        """The address of a database: `postgresql://role:password@host:port/database?…`."""
        # Loopback needs no TLS; saying so spares each connection a question and a search for keys.
        server = f"{ROLE}:{self._password}@{LOOPBACK}:{self.port}"
        return f"postgresql://{server}/{database}?sslmode=disable"

    async def start(self) -> None:
        """Make the cluster if there is none, start the server, wait until it takes connections.

        A server that died is started again on its port. Call it from the main thread: the server
        ends when the thread that started it does.

        Raises:
            PostgresMissingError: no programs, or none of the cluster's version.
            StackFailedError: the folder is in use or unreachable, or the server does not start.
        """
        if self._child is None:
            self._cluster.lock()
            try:
                self._child = ChildProcess(await self._prepare())
            except BaseException:
                self._cluster.unlock()
                raise
        await self._cluster.end_orphan()
        await self._start_child(_START_TIMEOUT_S)

    async def wait(self) -> int:
        """Wait until the server ends; returns its exit status, negative for a signal."""
        return await self.child.wait()

    async def stop(self) -> None:
        """Stop the server (a fast shutdown: open transactions are rolled back)."""
        if self._child is not None:
            await self._child.stop()
            self._child = None
        self._cluster.unlock()

    async def create_databases(self, *names: str) -> None:
        """Create those of the databases that do not exist yet."""
        await admin.create_databases(self.url(), names)

    def log_tail(self) -> str:
        """The last lines of the server's log."""
        return self.child.log_tail()

    async def _prepare(self) -> Program:
        cluster = self._cluster
        user = cluster.service_user()
        binaries = await asyncio.to_thread(find_or_install, cluster.major())
        programs = cluster.reachable_programs(binaries, user)
        if cluster.major() is None:
            cluster.create(programs, binaries.major, user)
        self._password = cluster.password()
        self.port = self._asked_port or free_port()
        settings = _SETTINGS | {"port": str(self.port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Program(
            name=self.name,
            command=(str(programs / "postgres"), "-D", str(cluster.data), *options),
            environment=ENVIRONMENT,
            log_path=self._log_path,
            marker=f"{cluster.data}#postgres",
            user=user,
            stop_signal=signal.SIGINT,
            grace_s=20.0,
        )

    async def _start_child(self, timeout_s: float) -> None:
        deadline_s = time.monotonic() + timeout_s
        while True:
            await self.child.start()
            ready = asyncio.create_task(admin.wait_until_ready(self.url(), timeout_s))
            ended = asyncio.create_task(self.child.wait())
            try:
                await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
                if self.child.running:
                    await ready
                    return
            finally:
                ready.cancel()
                ended.cancel()
            said = self.child.log_tail()
            passing = any(reason in said for reason in _PASSING_FAILURES)
            if not passing or time.monotonic() > deadline_s:
                msg = f"Postgres did not start; its log {self._log_path} ends with:\n{said}"
                raise StackFailedError(msg)
            await asyncio.sleep(_RETRY_INTERVAL_S)
