"""How music moves through the bar of a metre.

The step probabilities are those of a metrical Markov model (E. Nakamura, K. Yoshii, S. Sagayama,
"Rhythm transcription of polyphonic piano music based on merged-output HMM", IEEE/ACM TASLP 25(4),
2017): rounded by hand from counts over music21's corpus.
"""

import numpy as np
from numpy.typing import NDArray

from scorewire.music.meter import TICKS_PER_QUARTER, Meter, MetricalClass
from scorewire.music.swing_timing import sounding_tick

_EIGHTH = 8

_Steps = dict[int, float]
"""Ticks to the next onset -> probability."""

_SIMPLE_STEPS: dict[MetricalClass, _Steps] = {
    MetricalClass.DOWNBEAT: {
        3: 0.005, 4: 0.003, 6: 0.11, 8: 0.012, 12: 0.42, 16: 0.002, 18: 0.04, 24: 0.27, 36: 0.035,
        48: 0.045, 72: 0.025, 96: 0.018,
    },
    MetricalClass.STRONG_BEAT: {
        3: 0.005, 4: 0.003, 6: 0.09, 8: 0.012, 12: 0.43, 16: 0.002, 18: 0.04, 24: 0.30, 36: 0.015,
        48: 0.10, 72: 0.002, 96: 0.002,
    },
    MetricalClass.BEAT: {
        3: 0.005, 4: 0.003, 6: 0.11, 8: 0.012, 12: 0.50, 16: 0.002, 18: 0.04, 24: 0.29, 36: 0.003,
        48: 0.007, 72: 0.002,
    },
    MetricalClass.DIVISION: {
        3: 0.008, 4: 0.008, 6: 0.19, 9: 0.003, 12: 0.75, 24: 0.006, 36: 0.006, 60: 0.001,
    },
    MetricalClass.SUBDIVISION: {3: 0.04, 6: 0.90, 12: 0.012, 18: 0.015, 30: 0.002, 42: 0.002},
    MetricalClass.TRIPLET: {4: 0.08, 8: 0.86, 16: 0.05},
    MetricalClass.FINE: {3: 0.80, 4: 0.14, 9: 0.03, 15: 0.01, 21: 0.01},
}  # fmt: skip

_COMPOUND_STEPS: dict[MetricalClass, _Steps] = {
    MetricalClass.DOWNBEAT: {
        3: 0.002, 6: 0.09, 12: 0.51, 18: 0.04, 24: 0.20, 36: 0.08, 48: 0.01, 60: 0.018, 72: 0.025,
    },
    MetricalClass.STRONG_BEAT: {
        3: 0.002, 6: 0.08, 12: 0.52, 18: 0.03, 24: 0.24, 36: 0.10, 60: 0.012, 72: 0.006,
    },
    MetricalClass.BEAT: {3: 0.002, 6: 0.08, 12: 0.52, 18: 0.03, 24: 0.24, 36: 0.10, 60: 0.012},
    MetricalClass.DIVISION: {3: 0.003, 6: 0.10, 12: 0.87, 24: 0.006, 36: 0.003},
    MetricalClass.SUBDIVISION: {3: 0.014, 6: 0.95, 18: 0.014, 30: 0.003, 42: 0.003},
    MetricalClass.TRIPLET: {4: 0.5, 8: 0.3, 16: 0.1},
    MetricalClass.FINE: {3: 0.80, 4: 0.14, 9: 0.03, 15: 0.01, 21: 0.01},
}  # fmt: skip

_FINEST = 3
"""Ticks of a thirty-second."""

_STEP_WEIGHT = 1.0
"""A piece keeps to its own rhythm, so its steps are not independent evidence."""

_COMMON_STEPS = 8.0
"""From how many onsets at a place on the piece's own rhythm counts more than all music's."""

_RARE_STEP = 1e-4
_SILENT_BAR = 0.01
"""Probability that nothing sounds for longer than a bar."""

_FIRST_ONSET: dict[MetricalClass, float] = {
    MetricalClass.DOWNBEAT: 0.5,
    MetricalClass.STRONG_BEAT: 0.08,
    MetricalClass.BEAT: 0.2,
    MetricalClass.DIVISION: 0.2,
    MetricalClass.SUBDIVISION: 0.015,
    MetricalClass.TRIPLET: 0.0005,
    MetricalClass.FINE: 0.001,
}
"""Where in the bar music starts, or starts again after a silence."""


class MeterModel:
    """A metre's log-probabilities, as arrays over its ticks.

    Args:
        meter: the metre.
        habit: ticks of the piece's onsets, as far as they are known, rising. A piece keeps to its
            own rhythms, which are then expected besides those of all music.
        swung: whether off-beat eighths sound as the last of a triplet.

    Attributes:
        meter: the metre.
        swung: as it was given.
        most_late_ticks: how long after its written place an onset may be expected.
        classes: int, shape (bar_ticks,): `MetricalClass` of each place.
        first: shape (bar_ticks,): of the first onset.
        steps: shape (bar_ticks, bar_ticks + 1): of the next onset, by place and ticks gone, already
            weighted; -inf where the grid has no place.
    """

    def __init__(
        self, meter: Meter, habit: NDArray[np.int64] | None = None, *, swung: bool = False
    ) -> None:
        self.meter = meter
        self.swung = swung
        late = np.zeros(TICKS_PER_QUARTER, dtype=np.int64)
        if swung:  # triplets sound where they are written
            late[::_FINEST] = [sounding_tick(n) - n for n in range(0, TICKS_PER_QUARTER, _FINEST)]
        self._late = late
        self.most_late_ticks = int(late.max())
        bar = meter.bar_ticks
        self.classes = np.array([meter.classify(tick) for tick in range(bar)])
        on_grid = np.array([tick % 3 == 0 or tick % 4 == 0 for tick in range(bar)])
        counts = np.bincount(self.classes[on_grid], minlength=len(MetricalClass))
        with np.errstate(divide="ignore"):  # log 0 = -inf says what is meant
            self.first = np.log(
                [
                    _FIRST_ONSET[MetricalClass(c)] / counts[c] if ok else 0.0
                    for c, ok in zip(self.classes, on_grid, strict=True)
                ]
            )
            table = _COMPOUND_STEPS if meter.denominator == _EIGHTH else _SIMPLE_STEPS
            steps = np.zeros((bar, bar + 1))
            for tick in np.flatnonzero(on_grid):
                steps[tick, 1:] = _RARE_STEP
                for ticks, probability in table[MetricalClass(self.classes[tick])].items():
                    if ticks <= bar:
                        steps[tick, ticks] = probability
                places = tick + np.arange(bar + 1)
                sounding = self.sounding(places)
                steps[tick] *= on_grid[places % bar] & (sounding > sounding[0])
                steps[tick] /= steps[tick].sum()
            if habit is not None:
                steps = _adapted(steps, habit, on_grid)
            self.steps: NDArray[np.float64] = _STEP_WEIGHT * np.log(steps)

    def sounding(self, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where written ticks sound."""
        return np.asarray(ticks + self._late[ticks % TICKS_PER_QUARTER])

    def after_silence(self, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of going on at these places after more than a bar without an onset."""
        return np.asarray(np.log(_SILENT_BAR) + self.first[positions])


def _adapted(
    steps: NDArray[np.float64], habit: NDArray[np.int64], on_grid: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Mix the piece's own steps into the common ones, as counts beside `_COMMON_STEPS` others."""
    bar = len(on_grid)
    ticks = np.unique(habit)
    places, gone = ticks[:-1] % bar, np.diff(ticks)
    usual = (gone <= bar) & on_grid[places] & on_grid[ticks[1:] % bar]
    counts = np.zeros_like(steps)
    np.add.at(counts, (places[usual], gone[usual]), 1.0)
    total = _COMMON_STEPS + counts.sum(axis=1, keepdims=True)
    return np.asarray((_COMMON_STEPS * steps + counts) / total)
