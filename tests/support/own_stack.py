"""`scorewire up` on a data folder of its own, as an operator starts it."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
