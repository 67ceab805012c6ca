"""`scorewire up` on a data folder of its own, as an operator starts it."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from scorewire.settings import inherited_environment
from scorewire.stack.state import read_state

READY_S = 400.0
STOP_S = 60.0
SUPPORT = Path(__file__).parent


@dataclass(frozen=True)
class OwnStack:
    """A running stack.

    Attributes:
        process: the supervisor, `scorewire up`.
        data_dir: its data folder.
        api_url: where its API answers.
        prefect: its Prefect server's API.
    """

    process: "subprocess.Popen[bytes]"
    data_dir: Path
    api_url: str
    prefect: httpx.Client

    def processes(self) -> list[psutil.Process]:
        """Everything that the stack started and that is still alive."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def flows(self, name: str = "transcribe") -> list[psutil.Process]:
        """What runs a flow of this name; without forks, any flow."""
        # A fork has the command line of what it was forked from, but a name of its own.
        return self._those(lambda p: p.name() == f"flow {name}" or "prefect.engine" in p.cmdline())

    def fork_servers(self) -> list[psutil.Process]:
        """What flows are forked from."""
        return self._those(
            lambda p: not p.name().startswith("flow ") and "flows.warm.server" in p.cmdline()
        )

    def workers(self) -> list[psutil.Process]:
        """What takes runs from Prefect."""
        return self._those(lambda p: "worker" in p.cmdline() and "--pool" in p.cmdline())

    def prefect_servers(self) -> list[psutil.Process]:
        """The Prefect server, all of it."""
        servers = self._those(lambda p: {"server", "start", "--port"} <= {*p.cmdline()})
        return [process for s in servers for process in (s, *s.children(recursive=True))]

    def postgres(self) -> list[psutil.Process]:
        """The process that all others of Postgres belong to."""
        return self._those(lambda p: "postgres" in p.name() and "postgres" not in _parent_name(p))

    def apis(self) -> list[psutil.Process]:
        """The API, with the bridge in it."""
        return self._those(lambda p: "api.app:from_environment" in p.cmdline())

    def _those(self, belongs: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
        found = []
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):  # it ended since it was listed
                if belongs(process):
                    found.append(process)
        return found


def _parent_name(process: psutil.Process) -> str:
    parent = process.parent()
    return "" if parent is None else parent.name()


@contextmanager
def own_stack(data_dir: Path, settings: Mapping[str, str] | None = None) -> Iterator[OwnStack]:
    """Run a stack for the length of the block, with environment variables other than usual.

    Raises:
        RuntimeError: it does not become ready; it has said why.
    """
    environment = {
        **inherited_environment(),
        "SCOREWIRE_DATA_DIR": str(data_dir),
        "SCOREWIRE_PORT": "0",
        "SCOREWIRE_PREFECT_PORT": "0",
        # One address plays all who watch and submit here.
        "SCOREWIRE_CONNECTIONS_PER_MINUTE": "0",
        "SCOREWIRE_SUBMISSIONS_PER_MINUTE": "0",
        "PYTHONPATH": str(SUPPORT),
        **(settings or {}),
    }
    command = [sys.executable, "-m", "scorewire.cli", "up"]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        until_s = time.monotonic() + READY_S
        while (state := read_state(data_dir)) is None:
            if process.poll() is not None or time.monotonic() > until_s:
                message = "`scorewire up` did not become ready."
                raise RuntimeError(message)
            time.sleep(0.1)
        user, _, password = (data_dir / "prefect_login").read_text().strip().partition(":")
        url = f"{state.prefect_ui_url}/api/"
        with httpx.Client(base_url=url, auth=(user, password), timeout=30) as prefect:
            yield OwnStack(process, data_dir, state.api_url, prefect)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_S)


@contextmanager
def own_folder(purpose: str) -> Iterator[Path]:
    """A folder for the length of the block."""
    folder = Path(tempfile.mkdtemp(prefix=f"scorewire-{purpose}-"))
    # The user that Postgres runs as, where root starts it, must be able to pass through.
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
