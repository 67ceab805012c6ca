"""The processes of a measurement: databases, the measured server and its helpers."""

import asyncio
import contextlib
import json
import os
import resource
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import psutil

from scorewire.settings import inherited_environment
from scorewire.stack.ports import LOOPBACK, free_port
from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.stack.process import ChildProcess, Program
from scorewire.store.migrate import migrate

FOLDER = Path(__file__).resolve().parent
SCOREWIRE = ("-m", "bridge.server", "bridge.app:from_environment", "--host", LOOPBACK)
"""What serves Scorewire's streams: the bridge alone."""

START_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 300.0
OPEN_FILES = 20_000
LINE_BYTES = 2**24


def raise_open_files() -> None:
    """Let this process and its children hold a connection, or two, for each watcher.

    Raises:
        SystemExit: this machine does not allow enough of them.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < OPEN_FILES:
        sys.exit(f"This needs {OPEN_FILES} open files but only {most} are allowed; see ulimit -Hn.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, most))


class Measured:
    """What a process and its children use.

    Args:
        pid: the process.
    """

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)

    def cpu_s(self) -> float:
        """User and system time since its start."""
        spent = [
            process.cpu_times()
            for process in (self._process, *self._process.children(recursive=True))
        ]
        return sum(times.user + times.system for times in spent)

    def memory_bytes(self) -> int:
        """Memory that is its own alone (USS)."""
        return int(self._process.memory_full_info().uss)


@dataclass(frozen=True)
class Backend:
    """What a design's events go through before they reach its server."""

    url: str
    measured: Measured


@dataclass(frozen=True)
class Server:
    """The measured process."""

    port: int
    measured: Measured


class Talker:
    """A child that answers each line of JSON with another."""

    def __init__(self, commands: asyncio.StreamWriter, answers: asyncio.StreamReader) -> None:
        self._commands = commands
        self._answers = answers

    async def hear(self) -> dict[str, Any]:
        """Take one answer.

        Raises:
            RuntimeError: the child has ended.
        """
        line = await asyncio.wait_for(self._answers.readline(), ANSWER_TIMEOUT_S)
        if not line:
            message = "A helper process ended; what it said stands above."
            raise RuntimeError(message)
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def ask(self, **command: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON holds
        """Send a command and take its answer."""
        self._commands.write(json.dumps(command).encode() + b"\n")
        await self._commands.drain()
        return await self.hear()


@contextlib.asynccontextmanager
async def talker(script: str, *arguments: str) -> AsyncIterator[Talker]:
    """Run one of this folder's scripts, which ends when its standard input does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(FOLDER / script),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
    )
    pipes = cast(
        "tuple[asyncio.StreamWriter, asyncio.StreamReader]", (process.stdin, process.stdout)
    )
    try:
        yield Talker(*pipes)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def running(
    name: str, command: Sequence[str], folder: Path, **extra: str
) -> AsyncIterator[int]:
    """Run a server within the block; yields its process id."""
    inherited = {
        name: value
        for name, value in inherited_environment().items()
        if not name.startswith("SCOREWIRE_")
    }
    child = ChildProcess(
        Program(
            name=name,
            command=tuple(command),
            environment=inherited | extra,
            log_path=folder / f"{name}.log",
            marker=f"{folder}#{name}",
            grace_s=5.0,
        )
    )
    await child.start()
    try:
        yield _pid(child)
    except BaseException:
        sys.stderr.write(child.log_tail())
        raise
    finally:
        await child.stop()


async def listening(port: int) -> None:
    """Wait until something listens.

    Raises:
        TimeoutError: nothing does.
    """
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError as error:
            if time.monotonic() > deadline_s:
                message = f"Nothing listens on port {port}."
                raise TimeoutError(message) from error
            await asyncio.sleep(0.05)
        else:
            return


@contextlib.asynccontextmanager
async def redis_backend(folder: Path) -> AsyncIterator[Backend]:
    """Run a Redis that keeps nothing.

    Raises:
        SystemExit: there is none on this machine.
    """
    program = shutil.which("redis-server")
    if program is None:
        sys.exit("redis-server is missing; on Debian and Ubuntu: apt-get install redis-server")
    port = free_port()
    options = {
        "bind": LOOPBACK,
        "port": str(port),
        "save": "",
        "appendonly": "no",
        "dir": str(folder),
        "maxclients": str(OPEN_FILES - 100),
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    async with running("redis", [program, *words], folder) as pid:
        await listening(port)
        yield Backend(f"redis://{LOOPBACK}:{port}/0", Measured(pid))


@contextlib.asynccontextmanager
async def postgres_backend(folder: Path) -> AsyncIterator[Backend]:
    """Run a Postgres with Scorewire's tables, as `scorewire up` does."""
    postgres = EmbeddedPostgres(folder / "postgres")
    await postgres.start()
    try:
        name = f"fanout_{uuid4().hex}"
        await postgres.create_databases(name)
        await asyncio.to_thread(migrate, postgres.url(name))
        yield Backend(postgres.url(name), Measured(_pid(postgres.child)))
    finally:
        await postgres.stop()


@contextlib.asynccontextmanager
async def serving(
    design: str, backend: Backend, folder: Path, heartbeat_s: float
) -> AsyncIterator[Server]:
    """Run the server of a design in one process of its own."""
    port = free_port()
    if design == "scorewire":
        command = (*SCOREWIRE, "--port", str(port))
        extra = {
            "SCOREWIRE_DATABASE_URL": backend.url,
            "SCOREWIRE_HEARTBEAT_S": str(heartbeat_s),
            "SCOREWIRE_CONNECTIONS_PER_MINUTE": "0",
            "SCOREWIRE_MAX_STREAMS": "100000",
            "SCOREWIRE_MAX_STREAMS_PER_ADDRESS": "100000",
        }
    else:
        script = str(FOLDER / "baseline.py")
        told = ("--redis-url", backend.url, "--heartbeat-s", str(heartbeat_s))
        command, extra = (script, "--port", str(port), *told), {}
    async with running(design, (sys.executable, *command), folder, **extra) as pid:
        await listening(port)
        yield Server(port, Measured(pid))


def _pid(child: ChildProcess) -> int:
    if child.pid is None:
        message = f"{child.program.name} was not started."
        raise RuntimeError(message)
    return child.pid


def load_average() -> float:
    """How many processes wanted a core in the last minute."""
    return os.getloadavg()[0]
