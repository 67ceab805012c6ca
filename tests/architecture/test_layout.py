"""The house rules that no linter knows."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_LINES = 300
MIN_REASON_WORDS = 3
TOP_LEVEL = {
    "api", "bench", "bridge", "docs", "evals", "flows", "migrations", "samples", "scorewire",
    "tests", "web", "deploy", ".ci",
}  # fmt: skip


def tracked(suffix: str) -> list[Path]:
    """The repository's own files with a suffix."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", f"*{suffix}"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def test_the_files_are_found():
    """Guard of the guards: an empty listing would let every other test here pass."""
    assert len(tracked(".py")) > 50


def test_no_file_is_longer_than_300_lines():
    """A longer file has more than one responsibility."""
    too_long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked(".py")
        if (lines := len(path.read_text().splitlines())) > MAX_LINES
    }
    assert too_long == {}


def test_every_folder_at_the_top_is_known():
    """A new room at the top is a decision, recorded here and in docs/architecture.md."""
    folders = {path.relative_to(ROOT).parts[0] for path in tracked("") if path.parent != ROOT}
    assert folders <= TOP_LEVEL


def test_every_test_says_what_it_proves():
    """A test's docstring is its specification."""
    silent = [
        f"{path.relative_to(ROOT)}::{node.name}"
        for path in tracked(".py")
        if path.name.startswith("test_")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("path", tracked("requirements.lock") + tracked("package-lock.json"))
def test_lock_files_name_no_host(path: Path):
    """A lock file must serve whichever mirror its user has; npm adds whom one may fund."""
    text = re.sub(r'"url": "[^"]*"|"funding": \[[^]]*\]', "", path.read_text())
    assert "://" not in text


def test_no_suppression_without_a_reason():
    """`noqa` and `type: ignore` are followed by a sentence that says why."""
    suppression = re.compile(
        r"#\s*(?:noqa|type: ignore)(?:\[[\w,-]+\]|:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?(.*)"
    )
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked(".py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := suppression.search(line)) and len(found[1].split()) < MIN_REASON_WORDS
    ]
    assert bare == []
