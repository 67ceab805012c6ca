"""Transcribe the recordings of a folder and draw the first page of each score.

    make gallery RECORDINGS=FOLDER          # into docs/gallery
    python evals/gallery.py FOLDER --to ELSEWHERE

Nothing is touched up, and nothing is said about the music: the pictures show what the defaults make
of a recording, without separation. docs/gallery/README.md says what each recording is.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from scorewire.music.engraving import Look, engrave

PICTURES = Path(__file__).parents[1] / "docs" / "gallery"
LOOK = Look(width=900)
ENDINGS = {".flac", ".mp3", ".ogg", ".wav"}
PAPER = '<rect width="100%" height="100%" style="fill: white; stroke: none"/>'
"""Verovio's pictures are transparent, and black notes are lost on a dark page."""


def first_page(recording: Path) -> str:
    """The first page of a recording's score, as SVG."""
    with TemporaryDirectory() as folder:
        score = Path(folder) / "score.musicxml"
        command = [Path(sys.executable).with_name("scorewire"), "convert", recording]
        subprocess.run([*command, "--musicxml", score, "--separation", "none"], check=True)  # noqa: S603 - our own command
        page = engrave(score.read_bytes(), LOOK).pages[0]
    before, defs, after = page.partition("<defs>")
    return f"{before}{PAPER}{defs}{after}\n"


def main() -> None:
    """Draw a page of each recording in a folder."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("recordings", type=Path, help="a folder")
    arguments.add_argument("--to", type=Path, default=PICTURES, help="folder of the pictures")
    given = arguments.parse_args()
    given.to.mkdir(parents=True, exist_ok=True)
    for recording in sorted(given.recordings.iterdir()):
        if recording.suffix in ENDINGS:
            sys.stdout.write(f"{recording.name}\n")
            (given.to / f"{recording.stem}.svg").write_text(first_page(recording))


if __name__ == "__main__":
    main()
