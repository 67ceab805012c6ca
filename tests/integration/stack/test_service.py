"""Readiness, restart and giving up, with real small programs."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from scorewire.errors import StackFailedError
from scorewire.stack.process import Program, alive, marked
from scorewire.stack.service import RestartPolicy, Service, keep_running, run_once

QUICK = RestartPolicy(failures=3, window_s=60.0, first_delay_s=0.01, longest_delay_s=0.02)
# Writes its number to the file that its argument names, then waits.
SERVER = (
    "import os, pathlib, sys, time\n"
    "pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\n"
    "time.sleep(600)\n"
)


def program(folder: Path, code: str) -> Program:
    """A piece of Python that is told the file to write to when it serves."""
    return Program(
        name="piece",
        command=(sys.executable, "-c", code, str(folder / "pid")),
        environment={"PATH": os.defpath},
        log_path=folder / "piece.log",
        marker=f"{folder}#{uuid4().hex}",
    )


def service(folder: Path, code: str = SERVER, timeout_s: float = 20.0) -> Service:
    """A service that is ready once it has written its number."""

    async def is_ready() -> bool:
        return served_by(folder) is not None

    return Service(program(folder, code), is_ready, ready_timeout_s=timeout_s)


def served_by(folder: Path) -> int | None:
    """The number of the process that serves."""
    with suppress(OSError, ValueError, psutil.NoSuchProcess):
        pid = int((folder / "pid").read_text())
        return pid if alive(psutil.Process(pid)) else None
    return None


async def test_start_returns_once_it_serves(tmp_path: Path) -> None:
    """A start waits for the readiness of the program itself."""
    part = service(tmp_path)
    await part.start()
    assert served_by(tmp_path) is not None
    await part.stop()
    assert served_by(tmp_path) is None


async def test_a_start_that_ends_quotes_the_log(tmp_path: Path) -> None:
    """The message holds what the program said last."""
    part = service(tmp_path, "raise SystemExit('no room on the disk')")
    with pytest.raises(StackFailedError, match=r"piece ended before(.|\n)*no room on the disk"):
        await part.start()


async def test_a_start_that_never_gets_ready_is_stopped(tmp_path: Path) -> None:
    """Out of time, the program is ended and the start fails."""
    part = service(tmp_path, "import time; time.sleep(600)", timeout_s=0.3)
    with pytest.raises(StackFailedError, match=r"not ready within 0\.3 s"):
        await part.start()
    assert await part.wait() == -signal.SIGTERM


async def test_a_killed_part_is_started_again(tmp_path: Path) -> None:
    """After a kill -9 the part serves again, from a new process, and people are told."""
    part = service(tmp_path)
    await part.start()
    said: asyncio.Queue[str] = asyncio.Queue()
    keeper = asyncio.create_task(keep_running(part, QUICK, said.put_nowait))
    first = served_by(tmp_path)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert "ended with status -9" in await said.get()
    assert await said.get() == "piece is back"
    assert served_by(tmp_path) not in {None, first}
    keeper.cancel()
    await part.stop()


async def test_a_part_that_keeps_dying_is_given_up(tmp_path: Path) -> None:
    """After too many deaths the keeper fails, and quotes the log."""
    code = "print('the disk is full'); raise SystemExit(3)"
    part = service(tmp_path, SERVER)
    await part.start()
    keeper = asyncio.create_task(keep_running(part, QUICK, lambda _: None))
    # From now on it dies at once.
    part._child.program = program(tmp_path, code)  # noqa: SLF001 - a program cannot turn bad in a test otherwise
    pid = served_by(tmp_path)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(StackFailedError, match=r"failed 3 times(.|\n)*the disk is full"):
        await keeper


async def test_leftovers_of_the_last_life_are_cleared_first(tmp_path: Path) -> None:
    """What the dead program had started is gone before the program starts again."""
    code = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n" + SERVER
    )
    part = service(tmp_path, code)
    await part.start()
    first = served_by(tmp_path)
    assert first is not None
    (grandchild,) = psutil.Process(first).children()
    os.kill(first, signal.SIGKILL)
    await part.wait()
    assert alive(grandchild)
    await part.start()
    assert not alive(grandchild)
    await part.stop()


async def test_a_failed_step_is_told_with_its_log(tmp_path: Path) -> None:
    """A one-off program that fails raises with its last words; one that works does not."""
    await run_once(program(tmp_path, "pass"))
    bad = program(tmp_path, "raise SystemExit('no such table')")
    with pytest.raises(StackFailedError, match=r"piece failed(.|\n)*no such table"):
        await run_once(bad)


async def test_a_cancelled_step_leaves_nothing(tmp_path: Path) -> None:
    """Cancelling while a one-off program runs ends it."""
    slow = program(tmp_path, SERVER)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(run_once(slow), timeout=0.5)
    assert marked(slow.marker) == []


def test_waits_between_restarts_grow_to_a_limit() -> None:
    """Each further death doubles the wait, up to the longest."""
    policy = RestartPolicy(first_delay_s=0.5, longest_delay_s=3.0)
    assert [policy.delay_s(deaths) for deaths in (1, 2, 3, 4, 5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
