"""Onsets on a grid that a player could read.

A beat tracker that is led astray, by a doubled note or a free player, puts onsets on thirty-seconds
that would pass in no time at all. Nobody plays these in rhythm, and nobody can read them: such an
onset goes to the nearer sixteenth. Where thirty-seconds are slow enough to be meant, they stay.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scorewire.music.beats import BeatTrack
from scorewire.music.meter import TICKS_PER_QUARTER

_Floats = NDArray[np.float64]

_SIXTEENTH = TICKS_PER_QUARTER // 4
_TRIPLET = TICKS_PER_QUARTER // 6

_QUICKEST_S = 0.075
"""Thirteen notes a second: what is quicker is an ornament, and not written in rhythm."""

_MOMENT_S = 1e-9


def move_flurries(track: BeatTrack) -> BeatTrack:
    """Move onsets off thirty-seconds that are too quick to be played in rhythm.

    Triplets stay where the metre has them. Onsets keep their order, and two may come together.
    """
    if track.quarter_s / (TICKS_PER_QUARTER / 3) >= _QUICKEST_S:
        return track
    places, first = np.unique(track.ticks, return_index=True)
    exact = _interpolate(places.astype(np.float64), track.times_s[first])
    lower = places // _SIXTEENTH * _SIXTEENTH
    nearer = lower + _SIXTEENTH * (exact - lower > _SIXTEENTH / 2)
    triplet = (places % _TRIPLET == 0) & (track.meter.denominator in (2, 4))
    legible = (places % _SIXTEENTH == 0) | triplet
    moved = np.maximum.accumulate(np.where(legible, places, nearer))
    return replace(track, ticks=moved[np.searchsorted(places, track.ticks)])


def _interpolate(places: _Floats, times_s: _Floats) -> _Floats:
    """Where each place would lie, by its time, between those before and after it."""
    exact = places.copy()
    inner = slice(1, -1)
    if exact[inner].size:
        span_s = times_s[2:] - times_s[:-2]
        share = (times_s[inner] - times_s[:-2]) / np.maximum(span_s, _MOMENT_S)
        exact[inner] = places[:-2] + share * (places[2:] - places[:-2])
    return exact
