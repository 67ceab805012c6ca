"""Whether the eighths swing: off-beats that come late, as the last third of the beat.

On paper they are even eighths. What tells them from a jig is that beats have no first third; what
tells them from dotted rhythms is how late they come: jazz players put them at 0.55 to 0.7 of the
beat (A. Friberg and A. Sundström, "Swing ratios and ensemble timing in jazz performance: evidence
for a common rhythmic pattern", Music Perception 19(3), 2002), dotted eighths end at 0.75.
"""

import numpy as np

from scorewire.music.beats import BeatTrack
from scorewire.music.meter import TICKS_PER_QUARTER

_SLOWEST_QPM = 90.0
"""What is slower and has off-beats on the last third alone may as well be a song in 6/8."""

_LEAST_DIVIDED, _MOST_OTHERWISE = 0.4, 0.08
"""Share of beats that have an off-beat, and of onsets that stand elsewhere in the beat."""

_FEWEST_OFF_BEATS = 4
_EARLIEST, _LATEST = 0.56, 0.705
"""Where the usual off-beat falls between its beats."""

_OFF_BEAT = TICKS_PER_QUARTER // 2


def swings(track: BeatTrack) -> bool:
    """Whether a performance swings that was followed as if it did."""
    ticks, first = np.unique(track.ticks, return_index=True)
    inside = ticks % TICKS_PER_QUARTER
    divided = np.count_nonzero(inside == _OFF_BEAT) / len(np.unique(ticks // TICKS_PER_QUARTER))
    otherwise = np.count_nonzero((inside != 0) & (inside != _OFF_BEAT)) / len(ticks)
    if (
        60.0 / track.quarter_s < _SLOWEST_QPM
        or divided < _LEAST_DIVIDED
        or otherwise > _MOST_OTHERWISE
    ):
        return False
    struck_s = dict(zip(ticks.tolist(), track.times_s[first].tolist(), strict=True))
    lateness = [
        (off_s - struck_s[tick - _OFF_BEAT])
        / (struck_s[tick + _OFF_BEAT] - struck_s[tick - _OFF_BEAT])
        for tick, off_s in struck_s.items()
        if tick % TICKS_PER_QUARTER == _OFF_BEAT
        and {tick - _OFF_BEAT, tick + _OFF_BEAT} <= struck_s.keys()
    ]
    return len(lateness) >= _FEWEST_OFF_BEATS and _EARLIEST <= np.median(lateness) <= _LATEST
