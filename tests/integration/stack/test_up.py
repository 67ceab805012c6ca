"""`scorewire up` as a process: what it says, what it survives, what it leaves behind."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest

from scorewire.settings import Settings, inherited_environment
from scorewire.stack.process import alive, marked
from scorewire.stack.state import StackState, read_state

READY_S = 180.0
RECOVERY_S = 60.0


@dataclass
class Up:
    """A running `scorewire up`.

    Attributes:
        process: the supervisor.
        data_dir: its data folder.
        said: the file that its standard error goes to.
        state: what it publishes.
    """

    process: subprocess.Popen[bytes]
    data_dir: Path
    said: Path
    state: StackState

    def ready(self) -> bool:
        """Whether the API says that it can take work."""
        try:
            return httpx.get(f"{self.state.api_url}/health/ready", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def part(self, command: str) -> psutil.Process:
        """The process of the part that has this word in its command."""
        (process,) = [
            child
            for child in psutil.Process(self.process.pid).children()
            if command in " ".join(child.cmdline())
        ]
        return process


def start(data_dir: Path, said: Path, **settings: str) -> subprocess.Popen[bytes]:
    """Start `scorewire up` on any free ports."""
    ports = {"SCOREWIRE_PORT": "0", "SCOREWIRE_PREFECT_PORT": "0"}
    environment = {
        **inherited_environment(),
        **ports,
        "SCOREWIRE_DATA_DIR": str(data_dir),
        **settings,
    }
    with said.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "scorewire.cli", "up"], env=environment, stderr=file
        )


def wait_until(condition: Callable[[], object], timeout_s: float) -> None:
    """Wait until the condition holds."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come about in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def up(open_folder: Path) -> Iterator[Up]:
    """A running stack with everything in it."""
    data_dir, said = open_folder / "up", open_folder / "up.said"
    process = start(data_dir, said)
    try:
        wait_until(lambda: read_state(data_dir) or process.poll() is not None, READY_S)
        state = read_state(data_dir)
        assert state is not None, said.read_text()
        yield Up(process, data_dir, said, state)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)


def test_it_says_where_everything_is(up: Up) -> None:
    """The ready line names the page first, then API and Prefect, and they answer there."""
    (line,) = [line for line in up.said.read_text().splitlines() if "is ready: page" in line]
    assert f"ready: page {up.state.api_url}, API {up.state.api_url}/api/v1," in line
    assert up.state.prefect_ui_url in line
    assert str(up.data_dir / "prefect_login") in line
    assert up.ready()


def test_prefect_is_closed_to_strangers(up: Up) -> None:
    """Prefect's API refuses whoever has no login, as any web page would be; the file's opens it."""
    url = f"{up.state.prefect_ui_url}/api/work_pools/gpu"
    assert httpx.get(url).status_code == httpx.codes.UNAUTHORIZED
    user, _, password = (up.data_dir / "prefect_login").read_text().partition(":")
    assert httpx.get(url, auth=(user, password)).json()["type"] == Settings().worker


def test_a_second_one_on_the_folder_is_refused(up: Up, tmp_path: Path) -> None:
    """It ends with one sentence that says where the first one is, which goes on."""
    second = start(up.data_dir, tmp_path / "said")
    assert second.wait(30) == 1
    assert (
        f"already runs on {up.data_dir}: see {up.state.api_url}" in (tmp_path / "said").read_text()
    )
    assert up.ready()


def test_only_its_own_processes_can_read_its_secrets(up: Up) -> None:
    """Logs and secrets are readable by their owner alone, and no command line has a password."""
    for path in [*(up.data_dir / "logs").iterdir(), up.data_dir / "prefect_login"]:
        assert path.stat().st_mode & 0o077 == 0, path
    login = (up.data_dir / "prefect_login").read_text().partition(":")[2]
    database = (up.data_dir / "postgres" / "password").read_text()
    for process in psutil.Process(up.process.pid).children(recursive=True):
        words = " ".join(process.cmdline())
        assert login not in words
        assert database not in words


@pytest.mark.parametrize(("name", "command"), [("api", "bridge.server"), ("postgres", "postgres")])
def test_a_killed_part_comes_back(up: Up, name: str, command: str) -> None:
    """After a kill -9 of a part the stack is ready again, at the same addresses."""
    victim = up.part(command)
    victim.kill()
    wait_until(lambda: not alive(victim), 10)
    wait_until(lambda: f"{name} is back" in up.said.read_text(), RECOVERY_S)
    wait_until(up.ready, RECOVERY_S)
    assert read_state(up.data_dir) == up.state


def test_a_stop_leaves_nothing(up: Up) -> None:
    """SIGTERM ends it in a few seconds with exit code 0, and takes all its processes along."""
    processes = psutil.Process(up.process.pid).children(recursive=True)
    assert len(processes) > 4
    began_s = time.monotonic()
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(60) == 0
    assert time.monotonic() - began_s < 30
    assert [process for process in processes if alive(process)] == []
    assert marked(f"{up.data_dir}#") == []
    assert read_state(up.data_dir) is None
    assert not (up.data_dir / "tmp").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_a_killed_supervisor_takes_its_parts_along(open_folder: Path) -> None:
    """A kill -9 of the supervisor itself ends what it had started, and the next start works."""
    data_dir, said = open_folder / uuid4().hex, open_folder / "killed.said"
    process = start(data_dir, said)
    wait_until((data_dir / "logs" / "prefect.log").exists, READY_S)
    parts = psutil.Process(process.pid).children(recursive=True)
    assert parts
    process.kill()
    process.wait()
    wait_until(lambda: not any(map(alive, parts)), 30)

    process = start(data_dir, said)
    wait_until(lambda: "postgres is ready" in said.read_text(), READY_S)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


def test_a_port_in_use_is_told_before_anything_starts(open_folder: Path, tmp_path: Path) -> None:
    """The sentence names the port and its setting, and no cluster was made."""
    data_dir = open_folder / uuid4().hex
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(data_dir, tmp_path / "said", SCOREWIRE_PREFECT_PORT=str(port))
        assert process.wait(30) == 1
    said = (tmp_path / "said").read_text()
    assert f"Port {port} is in use" in said
    assert "SCOREWIRE_PREFECT_PORT" in said
    assert not (data_dir / "postgres").exists()


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    """With an address of one's own, the sentence names the setting and no Postgres is started."""
    url = "postgresql://me:hunter2@127.0.0.1:1/scores"
    process = start(tmp_path / "data", tmp_path / "said", SCOREWIRE_DATABASE_URL=url)
    assert process.wait(30) == 1
    said = (tmp_path / "said").read_text()
    assert "SCOREWIRE_DATABASE_URL" in said
    assert "hunter2" not in said
    assert not (tmp_path / "data" / "postgres").exists()


def test_listening_beyond_loopback_is_warned_of(tmp_path: Path) -> None:
    """Whoever opens the API to other machines is told so."""
    url = "postgresql://me@127.0.0.1:1/scores"
    settings = {"SCOREWIRE_HOST": "0.0.0.0", "SCOREWIRE_DATABASE_URL": url}  # noqa: S104 - the very case
    process = start(tmp_path / "data", tmp_path / "said", **settings)
    assert process.wait(30) == 1
    assert "Warning: the API listens on 0.0.0.0" in (tmp_path / "said").read_text()
