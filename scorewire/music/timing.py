"""Where each onset is expected to stand, judged by the time of its neighbours."""

import numpy as np
from numpy.typing import NDArray

from scorewire.music.beats import BeatTrack
from scorewire.music.meter import TICKS_PER_QUARTER

_Floats = NDArray[np.float64]

_REACH_QUARTERS, _FEWEST = 1.5, 3
"""How far away neighbours are asked, or farther until there are so many on a side."""

_FINE_WEIGHT = 0.3
"""What those count for that do not stand on eighths: their places are less sure."""

_MOMENT = 1e-6


def expected_ticks(track: BeatTrack, sounding: _Floats) -> _Floats:
    """Place of each event by its time, on the line through its neighbours' places and times.

    Local linear regression that leaves the event itself out, with tricube weights (W. S. Cleveland,
    "Robust locally weighted regression and smoothing scatterplots", J. Amer. Stat. Assoc. 74,
    1979). An event with too few neighbours stays where it is.

    Args:
        track: where the events stand, and when they were played.
        sounding: shape (n_events,): where the events stand, before they are written.

    Returns:
        Ticks, shape (n_events,).
    """
    times = track.times_s / track.quarter_s
    on_eighths = track.ticks % (TICKS_PER_QUARTER // 2) == 0
    trust = np.where(on_eighths, 1.0, _FINE_WEIGHT)
    expected = sounding.copy()
    lefts = np.searchsorted(times, times - _REACH_QUARTERS)
    rights = np.searchsorted(times, times + _REACH_QUARTERS, side="right")
    for index in range(len(times)):
        left = max(min(lefts[index], index - _FEWEST), 0)
        right = min(max(rights[index], index + _FEWEST + 1), len(times))
        others = np.r_[left:index, index + 1 : right]
        place = _at_zero(times[others] - times[index], sounding[others], trust[others])
        if place is not None:
            expected[index] = place
    return expected


def _at_zero(away: _Floats, places: _Floats, trust: _Floats) -> float | None:
    """Height at 0 of the line through points, nearer ones first; None where it does not rise."""
    if len(away) < _FEWEST:
        return None
    reach = max(float(np.sort(np.abs(away))[_FEWEST - 1]) * 1.01, _REACH_QUARTERS)
    weights = trust * np.clip(1 - (np.abs(away) / reach) ** 3, 0, None) ** 3
    total = weights.sum()
    middle, height = (weights @ away) / total, (weights @ places) / total
    spread = weights @ (away - middle) ** 2
    rise = weights @ ((away - middle) * (places - height))
    if spread < _MOMENT or rise <= 0:
        return None
    return float(height - rise / spread * middle)
