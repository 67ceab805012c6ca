"""Swagger UI, which shows the API's documentation without a request to any other host.

`python -m scorewire.stack.swagger_ui` installs it once, from npm's `swagger-ui-dist`. Everything
else works without it.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import platformdirs

from scorewire.errors import StackFailedError
from scorewire.stack.npm import NpmError, install_locked

VERSION = "5.35.0"
"""The npm package's version, as package.json pins it."""

INSTALL_HINT = "run python -m scorewire.stack.swagger_ui"

_PACKAGE = Path("node_modules/swagger-ui-dist")


def find() -> Path | None:
    """The folder with swagger-ui-bundle.js and swagger-ui.css, or None."""
    for place in install_folders():
        package = place / _PACKAGE
        if (package / "swagger-ui-bundle.js").is_file():
            return package
    return None


def install(folder: Path | None = None) -> Path:
    """Install the files, unless they are there already.

    Args:
        folder: where to; without it the first writable one of `install_folders()`.

    Raises:
        StackFailedError: npm is not there or failed, or no folder can be written.
    """
    if folder is None and (package := find()):
        return package
    try:
        return _install((folder,) if folder else install_folders())
    except (NpmError, OSError) as error:
        message = f"Swagger UI could not be fetched ({error}): check the network, and try again."
        raise StackFailedError(message) from error


def install_folders() -> tuple[Path, ...]:
    """Where an installation may lie: the Python environment, then the user's cache."""
    name = f"swagger-ui-{VERSION}"
    return (
        Path(sys.prefix) / "share" / "scorewire" / name,
        platformdirs.user_cache_path("scorewire") / name,
    )


def _install(folders: tuple[Path, ...]) -> Path:
    target = _writable(folders)
    work = Path(tempfile.mkdtemp(prefix=".swagger-ui-", dir=target.parent))
    try:
        install_locked(Path(__file__).parent, work)
        work.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target / _PACKAGE


def _writable(folders: tuple[Path, ...]) -> Path:
    *preferred, last = folders
    for folder in preferred:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent):
                return folder
        except OSError:
            continue
    last.parent.mkdir(parents=True, exist_ok=True)
    return last
