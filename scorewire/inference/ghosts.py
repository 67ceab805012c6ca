"""What the model hears that nobody played: partials of other notes, and undertones.

basic-pitch takes partials of a note for notes, and under a chord it hears the note whose partials
the chord could be, mostly an octave down. Both begin with the notes that they come from, and the
model is less sure of them than of what was played.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PARTIALS = frozenset({12, 19, 24, 28, 31, 34, 36})
"""Semitones from a note to its partials, the second to the eighth."""
_UNDERTONES = frozenset({-12, -19, -24, -28})
"""Semitones from a note to what it could be a low partial of."""

_BEFORE_FRAMES, _AFTER_FRAMES = 5, 8
"""What begins so close to another note begins with it."""

_PARTIAL_LEVEL, _PARTIAL_SHARE, _PARTIAL_ODDS = 1.25, 0.5, -1.5
_UNDERTONE_SHARE, _UNDERTONE_ODDS = 2.0, 0.2
"""What the logarithm of a note's level, and of its share of the other's, weigh beside the log-odds
of its beginning, and what their sum is at least for a note that was played, against what is asked
of any beginning. Chosen on renderings of 28 pieces for the piano and of 16 for ten instruments."""

_ROUNDING = 1e-3


@dataclass(frozen=True)
class Decoded:
    """A note as the model hears it.

    Attributes:
        start, end: first frame, and the frame after the last.
        pitch: MIDI note number.
        level: mean probability that it sounds.
        onset: probability that it begins.
    """

    start: int
    end: int
    pitch: int
    level: float
    onset: float


def without_ghosts(notes: Sequence[Decoded], threshold: float) -> list[Decoded]:
    """Leave out partials and undertones of notes that begin with them.

    Args:
        notes: latest first.
        threshold: what is asked of the probability that a note begins.
    """
    asked = float(log_odds(np.array(threshold)))
    starts = [-note.start for note in notes]
    kept = []
    for note in notes:
        left = bisect_left(starts, -note.start - _BEFORE_FRAMES)
        right = bisect_right(starts, -note.start + _AFTER_FRAMES)
        if not _is_ghost(note, notes[left:right], asked):
            kept.append(note)
    return kept


def _is_ghost(note: Decoded, together: Sequence[Decoded], asked: float) -> bool:
    sure = float(log_odds(np.array(note.onset))) - asked
    below = [other.level for other in together if note.pitch - other.pitch in _PARTIALS]
    above = [other.level for other in together if note.pitch - other.pitch in _UNDERTONES]
    if below:
        level, share = np.log(note.level), np.log(note.level / max(below))
        if sure + _PARTIAL_LEVEL * level + _PARTIAL_SHARE * share < _PARTIAL_ODDS:
            return True
    if above:
        share = np.log(note.level / max(above))
        return bool(sure + _UNDERTONE_SHARE * share < _UNDERTONE_ODDS)
    return False


def log_odds(probability: NDArray[np.floating]) -> NDArray[np.float64]:
    """Logarithm of the odds, finite for 0 and 1 as well."""
    inside = np.clip(probability, _ROUNDING, 1 - _ROUNDING).astype(np.float64)
    return np.asarray(np.log(inside / (1 - inside)))
