"""Ports, secrets, logs and the state file."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scorewire.errors import PortInUseError, StackFailedError
from scorewire.stack.logfiles import rotate_logs, shorten_logs
from scorewire.stack.ports import LOOPBACK, claim_port
from scorewire.stack.process import open_log
from scorewire.stack.secret import kept_login, read_secret, write_secret
from scorewire.stack.state import DataDirLock, StackState, read_state, remove_state, write_state


def test_a_port_in_use_is_named_with_its_setting() -> None:
    """The message says which port, and which variable changes it."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=rf"Port {port} .* SCOREWIRE_PORT"):
            claim_port(LOOPBACK, port, "SCOREWIRE_PORT")


def test_port_zero_picks_one_and_a_free_one_is_kept() -> None:
    """A picked port can be claimed itself afterwards."""
    port = claim_port(LOOPBACK, 0, "SCOREWIRE_PORT")
    assert port > 0
    assert claim_port(LOOPBACK, port, "SCOREWIRE_PORT") == port


def test_an_address_of_another_machine_is_refused() -> None:
    """Listening on an address that is not ours is a mistake in the settings."""
    with pytest.raises(StackFailedError, match="SCOREWIRE_HOST"):
        claim_port("192.0.2.1", 0, "SCOREWIRE_PORT")


def test_a_login_is_made_once_and_is_private(tmp_path: Path) -> None:
    """The second call gives the same login; only the owner can read the file."""
    path = tmp_path / "login"
    login = kept_login(path, user="scorewire")
    assert login.startswith("scorewire:")
    assert len(login) > 40
    assert kept_login(path, user="scorewire") == login
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["login"]


def test_secrets_are_replaced_whole(tmp_path: Path) -> None:
    """A new secret takes the old one's place; an empty file counts as none."""
    path = tmp_path / "secret"
    assert read_secret(path) is None
    write_secret(path, "one")
    write_secret(path, "two")
    assert read_secret(path) == "two"
    path.write_text("")
    assert read_secret(path) is None


def test_the_last_starts_logs_are_kept(tmp_path: Path) -> None:
    """A new start begins with empty logs, and the last ones lie beside them."""
    (tmp_path / "api.log").write_text("yesterday")
    rotate_logs(tmp_path)
    assert not (tmp_path / "api.log").exists()
    assert (tmp_path / "api.log.1").read_text() == "yesterday"


def test_a_long_log_is_emptied_under_its_writer(tmp_path: Path) -> None:
    """The writer goes on in the emptied file, without a hole at its start."""
    log = open_log(tmp_path / "api.log")
    os.write(log, b"x" * 100)
    shorten_logs(tmp_path, longest_bytes=1000)
    assert (tmp_path / "api.log").stat().st_size == 100
    shorten_logs(tmp_path, longest_bytes=99)
    os.write(log, b"new")
    os.close(log)
    assert (tmp_path / "api.log").read_bytes() == b"new"
    assert (tmp_path / "api.log.1").read_bytes() == b"x" * 100


def test_a_running_stack_is_found(tmp_path: Path) -> None:
    """What one process publishes another reads; once withdrawn there is nothing."""
    state = StackState(pid=os.getpid(), api_url="http://a", prefect_ui_url="http://p")
    assert read_state(tmp_path) is None
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state
    remove_state(tmp_path)
    assert read_state(tmp_path) is None


def test_the_file_of_a_killed_stack_counts_for_nothing(tmp_path: Path) -> None:
    """A state whose process is gone, or that is no state, is not believed."""
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                           capture_output=True, check=True)  # fmt: skip
    write_state(tmp_path, StackState(pid=int(ended.stdout), api_url="a", prefect_ui_url="p"))
    assert read_state(tmp_path) is None
    (tmp_path / "stack.json").write_text("{")
    assert read_state(tmp_path) is None


def test_one_stack_per_folder(tmp_path: Path) -> None:
    """A second one is refused, and told where the first is; afterwards it may run."""
    lock = DataDirLock(tmp_path)
    write_state(tmp_path, StackState(pid=os.getpid(), api_url="http://a", prefect_ui_url="p"))
    with pytest.raises(StackFailedError, match=r"already runs on .* see http://a"):
        DataDirLock(tmp_path)
    lock.release()
    DataDirLock(tmp_path).release()


def test_an_unusable_data_folder_is_told(tmp_path: Path) -> None:
    """A file in the folder's place is refused with the remedy."""
    (tmp_path / "file").touch()
    with pytest.raises(StackFailedError, match="SCOREWIRE_DATA_DIR"):
        DataDirLock(tmp_path / "file" / "data")
