"""However a command is stopped, it cleans up and ends."""

import os
import pty
import signal
import sys
import time
from pathlib import Path

import pytest

COMMAND = """
import asyncio, pathlib, sys
from scorewire.cli.progress import display
from scorewire.cli.running import StoppedError, run
from scorewire.cli.terminal import say
folder = pathlib.Path(sys.argv[1])
async def work():
    try:
        with display():
            (folder / "began").touch()
            await asyncio.sleep(60)
    finally:
        say("Cleaning up")
        (folder / "cleaned").touch()
try:
    run(work())
except StoppedError:
    say("Stopped.")
    sys.exit(130)
"""


def wait_for(path: Path) -> None:
    """Wait until the file is there."""
    deadline_s = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline_s, f"{path} did not come about in time"
        time.sleep(0.02)


@pytest.mark.parametrize("how", ["ctrl-c", "twice", "terminate", "terminal closed"])
def test_a_stopped_command_cleans_up(tmp_path: Path, how: str) -> None:
    """Ctrl-C, SIGTERM and a terminal that is closed let it clean up, and it ends with 130."""
    pid, terminal = pty.fork()
    if pid == 0:
        command = [sys.executable, "-c", COMMAND, str(tmp_path)]
        os.execv(sys.executable, command)  # noqa: S606 - in the child of the fork above
    wait_for(tmp_path / "began")
    match how:
        case "ctrl-c":
            os.write(terminal, b"\x03")
        case "twice":
            os.write(terminal, b"\x03\x03")
        case "terminate":
            os.kill(pid, signal.SIGTERM)
        case _:
            os.close(terminal)
    wait_for(tmp_path / "cleaned")
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
