"""What writing a score costs: the last stage against the recording's length, and against music21.

    make bench-writing ARGS="--recordings FOLDER"

Each recording is transcribed once. Its score is then written several times in this process, which
has imported all it needs, and the CPU time of the whole process is taken, so that a second core or
other people's work do not count. The baseline is what a script would do with basic-pitch's file:
music21 reads the same notes as MIDI, rounds them to its grid and writes MusicXML.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import music21

from scorewire.cli.wishes import checked_options
from scorewire.inference.loading import load_transcriber
from scorewire.jobs.options import Stem
from scorewire.media.link import Limits
from scorewire.pipeline.download import from_file
from scorewire.pipeline.musicxml import engrave
from scorewire.pipeline.transcription import transcribe
from scorewire.settings import Settings

SAMPLES = Path(__file__).parents[2] / "samples"
ENDINGS = {".flac", ".mp3", ".ogg", ".wav"}


def cpu_s(work: Callable[[], object], rounds: int) -> float:
    """Median of the CPU seconds that some work takes this process."""
    spans = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        spans.append(time.process_time() - begin)
    return statistics.median(spans)


def notate(midi: Path, folder: Path) -> None:
    """Have music21 write MIDI as MusicXML."""
    music21.converter.parse(midi, forceSource=True).write("musicxml", folder / "baseline.musicxml")


def main() -> None:
    """Measure each recording, and print shares of its length and the ratio of the two."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--recordings", type=Path, default=SAMPLES, help="searched for sound")
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    settings, options = Settings(), checked_options(recording="solo", instruments=(Stem.PIANO,))
    limits = Limits(settings.url_hosts, settings.max_upload_bytes, settings.max_duration_s)
    transcriber = load_transcriber(settings.transcriber, device="cpu", weights=None)
    shares, ratios = [], []
    for file in sorted(path for path in given.recordings.rglob("*") if path.suffix in ENDINGS):
        audio = from_file(file, options, limits, _silent).audio
        notes = transcribe({Stem.PIANO: audio}, options, transcriber, _silent)

        def write() -> bytes:
            return engrave(notes, options, title="", report=_silent).performance_midi  # noqa: B023 - called within this round

        with TemporaryDirectory() as name:
            midi = Path(name) / "notes.mid"
            midi.write_bytes(write())  # which also imports what is imported late
            notate(midi, Path(name))
            written_s = cpu_s(write, given.rounds)
            baseline_s = cpu_s(lambda: notate(midi, Path(name)), given.rounds)  # noqa: B023 - called within this round
        shares.append(written_s / audio.duration_s)
        ratios.append(written_s / baseline_s)
        count = sum(map(len, notes.values()))
        print(
            f"{file.relative_to(given.recordings)}: {audio.duration_s:.0f} s, {count} notes, "
            f"{written_s:.2f} s: {shares[-1]:.4f} of its length, {ratios[-1]:.2f} of music21's time"
        )
    print(f"share of the length: mean {statistics.mean(shares):.4f}, most {max(shares):.4f}")
    print(f"ratio to music21:    median {statistics.median(ratios):.2f}")


def _silent(_fraction: float, _message: str) -> None:
    """Tell nobody."""


if __name__ == "__main__":
    main()
