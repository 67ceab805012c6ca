"""Makes Python see only what the image `api` has: the project without its extra `worker`."""

import re
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement

_BLOCKER = """
import sys

class NotInTheImage:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"the image has no {name}", name=name)

MISSING = frozenset(%r)
sys.meta_path.insert(0, NotInTheImage())
"""


def write_blocker(folder: Path) -> Path:
    """Write a `sitecustomize.py`; Python applies it where the folder is on PYTHONPATH."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(_BLOCKER % sorted(missing_modules()))
    return folder


def missing_modules() -> set[str]:
    """Modules that are installed here for the extras alone."""
    there = needed_distributions("scorewire")
    return {
        module
        for module, owners in packages_distributions().items()
        if not {_canonical(owner) for owner in owners} & there
    }


def needed_distributions(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """A distribution and all that it needs on this machine, with some of its extras."""
    found: set[str] = set()
    asked: set[tuple[str, frozenset[str]]] = set()
    waiting = [(_canonical(name), extras)]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in asked:
            continue
        asked.add((name, extras))
        try:
            lines = distribution(name).requires or []
        except PackageNotFoundError:  # what set-up leaves out, as requirements.apart says
            continue
        found.add(name)
        for line in lines:
            needed = Requirement(line)
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)
            ):
                waiting.append((_canonical(needed.name), frozenset(needed.extras)))
    return found


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
