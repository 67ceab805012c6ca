"""Take one step of the way to a score out at a time, and measure what is left.

    make ablations KIT=../eval             # the table of docs/score.md

Every recording is listened to once; each row then writes all of them without one of the steps.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
from hearing import RememberingTranscriber, silent
from run import judge

from scorewire.audio import Audio
from scorewire.inference.decoding import Matrix
from scorewire.inference.ghosts import Decoded
from scorewire.jobs.options import Options, Stem
from scorewire.media.decode import decode
from scorewire.music.accents import Event
from scorewire.music.barlines import gather_onsets
from scorewire.music.beats import PLAYINGS, BeatTrack
from scorewire.music.divisions import Divisions
from scorewire.music.evidence import Onsets
from scorewire.music.grid import GridNote
from scorewire.music.hands import LEFT, RIGHT
from scorewire.music.key import Key
from scorewire.music.layout import Bar
from scorewire.music.note_values import Sounding
from scorewire.music.notes import ScoreNote
from scorewire.music.value_weights import WEIGHTS
from scorewire.pipeline.musicxml import engrave
from scorewire.pipeline.transcription import transcribe

WAYS = ("metro", "human", "rubato")
FIGURE = "right_note_f1"
MIDDLE_C = 60
VOICE_PIECES = (8, 9)
"""Of the evidence for an end, what other notes of the staff say."""

LONGEST_S = 3600.0


def _all_of_them(notes: Sequence[Decoded], _threshold: float) -> Sequence[Decoded]:
    return notes


def _all_of_it(_onsets: Matrix) -> float:
    return 1.0


def _unstressed(track: BeatTrack, events: Sequence[Event]) -> Onsets:
    found = gather_onsets(track, events)
    return replace(found, velocities=np.zeros(len(found.ticks)))


class _Known:
    """In place of a method: what was read is not followed again."""

    odds = 0.0

    def __init__(self, read: BeatTrack) -> None:
        self.read = read


def _as_tracked(
    track: BeatTrack, _staves: Sequence[Sequence[GridNote]]
) -> tuple[BeatTrack, Divisions]:
    """Onsets on the tracker's places, or the nearest that can be written without triplets."""
    bar = track.meter.bar_ticks
    ticks = track.ticks - track.ticks[0] // bar * bar
    written = [Divisions().nearest(float(tick)) for tick in ticks]
    return replace(track, ticks=np.array(written)), Divisions()


def _at_middle_c(notes: Sequence[GridNote]) -> list[int]:
    return [RIGHT if note.pitch >= MIDDLE_C else LEFT for note in notes]


def _end_as_heard(_values: object, note: Sounding, end: int, _later: object) -> float:
    return abs(note.onset + note.played - end)


def _no_pedal(_notes: Sequence[GridNote]) -> float:
    return 0.0


def _without(*pieces: int) -> tuple[float, ...]:
    return tuple(0.0 if piece in pieces else cost for piece, cost in enumerate(WEIGHTS))


def _in_c(_notes: Sequence[ScoreNote], bars: Sequence[Bar]) -> tuple[Key, ...]:
    return (Key("C", "major"),) * len(bars)


WITHOUT: Mapping[str, Mapping[str, object]] = {
    "nothing": {},
    "leaving out partials and undertones": {"inference.decoding.without_ghosts": _all_of_them},
    "lowering what is asked of a beginning": {"inference.decoding._ease": _all_of_it},
    "ends where notes are let go (the library's)": {"inference.decoding.sounding_frames": len},
    "following the beat as played freely, too": {"music.beats.PLAYINGS": PLAYINGS[:1]},
    "reading the bars (the tracker's own choice)": {
        "music.barlines.FEWEST_ONSETS": sys.maxsize,
        "music.beats.FEWEST_ONSETS": sys.maxsize,
    },
    "hearing how hard notes are struck": {"music.barlines.gather_onsets": _unstressed},
    "following the beat a second time": {
        "music.barlines._NEAR_ODDS": 0.0,
        "music.barlines._Follower.follow_again": _Known,
    },
    "placing onsets anew (the tracker's places)": {"music.score.quantize": _as_tracked},
    "values in placing onsets": {"music.quantize._VALUE_WEIGHT": 0.0},
    "hands by what was learned (split at middle C)": {"music.layout.split_hands": _at_middle_c},
    "what values ask of a reader (the end nearest to what was heard)": {
        "music.note_values.NoteValues.cost": _end_as_heard
    },
    "where voices go on": {"music.note_values.WEIGHTS": _without(*VOICE_PIECES)},
    "lengths against the staff's usual": {"music.lengths.usual_length": _no_pedal},
    "the key (C major)": {"music.score.find_keys": _in_c},
}


def write(
    recordings: Mapping[str, Audio], transcriber: RememberingTranscriber, folder: Path
) -> None:
    """Write the score of each recording, and what was heard, as the kit wants them."""
    options = Options()
    for name, audio in recordings.items():
        notes = transcribe({Stem.MIX: audio}, options, transcriber, silent)
        score = engrave(notes, options, title=name, report=silent)
        (folder / f"{name}.musicxml").write_bytes(score.musicxml)
        (folder / f"{name}.mid").write_bytes(score.performance_midi)


def _load(folder: Path) -> Iterator[tuple[str, Audio]]:
    for piece in sorted(path.parent for path in folder.glob("*/meta.json")):
        for way in WAYS:
            recording = piece / f"{way}.ogg"
            audio = decode(recording, max_duration_s=LONGEST_S, report=silent)
            yield f"{piece.name}.{way}", audio


def main() -> None:
    """Print the table, a row as soon as it is measured."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--kit", type=Path, required=True)
    arguments.add_argument("--set", default="dev", help="folder of the kit to measure on")
    arguments.add_argument("--python", default=sys.executable, help="has the kit's requirements")
    given = arguments.parse_args()
    recordings = dict(_load(given.kit / given.set))
    transcriber = RememberingTranscriber()
    sys.stdout.write("| without | metronomic | human | rubato | all |\n")
    sys.stdout.write("| --- | --- | --- | --- | --- |\n")
    for name, changes in WITHOUT.items():
        with TemporaryDirectory() as folder, ExitStack() as stack:
            for target, other in changes.items():
                stack.enter_context(patch(f"scorewire.{target}", other))
            write(recordings, transcriber, Path(folder))
            means = judge(given.kit, given.set, given.python, Path(folder))
        cells = [f"{means[way][FIGURE]:.3f}" for way in WAYS]
        total = f"**{means['all'][FIGURE]:.3f}**"
        sys.stdout.write(f"| {' | '.join([name, *cells, total])} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
