"""The gallery's pictures and the page that says where they come from."""

import re
import subprocess
import sys
from pathlib import Path

from sounds import write_study

ROOT = Path(__file__).parents[2]
GALLERY = ROOT / "docs" / "gallery"


def test_every_picture_is_named_with_its_licence():
    """Each picture stands in a section that names the recording's source and licence."""
    page = (GALLERY / "README.md").read_text()
    sections = page.split("\n## ")[1:]
    shown = {re.search(r"!\[[^\]]*\]\(([^)]+)\)", text)[1]: text for text in sections}
    assert shown.keys() == {path.name for path in GALLERY.glob("*.svg")}
    for text in shown.values():
        assert re.search(r"Public Domain|CC BY \d\.\d", text)
        assert "Recording:" in text


def test_the_command_draws_a_page_of_each_recording(tmp_path: Path):
    """A folder with a recording, and something else, gives one picture with its notes."""
    write_study(tmp_path / "study.flac", seed=3)
    (tmp_path / "notes.txt").write_text("no recording")
    command = [sys.executable, ROOT / "evals" / "gallery.py", tmp_path, "--to", tmp_path / "out"]
    subprocess.run(command, check=True, capture_output=True)
    [picture] = (tmp_path / "out").iterdir()
    assert picture.name == "study.svg"
    assert picture.read_text().count('class="note"') >= 8
