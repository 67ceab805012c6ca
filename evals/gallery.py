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

from scorewire.music.engraving import first_page

PICTURES = Path(__file__).parents[1] / "docs" / "gallery"
WIDTH = 900
ENDINGS = {".flac", ".mp3", ".ogg", ".wav"}


def draw(recording: Path) -> str:
    """The first page of a recording's score, as SVG."""
    with TemporaryDirectory() as folder:
        score = Path(folder) / "score.musicxml"
        command = [Path(sys.executable).with_name("scorewire"), "convert", recording]
        subprocess.run([*command, "--musicxml", score, "--separation", "none"], check=True)  # noqa: S603 - our own command
        return f"{first_page(score.read_bytes(), WIDTH)}\n"


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
            (given.to / f"{recording.stem}.svg").write_text(draw(recording))


if __name__ == "__main__":
    main()
