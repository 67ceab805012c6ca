"""How often swing is told, and what place swung notes are given.

    python evals/swinging.py               # the table of docs/score.md

Tunes of music21's corpus that move in eighths, alone and set for piano (`accompanying`), are
played (`performing`) with their off-beats at several parts of the beat; jigs as they are. It takes
ten minutes of a core.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from accompanying import accompany
from corpus import read_corpus
from performing import Heard, perform
from symbolic import Passage, WrittenNote

from scorewire.music.barlines import follow_beat
from scorewire.music.meter import TICKS_PER_QUARTER, Meter

EIGHTH = TICKS_PER_QUARTER // 2
SLOWEST_BPM, FASTEST_BPM = 90.0, 240.0
LEAST_RATIO, MOST_RATIO = 1.4, 2.4
EVEN_RATIO, DOTTED_RATIO = 1.0, 3.0
LEAST_DIVIDED = 0.5
"""Share of the beats of a tune that have an off-beat, for there to be something that swings."""

MOST_BARS = 24


def moves_in_eighths(notes: Sequence[WrittenNote]) -> bool:
    """Whether notes stand on beats and off-beats alone, and on enough of these."""
    onsets = {note.onset for note in notes}
    off_beats = sum(onset % TICKS_PER_QUARTER == EIGHTH for onset in onsets)
    beats = (max(onsets) - min(onsets)) / TICKS_PER_QUARTER
    return all(onset % EIGHTH == 0 for onset in onsets) and off_beats > LEAST_DIVIDED * beats


def swing(notes: Sequence[WrittenNote], ratio: float) -> list[WrittenNote]:
    """Move off-beats to where the first of two eighths is `ratio` times as long as the second."""
    late = TICKS_PER_QUARTER * ratio / (1 + ratio) - EIGHTH
    return [
        replace(note, onset=note.onset + late * (note.onset % TICKS_PER_QUARTER == EIGHTH))
        for note in notes
    ]


def draw(
    tunes: Sequence[Passage], rng: np.random.Generator, ratio: float | None, *, is_set: bool
) -> tuple[Heard, Meter]:
    """Hear one of the tunes, in the rhythm that is asked for; its notes' places, as written."""
    while True:
        tune = tunes[rng.integers(len(tunes))]
        notes = first_bars(tune)
        notes = accompany(notes, tune.meter, rng) if is_set else notes
        if ratio is None or moves_in_eighths(notes):
            break
    bpm = np.exp(rng.uniform(np.log(SLOWEST_BPM), np.log(FASTEST_BPM)))
    qpm = bpm * tune.meter.beat_ticks / TICKS_PER_QUARTER
    played = notes if ratio is None else swing(notes, ratio)
    heard = perform(played, tune.meter, qpm, rng)
    return replace(heard, ticks=heard.ticks // EIGHTH * EIGHTH), tune.meter


def first_bars(tune: Passage) -> list[WrittenNote]:
    """As much as is played."""
    return [note for note in tune.notes if note.onset < MOST_BARS * tune.meter.bar_ticks]


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--performances", type=int, default=150, help="of each kind")
    count = arguments.parse_args().performances
    tunes = [passage for passage in read_corpus() if "#" in passage.source]
    even = [t for t in tunes if t.meter == Meter(4, 4) and moves_in_eighths(first_bars(t))]
    jigs = [t for t in tunes if t.meter.is_compound]
    rng = np.random.default_rng(0)
    sys.stdout.write(f"{len(even)} tunes in 4/4, {len(jigs)} in 6/8 and 9/8\n\n")
    sys.stdout.write("| | said to swing |\n| --- | --- |\n")
    swung = []
    for name, (played, ratios) in {
        "swung": (even, rng.uniform(LEAST_RATIO, MOST_RATIO, count)),
        "in even eighths": (even, [EVEN_RATIO] * count),
        "in dotted rhythm": (even, [DOTTED_RATIO] * count),
        "jigs": (jigs, [None] * count),
    }.items():
        for is_set, how in ((False, "alone"), (True, "set for piano")):
            heard = [draw(played, rng, ratio, is_set=is_set) for ratio in ratios]
            told = [follow_beat(performance.events).swung for performance, _ in heard]
            sys.stdout.write(f"| {name}, {how} | {np.mean(told):.3f} |\n")
            sys.stdout.flush()
            swung += heard if name == "swung" else []
    for said, how in ((None, "nothing"), (False, "that they do not"), (True, "that they do")):
        shares = [
            performance.share_in_place(follow_beat(performance.events, swung=said), meter)
            for performance, meter in swung
        ]
        sys.stdout.write(
            f"notes in place of those that swing, where the musician says {how}: "
            f"{np.mean(shares):.2f}\n"
        )


if __name__ == "__main__":
    main()
