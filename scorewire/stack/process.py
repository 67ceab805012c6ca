"""One child process: started, watched through its log, and stopped with all of its descendants."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from scorewire.stack.privileges import ServiceUser

MARKER = "SCOREWIRE_STACK_PART"
"""Environment variable that marks every descendant of a program, wherever it was reparented to."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_LOG_TAIL_BYTES = 4096
_KILL_TIMEOUT_S = 5.0

# Looked up before any fork: between fork and exec nothing may be loaded or allocated needlessly.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What to run.

    Attributes:
        name: for logs and messages.
        command: the program and its arguments.
        environment: its whole environment.
        log_path: file that standard output and error are appended to.
        marker: value of `MARKER`, unique to this program and installation.
        folder: its working directory.
        stdin: what it reads, for secrets that no process list may show.
        user: the user to run as; None for the current one.
        stop_signal: what asks the program to end.
        grace_s: how long it may take to do so before it is killed.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    log_path: Path
    marker: str
    folder: Path = Path("/")
    stdin: str = field(default="", repr=False)
    user: ServiceUser | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0


class ChildProcess:
    """A running program in a session of its own, so that a terminal's Ctrl-C does not reach it.

    On Linux the program gets its `stop_signal` when the thread that started it ends, however that
    happens; start it from the main thread.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id, or None before the first start."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether the program was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the program; its log is appended to.

        Raises:
            OSError: the program cannot be run.
        """
        program = self.program
        user = program.user
        log = open_log(program.log_path)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *program.command,
                env={**program.environment, MARKER: program.marker},
                cwd=program.folder,
                stdin=asyncio.subprocess.PIPE if program.stdin else asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
                preexec_fn=die_with_parent(program.stop_signal),
            )
        finally:
            os.close(log)
        if self._process.stdin is not None:
            self._process.stdin.write(program.stdin.encode())
            self._process.stdin.close()

    async def wait(self) -> int:
        """Wait until the program ends; returns its exit status, negative for a signal."""
        if self._process is None:
            msg = f"{self.program.name} was not started"
            raise RuntimeError(msg)
        return await self._process.wait()

    async def stop(self) -> None:
        """End the program and everything that it started; returns when nothing of it is left."""
        process = self._process
        if process is None:
            return
        descendants = _descendants(process.pid) if process.returncode is None else []
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(self.program.stop_signal)
            try:
                await asyncio.wait_for(process.wait(), self.program.grace_s)
            except TimeoutError:
                descendants += _descendants(process.pid)
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        kill([*descendants, *marked(self.program.marker)])

    def log_tail(self, lines: int = 5) -> str:
        """The last lines of the program's log."""
        return log_tail(self.program.log_path, lines)


def open_log(path: Path) -> int:
    """Open a log for appending, readable by its owner alone; returns the file descriptor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def log_tail(path: Path, lines: int) -> str:
    """The last lines of a log, empty where there is none."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - _LOG_TAIL_BYTES))
            text = log.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """Make what runs in the child before its program: defaults for signals, death with the parent.

    It runs after the change of user, which would clear the parent-death signal.
    """
    parent = os.getpid()

    def prepare() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)
        if _prctl is not None:
            _prctl(_PR_SET_PDEATHSIG, int(stop_signal))
            if os.getppid() != parent:  # the parent died before the request was in place
                os._exit(1)

    return prepare


def name_process(name: str) -> None:
    """Call this process something else in `ps` than its program, in at most 15 bytes (on Linux)."""
    if _prctl is not None:
        _prctl(_PR_SET_NAME, name.encode())


def marked(prefix: str) -> list[psutil.Process]:
    """Live processes whose environment carries `MARKER` with a value that starts like this.

    Finds what a dead program left behind, also where init has adopted it. Processes of other
    users cannot be looked into and are not ours.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            value = process.environ().get(MARKER, "")
            if value.startswith(prefix) and process.pid != os.getpid():
                found.append(process)
    return found


def kill(processes: list[psutil.Process]) -> None:
    """Kill processes and wait until they have ended.

    Safe against reused numbers: psutil compares when a process was started.
    """
    for process in processes:
        with suppress(psutil.Error):
            process.kill()
    deadline_s = time.monotonic() + _KILL_TIMEOUT_S
    while any(map(alive, processes)) and time.monotonic() < deadline_s:
        time.sleep(0.01)


def alive(process: psutil.Process) -> bool:
    """Whether it runs; one that has ended, and that its parent did not fetch yet, does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
