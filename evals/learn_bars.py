"""Learn the weights of `scorewire.music.bar_weights` from the scores in music21's corpus.

    python evals/learn_bars.py

Passages are cut at random, notes lost, doubled at the octave and lengthened as a transcriber does,
the beat slips as a tracker's does, and the reading that the score has is made as probable as it can
be among all (conditional maximum likelihood with a Gaussian prior). Where a score does not say its
tempo, one is drawn near what is usual in its metre, set by hand. A fifth of the pieces, by the
hash of their names, is kept back to say how often the learned model is right. The same corpus
gives the same file; it takes five minutes of a core.
"""

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from corpus import read_corpus
from numpy.typing import NDArray
from scipy.optimize import minimize
from symbolic import Passage, WrittenNote

from scorewire.music.evidence import Onsets, Reading, list_readings
from scorewire.music.meter import Meter

WEIGHTS = Path(__file__).parents[1] / "scorewire" / "music" / "bar_weights.py"
METER_SHARE = {"2/4": 1.0, "3/4": 1.1, "4/4": 1.3, "6/8": 0.9, "3/8": 0.5, "9/8": 0.2}
MIDDLE_QPM = {"2/4": 84, "3/4": 112, "4/4": 104, "6/8": 146, "3/8": 84, "9/8": 160}
QPM_SPREAD, MARKED_SPREAD = 0.33, 0.12
SLOWEST_QPM, FASTEST_QPM = 40, 240
INNER_SHARE = 0.4
KIND_SHARE = {"others": 1.2, "tune": 1.0, "chorale": 0.5}
LOST_SHARE, DOUBLED_SHARE = 0.06, 0.03
LENGTH_BIAS, LENGTH_SPREAD = -0.1, 0.3
SLIPPING_SHARE, MOST_SLIPS = 0.5, 3
SLIPS = (-24, -12, -6, 6, 12, 24)
FEWEST_BARS, MOST_BARS, FEWEST_NOTES = 9, 26, 24
KEPT_BACK = 5
SEED = 0
PRIOR = 40.0
DIGITS = 3
STOP = {"maxiter": 2000, "ftol": 1e-13, "gtol": 1e-4}
"""Far enough that the digits written do not depend on the machine."""

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Example:
    """Every reading of one cut, and which of them the score has."""

    features: NDArray[np.float32]
    right: int


def is_kept_back(source: str) -> bool:
    """Whether a piece is for testing."""
    return int(hashlib.sha256(source.encode()).hexdigest(), 16) % KEPT_BACK == 0


def cut(passages: Sequence[Passage], count: int, rng: np.random.Generator) -> Iterator[Example]:
    """Draw cuts so that metres and sources are balanced."""
    groups: dict[tuple[str, str], list[Passage]] = defaultdict(list)
    for passage in passages:
        meter = "4/4" if passage.meter.name == "2/2" else passage.meter.name
        if meter in METER_SHARE and passage.bars >= FEWEST_BARS - 2:
            groups[meter, _kind(passage)].append(passage)
    keys = sorted(groups)
    shares = np.array(
        [METER_SHARE[key[0]] * KIND_SHARE[key[1]] * min(1, len(groups[key]) / 12) for key in keys]
    )
    while count > 0:
        meter, kind = keys[rng.choice(len(keys), p=shares / shares.sum())]
        members = groups[meter, kind]
        example = _example(members[rng.integers(len(members))], Meter.parse(meter), rng)
        if example is not None:
            count -= 1
            yield example


def _kind(passage: Passage) -> str:
    folder = passage.source.partition("/")[0]
    return "chorale" if folder == "bach" else "tune" if "#" in passage.source else "others"


def _example(passage: Passage, meter: Meter, rng: np.random.Generator) -> Example | None:
    bars = int(rng.integers(FEWEST_BARS, MOST_BARS))
    first = 0
    if passage.bars > bars and rng.random() < INNER_SHARE:
        first = int(rng.integers(0, passage.bars - bars))
    start, end = first * meter.bar_ticks if first else -1, (first + bars) * meter.bar_ticks
    notes = [note for note in passage.notes if start <= note.onset < end]
    if len(notes) < FEWEST_NOTES:
        return None
    onsets, phase = _heard(notes, _tempo(passage, meter, rng), meter, rng)
    readings, features = list_readings(onsets)
    right = Reading(Fraction(1), meter, phase)
    if right not in readings:
        return None
    return Example(features.astype(np.float32), readings.index(right))


def _tempo(passage: Passage, meter: Meter, rng: np.random.Generator) -> float:
    marked = (
        passage.qpm is not None
        and passage.meter == meter
        and SLOWEST_QPM <= passage.qpm <= FASTEST_QPM
    )
    middle = passage.qpm if marked and passage.qpm else MIDDLE_QPM[meter.name]
    spread = MARKED_SPREAD if marked else QPM_SPREAD
    return float(np.clip(middle * np.exp(rng.normal(0, spread)), SLOWEST_QPM, FASTEST_QPM))


def _heard(
    notes: Sequence[WrittenNote], qpm: float, meter: Meter, rng: np.random.Generator
) -> tuple[Onsets, int]:
    """What a transcriber makes of the notes, and where in its bar the first stands."""
    struck: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for index, note in enumerate(notes):
        if index and rng.random() < LOST_SHARE:
            continue
        length = max(1.0, note.ticks * np.exp(rng.normal(LENGTH_BIAS, LENGTH_SPREAD)))
        struck[note.onset].append((note.pitch, length))
        if rng.random() < DOUBLED_SHARE:
            struck[note.onset].append((min(127, note.pitch + 12), length))
    ticks = sorted(struck)
    onsets = Onsets(
        _slip(np.array(ticks) - ticks[0], rng),
        [[pitch for pitch, _ in struck[tick]] for tick in ticks],
        [[length for _, length in struck[tick]] for tick in ticks],
        qpm,
    )
    return onsets, ticks[0] % meter.bar_ticks


def _slip(ticks: _Ints, rng: np.random.Generator) -> _Ints:
    """Ticks as a tracker has them that loses or gains part of a beat here and there."""
    if rng.random() < SLIPPING_SHARE:
        for _ in range(rng.integers(1, MOST_SLIPS + 1)):
            at, slip = rng.integers(1, len(ticks)), rng.choice(SLIPS)
            if ticks[at] + slip > ticks[at - 1]:
                ticks[at:] += slip
    return ticks


def fit(examples: Sequence[Example]) -> _Floats:
    """Maximise the probability of the right readings; weights, shape (features,)."""
    rows = np.concatenate([example.features for example in examples]).astype(np.float64)
    spread = rows.std(axis=0) + 1e-6
    rows /= spread
    starts = np.cumsum([0, *(len(example.features) for example in examples)])
    right = starts[:-1] + [example.right for example in examples]
    owner = np.repeat(np.arange(len(examples)), np.diff(starts))

    def loss(weights: _Floats) -> tuple[float, _Floats]:
        scores = rows @ weights
        scores -= np.maximum.reduceat(scores, starts[:-1])[owner]
        odds = np.exp(scores)
        totals = np.add.reduceat(odds, starts[:-1])
        value = np.log(totals).sum() - scores[right].sum() + PRIOR * weights @ weights / 2
        slope = rows.T @ (odds / totals[owner]) - rows[right].sum(axis=0) + PRIOR * weights
        return float(value), slope

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options=STOP)
    return np.asarray(found.x / spread)


def share_right(weights: _Floats, examples: Sequence[Example]) -> float:
    """Share of cuts whose likeliest reading is the score's."""
    return float(np.mean([int((e.features @ weights).argmax()) == e.right for e in examples]))


def main() -> None:
    """Learn, say how good it is, and write the module."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--cuts", type=int, default=2000)
    given = arguments.parse_args()
    passages = list(read_corpus())
    rng = np.random.default_rng(SEED)
    learning = list(cut([p for p in passages if not is_kept_back(p.source)], given.cuts, rng))
    testing = list(cut([p for p in passages if is_kept_back(p.source)], given.cuts // 4, rng))
    weights = fit(learning)
    sys.stdout.write(f"{len(passages)} passages; {len(learning)} cuts learned from\n")
    sys.stdout.write(
        f"{share_right(weights, testing):.3f} of {len(testing)} cuts kept back right\n"
    )
    WEIGHTS.write_text(module(weights))


def module(weights: _Floats) -> str:
    """The module that holds the weights."""
    texts = [f"{weight:.{DIGITS}g}," for weight in weights]
    rows = [" ".join(texts[at : at + 10]) for at in range(0, len(texts), 10)]
    lines = [
        '"""Weights of the evidence for bar lines, in the order of `evidence.list_readings`.',
        "",
        "Written by `python evals/learn_bars.py`. Learned from music21's corpus: its chorales,",
        "chamber and piano music, and the fiddle tunes of Aird and Ryan. The corpus holds",
        "music in the public domain; its encodings are under their encoders' terms",
        "(music21/corpus/license.txt), and none of it is here.",
        '"""',
        "",
        "WEIGHTS = (",
        *(f"    {row}" for row in rows),
        ")  # fmt: skip",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
