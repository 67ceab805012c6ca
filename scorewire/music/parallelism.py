"""What comes back: bars are as long as the time after which music is like itself.

After D. Temperley and C. Bartlette, "Parallelism as a factor in metrical analysis", Music
Perception 20(2), 2002.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scorewire.music.meter import Meter

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

_PITCHES = 128
_REFERENCE_LAGS = (12, 24, 36, 48, 72, 96, 108, 144, 192, 216, 288, 384)


def likeness(chords: Sequence[Sequence[int]]) -> _Floats:
    """Share of pitches that two onsets have in common (Jaccard); shape (n, n)."""
    struck = np.zeros((len(chords), _PITCHES))
    for index, chord in enumerate(chords):
        struck[index, list(chord)] = 1
    common = struck @ struck.T
    sizes = struck.sum(axis=1)
    return np.asarray(common / (sizes[:, None] + sizes[None, :] - common))


class Returns:
    """How much comes back after a lag: likeness of pitches, and share of onsets."""

    def __init__(self, ticks: _Ints, alike: _Floats) -> None:
        self._ticks = ticks
        self._alike = alike
        self._known: dict[int, _Floats] = {}
        self._reference = np.mean([self.after(lag) for lag in _REFERENCE_LAGS], axis=0)

    def after(self, lag: int) -> _Floats:
        """Likeness and share of onsets after `lag` ticks, shape (2,)."""
        if lag not in self._known:
            ticks = self._ticks
            inside = np.flatnonzero(ticks + lag <= ticks[-1])
            found = np.searchsorted(ticks, ticks[inside] + lag)
            met = ticks[found] == ticks[inside] + lag
            count = max(1, len(inside))
            common = self._alike[inside[met], found[met]].sum()
            self._known[lag] = np.array([common, met.sum()]) / count
        return self._known[lag]

    def features(self, meter: Meter) -> _Floats:
        """What comes back after bars and parts of them, against other lags."""
        bar = meter.bar_ticks
        part = bar // 2 if meter.numerator % 2 == 0 else bar // 3
        found = [self.after(lag) - self._reference for lag in (bar, 2 * bar, 4 * bar, part)]
        return np.array([*(pair[0] for pair in found), found[0][1], found[1][1]])
