"""Swung eighths: where they are written, and where they sound.

Two eighths under the word "Swing" are played like the first two thirds and the last third of a
triplet; the word stands for that equation (E. Gould, "Behind Bars", 2011). Players' ratios lie
between 1:1 and 3.5:1, nearer to even the faster the tempo is (A. Friberg and A. Sundström, "Swing
ratios and ensemble timing in jazz performance", Music Perception 19(3), 2002); 2:1 is the one that
the notation names.
"""

from collections.abc import Set as AbstractSet

from scorewire.music.meter import TICKS_PER_QUARTER

_WRITTEN_OFF_BEAT = TICKS_PER_QUARTER / 2
_SOUNDING_OFF_BEAT = TICKS_PER_QUARTER * 2 / 3


def sounding_tick(written: float, *, straight_beats: AbstractSet[int] = frozenset()) -> float:
    """Where a written place sounds when eighths are swung.

    Each half of the quarter is stretched evenly, so order is kept, and beats stay where they are.

    Args:
        written: tick, of which the off-beat eighth is at 12 of 24.
        straight_beats: quarters, counted from tick 0, that are written as triplets: these are
            played as they stand, and their last third falls together with swung off-beats.
    """
    return _bend(written, _WRITTEN_OFF_BEAT, _SOUNDING_OFF_BEAT, straight_beats)


def written_tick(sounding: float, *, straight_beats: AbstractSet[int] = frozenset()) -> float:
    """Where to write what sounds; undoes `sounding_tick`."""
    return _bend(sounding, _SOUNDING_OFF_BEAT, _WRITTEN_OFF_BEAT, straight_beats)


def _bend(tick: float, bend_at: float, goes_to: float, straight_beats: AbstractSet[int]) -> float:
    beat, place = divmod(tick, TICKS_PER_QUARTER)
    if beat in straight_beats:
        return tick
    if place <= bend_at:
        return beat * TICKS_PER_QUARTER + place * goes_to / bend_at
    left = TICKS_PER_QUARTER - place
    return (beat + 1) * TICKS_PER_QUARTER - left * (TICKS_PER_QUARTER - goes_to) / (
        TICKS_PER_QUARTER - bend_at
    )
