"""Learn the weights of `scorewire.music.bar_weights` from the scores in music21's corpus.

    python evals/learn_bars.py

Passages are cut at random, half of the tunes and chorales set for piano, played more or less freely
and heard as a transcriber hears them. The beat is followed in what was heard, slips and all, and
of all readings those are made probable that put most notes in their place (maximum expected worth
with a Gaussian prior). Where a score does not say its tempo, one is drawn near what is usual in its
metre, set by hand. A fifth of the pieces, by the hash of their names, is kept back to say what the
learned model is worth. The same corpus gives the same weights, to a few digits; it takes a quarter
of an hour of a core.
"""

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from accompanying import accompany
from corpus import read_corpus
from numpy.typing import NDArray
from performing import Heard, perform
from scipy.optimize import minimize
from symbolic import Passage

from scorewire.music.barlines import TRACKED_METERS, gather_onsets
from scorewire.music.beats import track_beats
from scorewire.music.evidence import list_readings
from scorewire.music.meter import Meter

WEIGHTS = Path(__file__).parents[1] / "scorewire" / "music" / "bar_weights.py"
METER_SHARE = {"2/4": 1.0, "3/4": 1.1, "4/4": 1.3, "6/8": 0.9, "3/8": 0.5, "9/8": 0.2}
MIDDLE_QPM = {"2/4": 84, "3/4": 112, "4/4": 104, "6/8": 146, "3/8": 84, "9/8": 160}
QPM_SPREAD, MARKED_SPREAD = 0.33, 0.12
SLOWEST_QPM, FASTEST_QPM = 40, 240
INNER_SHARE = 0.4
KIND_SHARE = {"others": 1.2, "tune": 1.0, "chorale": 0.5}
SET_SHARE = {"others": 0.1, "tune": 0.5, "chorale": 0.5}
HALVED_SHARE = 0.25
"""How often a melody is set for piano, and a piece in 3/4 then written in 3/8."""

SAME_LEVEL, OTHER_LEVEL, OTHER_METER = 0.25, 0.2, 0.6
"""How near a tempo is the score's; what the same places are worth at other tempi, in other bars."""

FAIR = 0.3
TRACK_UNIT = 0.01
TINY = 1e-9
FEWEST_BARS, MOST_BARS, FEWEST_NOTES = 9, 26, 24
KEPT_BACK = 5
SEED = 0
PRIOR = 60.0
SHARPNESS = 3.0
DIGITS = 3
STOP = {"maxiter": 300, "ftol": 1e-8, "gtol": 1e-3}

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Example:
    """Every reading of one cut, and how much of it each would put on the page rightly.

    Attributes:
        features: shape (readings, features + 1); the last is the tracker's log-probability.
        worth: shape (readings,): from 0, nothing, to 1.
    """

    features: NDArray[np.float32]
    worth: NDArray[np.float32]


def is_kept_back(source: str) -> bool:
    """Whether a piece is for testing."""
    return int(hashlib.sha256(source.encode()).hexdigest(), 16) % KEPT_BACK == 0


class Cuts:
    """Draws cuts so that metres and sources are balanced; a number always gives the same cut."""

    def __init__(self, passages: Sequence[Passage], seed: int = SEED) -> None:
        self._seed = seed
        self._groups: dict[tuple[str, str], list[Passage]] = defaultdict(list)
        for passage in passages:
            meter = "4/4" if passage.meter.name == "2/2" else passage.meter.name
            if meter in METER_SHARE and passage.bars >= FEWEST_BARS - 2:
                self._groups[meter, _kind(passage)].append(passage)
        self._keys = sorted(self._groups)
        shares = np.array(
            [
                METER_SHARE[meter] * KIND_SHARE[kind] * min(1, len(self._groups[meter, kind]) / 12)
                for meter, kind in self._keys
            ]
        )
        self._shares = shares / shares.sum()

    def __getitem__(self, number: int) -> Example:
        """Draw until a cut is long enough to be read."""
        rng = np.random.default_rng([self._seed, number])
        while True:
            meter, kind = self._keys[rng.choice(len(self._keys), p=self._shares)]
            members = self._groups[meter, kind]
            passage = members[rng.integers(len(members))]
            example = _example(passage, kind, Meter.parse(meter), rng)
            if example is not None:
                return example


def _kind(passage: Passage) -> str:
    folder = passage.source.partition("/")[0]
    return "chorale" if folder == "bach" else "tune" if "#" in passage.source else "others"


def _example(passage: Passage, kind: str, meter: Meter, rng: np.random.Generator) -> Example | None:
    bars = int(rng.integers(FEWEST_BARS, MOST_BARS))
    first = 0
    if passage.bars > bars and rng.random() < INNER_SHARE:
        first = int(rng.integers(0, passage.bars - bars))
    start, end = first * meter.bar_ticks if first else -1, (first + bars) * meter.bar_ticks
    notes = [note for note in passage.notes if start <= note.onset < end]
    if len(notes) < FEWEST_NOTES:
        return None
    qpm = _tempo(passage, meter, rng)
    if rng.random() < SET_SHARE[kind]:
        notes = accompany(notes, meter, rng)
        if meter.name == "3/4" and rng.random() < HALVED_SHARE:
            meter, qpm = Meter(3, 8), qpm / 2
            notes = [replace(note, onset=note.onset // 2, ticks=note.ticks / 2) for note in notes]
    before = max(0, first) * meter.bar_ticks
    heard = perform([replace(note, onset=note.onset - before) for note in notes], meter, qpm, rng)
    if len(heard.events) < FEWEST_NOTES:
        return None
    found = [_read(heard, tracked, meter, qpm) for tracked in TRACKED_METERS]
    features = np.concatenate([rows for rows, _ in found])
    worth = np.concatenate([worth for _, worth in found])
    if worth.max() < FAIR:
        return None
    return Example(features.astype(np.float32), worth.astype(np.float32))


def _read(heard: Heard, tracked: Meter, meter: Meter, qpm: float) -> tuple[_Floats, _Floats]:
    """Follow the beat in one metre and list the readings, with what each would be worth."""
    track = track_beats(heard.events, [tracked])
    onsets = gather_onsets(track, heard.events)
    readings, features = list_readings(onsets)
    sizes = np.array([len(event.notes) for event in heard.events], dtype=np.float64)
    true = heard.ticks % meter.bar_ticks
    worth = np.zeros(len(readings))
    for index, reading in enumerate(readings):
        ticks = np.rint((track.ticks - track.ticks[0]) * float(reading.scale)).astype(np.int64)
        right = (ticks + reading.phase) % reading.meter.bar_ticks == true
        share = float(sizes @ right / sizes.sum())
        written_qpm = onsets.qpm * float(reading.scale)
        level = 1.0 if abs(np.log(written_qpm / qpm)) < SAME_LEVEL else OTHER_LEVEL
        worth[index] = share * level * (1.0 if reading.meter == meter else OTHER_METER)
    scores = np.full((len(readings), 1), track.score * TRACK_UNIT)
    return np.hstack([features, scores]), worth


def _tempo(passage: Passage, meter: Meter, rng: np.random.Generator) -> float:
    marked = (
        passage.qpm is not None
        and passage.meter == meter
        and SLOWEST_QPM <= passage.qpm <= FASTEST_QPM
    )
    middle = passage.qpm if marked and passage.qpm else MIDDLE_QPM[meter.name]
    spread = MARKED_SPREAD if marked else QPM_SPREAD
    return float(np.clip(middle * np.exp(rng.normal(0, spread)), SLOWEST_QPM, FASTEST_QPM))


def fit(examples: Sequence[Example]) -> _Floats:
    """Maximise the worth to be expected, the best readings counting most; shape (features + 1,)."""
    rows = np.concatenate([example.features for example in examples])
    spread = rows.std(axis=0, dtype=np.float64).astype(np.float32) + np.float32(1e-6)
    rows /= spread
    starts = np.cumsum([0, *(len(example.features) for example in examples)])
    owner = np.repeat(np.arange(len(examples)), np.diff(starts))
    worth = np.concatenate([example.worth for example in examples]).astype(np.float64)
    worth **= SHARPNESS

    def loss(weights: _Floats) -> tuple[float, _Floats]:
        scores = (rows @ weights.astype(np.float32)).astype(np.float64)
        scores -= np.maximum.reduceat(scores, starts[:-1])[owner]
        odds = np.exp(scores)
        totals = np.add.reduceat(odds, starts[:-1])
        won = odds * worth
        wins = np.add.reduceat(won, starts[:-1]) + TINY
        value = np.log(totals).sum() - np.log(wins).sum() + PRIOR * weights @ weights / 2
        pull = odds / totals[owner] - won / wins[owner]
        slope = (pull.astype(np.float32) @ rows).astype(np.float64) + PRIOR * weights
        return float(value), slope

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options=STOP)
    return np.asarray(found.x / spread)


def mean_worth(weights: _Floats, examples: Sequence[Example]) -> float:
    """What the likeliest readings are worth on average."""
    return float(np.mean([e.worth[int((e.features @ weights).argmax())] for e in examples]))


def main() -> None:
    """Learn, say how good it is, and write the module."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--cuts", type=int, default=2000)
    count = arguments.parse_args().cuts
    passages = list(read_corpus())
    learning = Cuts([p for p in passages if not is_kept_back(p.source)])
    testing = Cuts([p for p in passages if is_kept_back(p.source)])
    weights = fit([learning[number] for number in range(count)])
    tested = [testing[number] for number in range(count // 8)]
    best = float(np.mean([example.worth.max() for example in tested]))
    sys.stdout.write(f"{len(passages)} passages; {count} cuts learned from\n")
    sys.stdout.write(
        f"the likeliest readings of {len(tested)} cuts kept back are worth "
        f"{mean_worth(weights, tested):.3f}, the best {best:.3f}\n"
    )
    WEIGHTS.write_text(module(weights))


def module(weights: _Floats) -> str:
    """The module that holds the weights."""
    texts = [f"{weight:.{DIGITS}g}," for weight in weights[:-1]]
    rows = [" ".join(texts[at : at + 10]) for at in range(0, len(texts), 10)]
    lines = [
        '"""Weights of the evidence for bar lines, in the order of `evidence.list_readings`.',
        "",
        "Written by `python evals/learn_bars.py`. Learned from music21's corpus: its chorales,",
        "chamber and piano music, and the fiddle tunes of Aird and Ryan, some set for piano. The",
        "corpus holds music in the public domain; its encodings are under their encoders' terms",
        "(music21/corpus/license.txt), and none of it is here.",
        '"""',
        "",
        "WEIGHTS = (",
        *(f"    {row}" for row in rows),
        ")  # fmt: skip",
        "",
        f"TRACK_WEIGHT = {weights[-1] * TRACK_UNIT:.{DIGITS}g}",
        '"""Of the tracker\'s log-probability: it takes every onset for independent evidence."""',
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
