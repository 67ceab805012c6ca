"""What speaks for a split of the keyboard between two hands, at every onset.

A hand spans about an octave, its notes lie closer together than the hands do, and it goes on where
it was: the cues of hand separation (A. Hadjakos, S. Waloschek and A. Leemhuis, "Detecting hands
from piano MIDI data", Mensch und Computer 2019) and of playing models (E. Nakamura and K. Yoshii,
APSIPA Trans. 7, 2018), each as a number for every place where the split may be.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorewire.music.grid import GridNote
from scorewire.music.meter import TICKS_PER_QUARTER

MIDDLE = 66
"""The pitch that the middle of a piece's range is moved to: only distances matter."""

SPLITS = np.arange(MIDDLE - 30, MIDDLE + 31)
"""Lowest pitch of the right hand, in the moved piece."""

_OCTAVE, _PAIR = 12, 2
_PITCHES = np.arange(128)
_WINDOWS_TICKS = (TICKS_PER_QUARTER, 3 * TICKS_PER_QUARTER)
_LONGEST_HELD_TICKS = 4 * TICKS_PER_QUARTER
_OVERLAP_TICKS = TICKS_PER_QUARTER // 8
_SPANS = (7, 12, 16)
_REACHES = (0, 5, 12)
_GAPS = np.array([3, 5, 8, 12, 13, 20])
_STEPS = np.array([3, 5, 8, 13])
_MOST_STEPS_BACK = 2
_MOVES = (0, 4, 12)

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Strikes:
    """Notes by onset.

    Attributes:
        shift: semitones that the piece is moved by, which brings its middle to `MIDDLE`.
        onsets: ticks, rising.
        struck: which pitches start at each onset, shape (onsets, 128).
        held: which sound then, those that start among them.
    """

    shift: int
    onsets: NDArray[np.int64]
    struck: _Bools
    held: _Bools

    @classmethod
    def of(cls, notes: Sequence[GridNote]) -> "Strikes":
        """Gather notes, in any order; at least one."""
        pitches = [note.pitch for note in notes]
        shift = MIDDLE - (min(pitches) + max(pitches)) // 2
        onsets = np.unique(np.array([note.onset for note in notes], dtype=np.int64))
        struck = np.zeros((len(onsets), len(_PITCHES)), dtype=bool)
        held = np.zeros_like(struck)
        for note in notes:
            at = int(np.searchsorted(onsets, note.onset))
            end = min(note.end - _OVERLAP_TICKS, note.onset + _LONGEST_HELD_TICKS)
            until = max(at + 1, int(np.searchsorted(onsets, end)))
            pitch = min(max(note.pitch + shift, 0), len(_PITCHES) - 1)
            struck[at, pitch] = True
            held[at:until, pitch] = True
        return cls(shift, onsets, struck, held)


def list_evidence(strikes: Strikes) -> Iterator[_Floats]:
    """Every piece of evidence, shape (onsets, splits)."""
    for pitches in (strikes.struck, strikes.held):
        yield from _chord(_Sides(pitches))
    for ticks in _WINDOWS_TICKS:
        yield from _around(strikes, ticks)
    yield from _steps(strikes)


def list_moves() -> Iterator[_Floats]:
    """What a split costs that moves from one onset to the next, shape (splits, splits)."""
    distance = abs(SPLITS[:, None] - SPLITS[None, :])
    yield (distance > 0).astype(float)
    for reach in _MOVES:
        yield np.maximum(0, distance - reach) / _OCTAVE


class _Sides:
    """Sets of pitches, divided at every split.

    Attributes:
        lowest: pitch; `highest`: pitch.
        below: how many are under the split; `above`: how many are not; `count`: of all.
        left: semitones from the lowest to the highest under the split; `right`: of the others.
        gap: semitones between the two sides; 0 where one is empty.
        divided: whether neither is.
    """

    def __init__(self, pitches: _Bools) -> None:
        lowest = pitches.argmax(axis=1)[:, None]
        highest = (len(_PITCHES) - 1 - pitches[:, ::-1].argmax(axis=1))[:, None]
        under = np.maximum.accumulate(np.where(pitches, _PITCHES, -1), axis=1)[:, SPLITS - 1]
        over = np.minimum.accumulate(np.where(pitches, _PITCHES, 128)[:, ::-1], axis=1)
        over = over[:, ::-1][:, SPLITS]
        self.lowest, self.highest = lowest, highest
        self.below = pitches.cumsum(axis=1)[:, SPLITS - 1]
        self.count = pitches.sum(axis=1)[:, None]
        self.above = self.count - self.below
        self.divided = (self.below > 0) & (self.above > 0)
        self.left = np.where(self.below > 0, under - lowest, 0)
        self.right = np.where(self.above > 0, highest - over, 0)
        self.gap = np.where(self.divided, over - under, 0)


def _shape(sides: _Sides) -> Iterator[_Floats]:
    """Spans of the hands and the gap between them."""
    for span in (sides.left, sides.right):
        for reach in _SPANS:
            yield np.maximum(0, span - reach) / _OCTAVE
    size = np.searchsorted(_GAPS, sides.gap, side="right")
    for wanted in range(len(_GAPS) + 1):
        yield sides.divided * (size == wanted) * 1.0
    yield sides.divided * (sides.gap - sides.gap.max(axis=1, keepdims=True)) / _OCTAVE


def _chord(sides: _Sides) -> Iterator[_Floats]:
    """Notes that sound together."""
    yield from _shape(sides)
    many = sides.count > _PAIR
    for side in (sides.below, sides.above):
        yield (side == 0) * (sides.count == 1) * 1.0
        yield (side == 0) * (sides.count == _PAIR) * 1.0
        yield (side == 0) * many * 1.0
    yield sides.divided * (sides.count == _PAIR) * (sides.gap == _OCTAVE) * 1.0
    yield many * abs(sides.below - sides.above) * 1.0
    yield many * (sides.below - sides.above) * 1.0
    yield (sides.below == _PAIR) * (sides.above == _PAIR) * 1.0


def _around(strikes: Strikes, ticks: int) -> Iterator[_Floats]:
    """Everything that is struck within so many ticks before and after."""
    first = np.searchsorted(strikes.onsets, strikes.onsets - ticks)
    after = np.searchsorted(strikes.onsets, strikes.onsets + ticks, side="right")
    until = np.vstack([np.zeros(len(_PITCHES)), strikes.struck.cumsum(axis=0)])
    counts = until[after] - until[first]
    sides = _Sides(counts > 0)
    yield from _shape(sides)
    for side in (sides.below, sides.above):
        yield (side == 0) * 1.0
    yield abs(sides.below - sides.above) / sides.count
    yield (sides.below - sides.above) / sides.count
    share = counts.cumsum(axis=1)[:, SPLITS - 1] / counts.sum(axis=1, keepdims=True)
    yield abs(share - 0.5)
    yield share
    yield from _spread(counts)
    struck = _Sides(strikes.struck)
    for side, away in (
        (struck.above, sides.highest - struck.highest),
        (struck.below, struck.lowest - sides.lowest),
    ):
        for reach in _REACHES:
            yield (side == 0) * np.maximum(0, away - reach) / _OCTAVE


def _spread(counts: _Floats) -> Iterator[_Floats]:
    """How far the notes of each side lie from their middle (N. Otsu's threshold, 1979)."""
    sums = [(counts * _PITCHES**power).cumsum(axis=1) for power in range(3)]
    total = np.maximum(1.0, sums[0][:, -1:])
    middle = sums[1][:, -1:] / total
    yield abs(SPLITS - middle) / _OCTAVE
    spread = np.zeros((len(counts), len(SPLITS)))
    for sign in (1, -1):
        number, pitch, square = (
            part[:, SPLITS - 1] if sign > 0 else part[:, -1:] - part[:, SPLITS - 1] for part in sums
        )
        spread += np.maximum(0, square - pitch**2 / np.maximum(1, number))
    yield np.sqrt(spread / total) / _OCTAVE


def _steps(strikes: Strikes) -> Iterator[_Floats]:
    """How many small steps, from one onset to the next, the split tears apart, by their size."""
    torn = np.zeros((len(_STEPS), len(strikes.onsets), len(SPLITS)))
    pitches = [np.flatnonzero(row) for row in strikes.struck]
    for at, onset in enumerate(strikes.onsets):
        for back in range(1, min(_MOST_STEPS_BACK, at) + 1):
            if onset - strikes.onsets[at - back] > TICKS_PER_QUARTER:
                break
            steps = pitches[at][:, None] - pitches[at - back][None, :]
            nearest = abs(steps).argmin(axis=1)
            for pitch, step in zip(pitches[at], steps[np.arange(len(steps)), nearest], strict=True):
                size = int(np.searchsorted(_STEPS, abs(step), side="right"))
                if step and size < len(_STEPS):
                    low = min(pitch, pitch - step) + 1 - SPLITS[0]
                    high = max(pitch, pitch - step) + 1 - SPLITS[0]
                    torn[size, at, max(0, low) : max(0, high)] += 1 / len(steps)
    yield from torn
