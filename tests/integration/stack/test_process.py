"""Child processes, with real small programs."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from scorewire.stack.process import MARKER, ChildProcess, Program, alive, kill, log_tail, marked

SLEEP = "import time; time.sleep(600)"
# Starts a grandchild in a session of its own, says its number, and waits.
FAMILY = (
    "import subprocess, sys, time\n"
    f"child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}], start_new_session=True)\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(600)\n"
)
STUBBORN = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('deaf', flush=True)\n"
    "time.sleep(600)\n"
)


def python(code: str, folder: Path, **changes: object) -> Program:
    """A program that is a piece of Python."""
    values: dict[str, object] = {
        "name": "piece",
        "command": (sys.executable, "-c", code),
        "environment": {"PATH": os.defpath},
        "log_path": folder / "piece.log",
        "marker": f"{folder}#piece-{uuid4().hex}",
    }
    return Program(**(values | changes))  # type: ignore[arg-type] # the values fit by their names


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until it holds; the caller sets the limit."""
    while not condition():
        time.sleep(0.02)


async def first_line(child: ChildProcess) -> str:
    """What the program prints first, as soon as it is in the log."""
    while not (text := child.log_tail()):
        assert child.running, "it ended without a word"
        await asyncio.sleep(0.02)
    return text.splitlines()[0]


async def test_output_goes_to_a_private_log(tmp_path: Path) -> None:
    """Standard output and error are appended to a file that only its owner reads."""
    program = python("import sys; print('out'); print('err', file=sys.stderr)", tmp_path)
    for _ in range(2):
        child = ChildProcess(program)
        await child.start()
        assert await child.wait() == 0
    assert sorted(child.log_tail(10).split()) == ["err", "err", "out", "out"]
    assert program.log_path.stat().st_mode & 0o777 == 0o600


async def test_standard_input_is_handed_over(tmp_path: Path) -> None:
    """A secret given as input reaches the program without standing in its arguments."""
    child = ChildProcess(python("print(input()[::-1])", tmp_path, stdin="terces\n"))
    await child.start()
    assert await child.wait() == 0
    assert child.log_tail() == "secret"


async def test_stop_takes_grandchildren_along(tmp_path: Path) -> None:
    """A grandchild in a session of its own is gone when stop returns."""
    child = ChildProcess(python(FAMILY, tmp_path))
    await child.start()
    grandchild = psutil.Process(int(await first_line(child)))
    await child.stop()
    assert not child.running
    assert not alive(grandchild)


async def test_stop_kills_what_does_not_listen(tmp_path: Path) -> None:
    """A program that ignores SIGTERM is killed after its grace."""
    child = ChildProcess(python(STUBBORN, tmp_path, grace_s=0.2))
    await child.start()
    await first_line(child)
    await child.stop()
    assert await child.wait() == -signal.SIGKILL


async def test_orphans_of_a_dead_program_are_found_by_their_mark(tmp_path: Path) -> None:
    """After a kill -9 of the program its adopted grandchild is still found, and killed."""
    program = python(FAMILY, tmp_path)
    child = ChildProcess(program)
    await child.start()
    grandchild = psutil.Process(int(await first_line(child)))
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()
    orphans = marked(program.marker)
    assert [orphan.pid for orphan in orphans] == [grandchild.pid]
    await child.stop()
    assert not alive(grandchild)


async def test_a_mark_is_no_one_elses(tmp_path: Path) -> None:
    """A process with another mark, or none, is left alone."""
    child = ChildProcess(python(SLEEP, tmp_path))
    await child.start()
    kill(marked(f"{tmp_path}#other"))
    assert child.running
    await child.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
async def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    """A kill -9 of the parent stops the program, without anyone's help."""
    code = (
        "import asyncio, os, pathlib, sys\n"
        "from scorewire.stack.process import ChildProcess, Program\n"
        "async def main():\n"
        f"    program = Program('piece', (sys.executable, '-c', {SLEEP!r}), {{}},\n"
        "        pathlib.Path(sys.argv[1]), 'mark')\n"
        "    child = ChildProcess(program)\n"
        "    await child.start()\n"
        "    print(child.pid, flush=True)\n"
        "    await child.wait()\n"
        "asyncio.run(main())\n"
    )
    parent = ChildProcess(python(code, tmp_path, command=(sys.executable, "-c", code, "log")))
    await parent.start()
    child = psutil.Process(int(await first_line(parent)))
    assert parent.pid is not None
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    async with asyncio.timeout(5):
        await asyncio.to_thread(wait_for, lambda: not alive(child))


async def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A missing program is reported by start."""
    child = ChildProcess(python(SLEEP, tmp_path, command=("/no/such/program",)))
    with pytest.raises(FileNotFoundError):
        await child.start()
    await child.stop()


async def test_the_mark_reaches_the_program(tmp_path: Path) -> None:
    """The mark stands in the environment, which is otherwise exactly the one given."""
    code = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))"
    child = ChildProcess(python(code, tmp_path, environment={"A": "1"}))
    await child.start()
    await child.wait()
    assert child.log_tail() == str(["A", MARKER])


def test_the_tail_of_a_long_log_is_its_last_lines(tmp_path: Path) -> None:
    """Only the end of the file is read; a missing file has no lines."""
    log = tmp_path / "long.log"
    log.write_text("".join(f"line {number}\n\n" for number in range(100_000)))
    assert log_tail(log, 2) == "line 99998\nline 99999"
    assert log_tail(tmp_path / "missing.log", 2) == ""
