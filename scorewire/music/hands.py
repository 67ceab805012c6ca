"""Which hand plays what: a split point that moves as little as it must.

Dynamic programming over the split pitch. A hand spans about an octave, sits on its own side of a
gap, and does not jump, as in the playing models of E. Nakamura and K. Yoshii, "Statistical piano
reduction controlling performance difficulty", APSIPA Trans. 7, 2018. The weights were set by hand.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scorewire.music.quantize import GridNote

RIGHT, LEFT = 1, 2
"""Staff numbers of the right and the left hand."""

_SPLITS = np.arange(36, 85)
_MIDDLE_C = 60
_SPAN_SEMITONES = 12
_SPAN_COST = 0.6
_GAP_GAIN, _GAP_SEMITONES = 0.12, 12
_MOVE_COST = 0.2
_CENTRE_COST = 0.02
_NO_RIGHT_COST, _NO_LEFT_COST = 0.5, 0.25
_BALANCE_COST, _BALANCE_FROM = 0.3, 3


def split_hands(notes: Sequence[GridNote]) -> list[int]:
    """Give every note to a hand.

    Args:
        notes: in order of onset.

    Returns:
        `RIGHT` or `LEFT` for every note, in the same order.
    """
    onsets = sorted({note.onset for note in notes})
    pitches: dict[int, list[int]] = {onset: [] for onset in onsets}
    for note in notes:
        pitches[note.onset].append(note.pitch)
    moves = _MOVE_COST * np.abs(_SPLITS[:, None] - _SPLITS[None, :])
    total = np.zeros(len(_SPLITS))
    came_from = []
    for onset in onsets:
        through = total[:, None] + moves
        came_from.append(through.argmin(axis=0))
        total = through.min(axis=0) + _chord_costs(np.array(sorted(pitches[onset])))
    where = int(total.argmin())
    split_at: dict[int, int] = {}
    for onset, back in zip(reversed(onsets), reversed(came_from), strict=True):
        split_at[onset] = int(_SPLITS[where])
        where = int(back[where])
    return [RIGHT if note.pitch >= split_at[note.onset] else LEFT for note in notes]


def _chord_costs(pitches: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cost of every split for one chord (pitches rising)."""
    costs = _CENTRE_COST * np.abs(_SPLITS - _MIDDLE_C)
    for index, split in enumerate(_SPLITS):
        left, right = pitches[pitches < split], pitches[pitches >= split]
        for hand in (left, right):
            if len(hand):
                costs[index] += _SPAN_COST * max(0, int(hand[-1] - hand[0]) - _SPAN_SEMITONES)
        if len(left) and len(right):
            costs[index] -= _GAP_GAIN * min(_GAP_SEMITONES, int(right[0] - left[-1]))
        costs[index] += _NO_RIGHT_COST * (len(right) == 0) + _NO_LEFT_COST * (len(left) == 0)
        if len(pitches) >= _BALANCE_FROM:
            costs[index] += _BALANCE_COST * abs(len(left) - len(right))
    return costs
