"""Learn `scorewire/music/value_weights.py` from recordings of music21's corpus.

    python evals/learn_values.py

Keyboard parts and chorales are played, some with pedal, and heard by the transcriber itself, so
that of each note's end is known what will be known of it. The weights make the ends that the score
has as probable as they can be (maximum likelihood with a Gaussian prior). Needs FluidSynth and a
sound font, as `samples/README.md` says; the same sound font gives the same weights, to a few
digits, in ten minutes of a core.
"""

import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from corpus import CHORALES, read_keyboard
from cutting import BPM_SPREAD, MIDDLE_BPM
from hearing import hear, render
from numpy.typing import NDArray
from performing import beat_times
from scipy.optimize import minimize
from symbolic import Passage

from scorewire.inference.profiles import ANY
from scorewire.inference.transcription import BasicPitchTranscriber
from scorewire.music.divisions import BINARY_TICKS, Divisions
from scorewire.music.grid import GridNote
from scorewire.music.lengths import usual_length
from scorewire.music.meter import TICKS_PER_QUARTER
from scorewire.music.note_values import MOST_ONSETS, NoteValues, Sounding, Strike
from scorewire.music.notes import Note

WEIGHTS = Path(__file__).parents[1] / "scorewire" / "music" / "value_weights.py"
KEYBOARD_CUTS, CHORALE_CUTS = 60, 30
BARS = 16
FEWEST_NOTES = 40
LEAST_FREEDOM, MOST_FREEDOM = 0.0, 0.12
LEGATO, LEGATO_SPREAD, NOTE_SPREAD = 0.9, 0.05, 0.06
"""How long keys are held, of what is written: in the middle, from piece to piece, from note to
note."""

PEDAL_SHARE = 0.3
LET_GO_TICKS = 1
VELOCITY, VELOCITY_SPREAD = 74, 8
PIANO = 0
NEAR_S = 0.07
"""A note that is heard is the one that was played so near to it in time."""

PRIOR = 0.05
SEED = 0
DIGITS = 3

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """The ends that a note may have.

    Attributes:
        evidence: shape (ends, pieces of evidence).
        written: which of the ends the score has.
    """

    evidence: _Floats
    written: int


def draw(rng: np.random.Generator) -> Iterator[list[Choice]]:
    """Choices of each passage."""
    transcriber = BasicPitchTranscriber("cpu")
    keyboard, chorales = [], []
    for name, passage in read_keyboard():
        (chorales if CHORALES.fullmatch(name) else keyboard).append(passage)
    for passages, count in ((keyboard, KEYBOARD_CUTS), (chorales, CHORALE_CUTS)):
        drawn = (_cut(passages[rng.integers(len(passages))], rng) for _ in itertools.count())
        fitting = (cut for cut in drawn if _is_plain(cut))
        yield from (
            list(_listen(cut, transcriber, rng)) for cut in itertools.islice(fitting, count)
        )


def _cut(passage: Passage, rng: np.random.Generator) -> Passage:
    """Some bars, from a bar line on; each note once."""
    bar = passage.meter.bar_ticks
    first = int(rng.integers(0, max(passage.bars - BARS, 0) + 1)) * bar
    cut = {
        (note.onset, note.pitch): replace(note, onset=note.onset - first)
        for note in passage.notes
        if first <= note.onset < first + BARS * bar
    }
    return replace(passage, notes=[note for _, note in sorted(cut.items())])


def _is_plain(passage: Passage) -> bool:
    """Whether there is enough of it, without triplets."""
    onsets = [note.onset for note in passage.notes]
    return len(onsets) >= FEWEST_NOTES and all(onset % BINARY_TICKS == 0 for onset in onsets)


def _listen(
    passage: Passage, transcriber: BasicPitchTranscriber, rng: np.random.Generator
) -> Iterator[Choice]:
    """Play the notes, hear them, and see what ends each may have."""
    meter, notes = passage.meter, passage.notes
    qpm = np.exp(rng.normal(np.log(MIDDLE_BPM), BPM_SPREAD)) * meter.beat_ticks / TICKS_PER_QUARTER
    last = int(max(note.onset + note.ticks for note in notes)) + 1
    freedom = float(rng.uniform(LEAST_FREEDOM, MOST_FREEDOM))
    ticks, times_s = beat_times(last, meter, qpm, freedom, rng)
    played = [
        Note(
            float(np.interp(note.onset, ticks, times_s)),
            float(np.interp(held, ticks, times_s)),
            note.pitch,
            int(np.clip(rng.normal(VELOCITY, VELOCITY_SPREAD), 1, 127)),
        )
        for note, held in zip(notes, _hold(passage, rng), strict=True)
    ]
    heard = hear(render(played, PIANO), transcriber, ANY)
    for staff in sorted({note.staff for note in notes}):
        placed, written = [], {}
        for note, sound in zip(notes, played, strict=True):
            found = _find(sound, heard) if note.staff == staff else None
            if found is not None:
                end = max(float(np.interp(found.offset_s, times_s, ticks)), note.onset + 1.0)
                placed.append(GridNote(note.onset, end, note.pitch, found.velocity))
                written[note.onset, note.pitch] = round(note.onset + note.ticks)
        yield from _choices(placed, written, NoteValues(meter, Divisions()))


def _hold(passage: Passage, rng: np.random.Generator) -> list[float]:
    """Ticks at which keys or pedal are let go, at the latest before the key is struck again."""
    bar = passage.meter.bar_ticks
    legato = rng.normal(LEGATO, LEGATO_SPREAD)
    pedal = bar // int(rng.choice([1, 2])) if rng.random() < PEDAL_SHARE else None
    struck_again: dict[int, int] = {}
    ends = []
    for note in reversed(passage.notes):
        end = note.onset + note.ticks * rng.normal(legato, NOTE_SPREAD)
        if pedal is not None:
            end = max(end, (note.onset // pedal + 1) * pedal)
        ends.append(min(end, struck_again.get(note.pitch, np.inf) - LET_GO_TICKS))
        struck_again[note.pitch] = note.onset
    return ends[::-1]


def _find(sound: Note, heard: Sequence[Note]) -> Note | None:
    near = [
        note
        for note in heard
        if note.pitch == sound.pitch and abs(note.onset_s - sound.onset_s) < NEAR_S
    ]
    return min(near, key=lambda note: abs(note.onset_s - sound.onset_s), default=None)


def _choices(
    placed: Sequence[GridNote], written: dict[tuple[int, int], int], values: NoteValues
) -> Iterator[Choice]:
    """What each note of a staff may be written as; those whose end is not a choice are left out."""
    usual = usual_length(placed)
    strikes: dict[int, list[int]] = {}
    for note in placed:
        strikes.setdefault(note.onset, []).append(note.pitch)
    onsets = sorted(strikes)
    for note in placed:
        after = onsets.index(note.onset) + 1
        later = [Strike(tick, tuple(strikes[tick])) for tick in onsets[after : after + MOST_ONSETS]]
        sounding = Sounding(note.onset, note.end - note.onset, usual, note.pitch)
        ends = values.list_ends(note.onset, later)
        end = written[note.onset, note.pitch]
        if end in ends:
            evidence = [values.list_evidence(sounding, each, later) for each in ends]
            yield Choice(np.array(evidence, dtype=np.float64), ends.index(end))


def fit(passages: Sequence[Sequence[Choice]]) -> _Floats:
    """Costs that make what is written most probable, every passage counting alike."""
    choices = [choice for passage in passages for choice in passage]
    share = np.array([1 / len(passage) for passage in passages for _ in passage]) / len(passages)
    evidence = np.concatenate([choice.evidence for choice in choices])
    spread = evidence.std(axis=0)
    evidence = evidence / spread
    sizes = np.array([len(choice.evidence) for choice in choices])
    starts = np.cumsum(sizes) - sizes
    written = starts + np.array([choice.written for choice in choices])
    of = np.repeat(np.arange(len(choices)), sizes)

    def loss(costs: _Floats) -> tuple[float, _Floats]:
        odds = -evidence @ costs
        odds = odds - np.maximum.reduceat(odds, starts)[of]
        likely = np.exp(odds)
        total = np.add.reduceat(likely, starts)
        likely = likely / total[of]
        value = share @ (np.log(total) - odds[written]) + PRIOR / len(passages) * costs @ costs
        slope = share @ evidence[written] - (share[of] * likely) @ evidence
        return float(value), slope + 2 * PRIOR / len(passages) * costs

    start = np.zeros(evidence.shape[1])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x / spread)


def share_right(passages: Sequence[Sequence[Choice]], costs: _Floats) -> float:
    """Share of the notes whose cheapest end is the one written."""
    right = [
        np.argmin(choice.evidence @ costs) == choice.written
        for passage in passages
        for choice in passage
    ]
    return float(np.mean(right))


def module(costs: _Floats) -> str:
    """The module that holds the weights."""
    lines = [
        '"""What the evidence for an end of a note costs, in the order of `note_values`.',
        "",
        "Written by `python evals/learn_values.py`. Learned from music21's corpus: its keyboard",
        "parts and chorales. The corpus holds music in the public domain; its encodings are under",
        "their encoders' terms (music21/corpus/license.txt), and none of it is here.",
        '"""',
        "",
        f"WEIGHTS = ({', '.join(f'{cost:.{DIGITS}g}' for cost in costs)})  # fmt: skip",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Learn, and write the module."""
    passages = list(draw(np.random.default_rng(SEED)))
    odd, even = passages[1::2], passages[::2]
    kept_back = [share_right(odd, fit(even)), share_right(even, fit(odd))]
    WEIGHTS.write_text(module(fit(passages)))
    sys.stdout.write(
        f"{len(passages)} passages learned from; of half of them, learned from the others, "
        f"{np.mean(kept_back):.3f} of the notes get the end that is written\n"
    )


if __name__ == "__main__":
    main()
