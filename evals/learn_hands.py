#!/usr/bin/env python3
"""Learn `scorewire/music/hand_weights.py` from music21's corpus.

    python evals/learn_hands.py

Stretches are cut at random from keyboard parts, from chorales and from chorales rewritten as piano
music, notes lost, doubled at the octave and lengthened as a transcriber does, and the hands that
the score has are made as probable as they can be (conditional maximum likelihood with a Gaussian
prior). An accompaniment counts for less than a piece for piano alone: most recordings hold their
melody. The same corpus gives the same weights, to a few digits; it takes four minutes of a core.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from corpus import CHORALES, read_keyboard
from numpy.typing import NDArray
from scipy.optimize import minimize
from symbolic import WrittenNote
from textures import LEFT, RIGHT, as_piano

from scorewire.music.grid import GridNote
from scorewire.music.hand_evidence import SPLITS, Strikes, list_evidence, list_moves
from scorewire.music.hands import weigh_splits

WEIGHTS = Path(__file__).parents[1] / "scorewire" / "music" / "hand_weights.py"
ACCOMPANIMENTS = ("handel/", "schubert/", "schumann_clara/opus17", "weber/")
ACCOMPANIMENT_SHARE = 0.2
KEYBOARD_CUTS, CHORALE_CUTS, REWRITTEN_CUTS = 320, 100, 260
ONSETS = 40
LOST_SHARE, GHOST_SHARE = 0.06, 0.06
GHOSTS, GHOST_SHARES = (12, 19), (0.8, 0.2)
LENGTH_BIAS, LENGTH_SPREAD = -0.1, 0.4
NOBODY = 0
PRIOR = 100.0
FORBIDDEN = -40.0
SEED = 0
DIGITS = 3
STOP = {"maxiter": 150}

_Notes = Sequence[WrittenNote]
_Example = tuple[NDArray[np.float32], NDArray[np.bool_]]
_Floats = NDArray[np.float64]


def draw(rng: np.random.Generator) -> Iterator[_Example]:
    """Evidence of every cut, shape (onsets, splits, pieces of evidence), and the splits allowed."""
    keyboard: list[_Notes] = []
    chorales: list[_Notes] = []
    shares = []
    for name, passage in read_keyboard():
        if CHORALES.fullmatch(name):
            chorales.append(passage.notes)
        elif {note.staff for note in passage.notes} == {RIGHT, LEFT}:
            keyboard.append(passage.notes)
            share = ACCOMPANIMENT_SHARE if name.startswith(ACCOMPANIMENTS) else 1.0
            shares.append(share * np.sqrt(len(passage.notes)))
    odds = np.array(shares) / np.sum(shares)
    yield from _cuts(lambda: keyboard[rng.choice(len(keyboard), p=odds)], KEYBOARD_CUTS, rng)
    yield from _cuts(lambda: chorales[rng.integers(len(chorales))], CHORALE_CUTS, rng)
    yield from _cuts(
        lambda: as_piano(chorales[rng.integers(len(chorales))], rng), REWRITTEN_CUTS, rng
    )


def _cuts(choose: Callable[[], _Notes], count: int, rng: np.random.Generator) -> Iterator[_Example]:
    while count:
        notes = _heard(choose(), rng)
        onsets = sorted({note.onset for note in notes})
        if len(onsets) >= ONSETS:
            first = int(rng.integers(0, len(onsets) - ONSETS + 1))
            start, end = onsets[first], onsets[first + ONSETS - 1]
            yield _example([note for note in notes if start <= note.onset <= end])
            count -= 1


def _heard(notes: _Notes, rng: np.random.Generator) -> list[WrittenNote]:
    """What a transcriber makes of the notes; overtones taken for notes belong to nobody."""
    heard: dict[tuple[int, int], WrittenNote] = {}
    ghosts = []
    for note in notes:
        if rng.random() < LOST_SHARE:
            continue
        ticks = max(1.0, note.ticks * np.exp(rng.normal(LENGTH_BIAS, LENGTH_SPREAD)))
        heard[note.onset, note.pitch] = WrittenNote(note.onset, ticks, note.pitch, note.staff)
        if rng.random() < GHOST_SHARE:
            pitch = note.pitch + int(rng.choice(GHOSTS, p=GHOST_SHARES))
            ghosts.append(WrittenNote(note.onset, ticks, pitch, NOBODY))
    for ghost in ghosts:
        heard.setdefault((ghost.onset, ghost.pitch), ghost)
    return sorted(heard.values(), key=lambda note: (note.onset, note.pitch))


def _example(notes: _Notes) -> _Example:
    strikes = Strikes.of([GridNote(n.onset, n.onset + n.ticks, n.pitch, 64) for n in notes])
    allowed = np.ones((ONSETS, len(SPLITS)), dtype=bool)
    for note in notes:
        at = int(np.searchsorted(strikes.onsets, note.onset))
        pitch = note.pitch + strikes.shift
        if note.staff == RIGHT:
            allowed[at] &= pitch >= SPLITS
        elif note.staff == LEFT:
            allowed[at] &= pitch < SPLITS
    allowed[~allowed.any(axis=1)] = True  # crossed hands, which no split can tell
    return np.stack(list(list_evidence(strikes)), axis=-1).astype(np.float32), allowed


def fit(examples: Sequence[_Example]) -> tuple[_Floats, _Floats]:
    """Maximise the probability of the splits allowed; weights of the evidence and of the moves."""
    evidence = np.stack([example[0] for example in examples])
    pieces = evidence.shape[-1]
    spread = evidence.reshape(-1, pieces).std(axis=0) + np.float32(1e-3)
    evidence /= spread
    rows = evidence.reshape(-1, pieces)
    forbidden = np.where(np.stack([example[1] for example in examples]), 0.0, FORBIDDEN)
    moves = np.stack(list(list_moves()))

    def loss(weights: _Floats) -> tuple[float, _Floats]:
        scores = (evidence @ weights[:pieces].astype(np.float32)).astype(np.float64)
        passing = np.tensordot(weights[pieces:], moves, 1)
        total, likely, moved = weigh_splits(scores, passing)
        right, wanted, passed = weigh_splits(scores + forbidden, passing)
        slope = rows.T @ (likely - wanted).astype(np.float32).ravel()
        move_slope = (moves * (moved - passed)).sum(axis=(1, 2))
        value = (total - right).sum() + PRIOR * weights @ weights / 2
        return float(value), np.concatenate([slope, move_slope]) + PRIOR * weights

    start = np.zeros(pieces + len(moves))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=STOP).x
    return found[:pieces] / spread, found[pieces:]


def module(evidence: _Floats, moves: _Floats) -> str:
    """The module that holds the weights."""
    lines = [
        '"""Weights of the evidence for hands, in the order of `hand_evidence`.',
        "",
        "Written by `python evals/learn_hands.py`. Learned from music21's corpus: its keyboard",
        "parts and chorales. The corpus holds music in the public domain; its encodings are under",
        "their encoders' terms (music21/corpus/license.txt), and none of it is here.",
        '"""',
    ]
    for name, weights in (("EVIDENCE", evidence), ("MOVES", moves)):
        texts = [f"{weight:.{DIGITS}g}," for weight in weights]
        rows = [" ".join(texts[at : at + 10]) for at in range(0, len(texts), 10)]
        lines += ["", f"{name} = (", *(f"    {row}" for row in rows), ")  # fmt: skip"]
    return "\n".join([*lines, ""])


def main() -> None:
    """Learn, and write the module."""
    examples = list(draw(np.random.default_rng(SEED)))
    WEIGHTS.write_text(module(*fit(examples)))
    sys.stdout.write(f"{len(examples)} cuts of {ONSETS} onsets learned from\n")


if __name__ == "__main__":
    main()
