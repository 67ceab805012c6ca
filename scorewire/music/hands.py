"""Which hand plays what: a split point that follows both hands.

At every onset the keyboard is split between the hands. Evidence at each onset, and what a split
costs that moves, make a chain (a conditional random field: J. Lafferty, A. McCallum and F. Pereira,
ICML 2001). Every note goes to the hand that it is likelier with, over all ways to move the split:
the likeliest single way has more notes in the wrong hand.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scorewire.music.grid import GridNote
from scorewire.music.hand_evidence import SPLITS, Strikes, list_evidence, list_moves
from scorewire.music.hand_weights import EVIDENCE, MOVES

RIGHT, LEFT = 1, 2
"""Staff numbers of the right and the left hand."""

_Floats = NDArray[np.float64]


def split_hands(notes: Sequence[GridNote]) -> list[int]:
    """Give every note to a hand.

    At one onset the left hand's notes are all below the right hand's. The order of the notes does
    not matter, nor does the key that they are played in.

    Args:
        notes: in any order.

    Returns:
        `RIGHT` or `LEFT` for every note, in the same order.
    """
    if not notes:
        return []
    strikes = Strikes.of(notes)
    scores = np.zeros((len(strikes.onsets), len(SPLITS)))
    for weight, evidence in zip(EVIDENCE, list_evidence(strikes), strict=True):
        scores += weight * evidence
    moves = sum(weight * move for weight, move in zip(MOVES, list_moves(), strict=True))
    _, likely, _ = weigh_splits(scores[None], np.asarray(moves))
    right = likely[0].cumsum(axis=1)  # the split is at this pitch or below
    at = np.searchsorted(strikes.onsets, [note.onset for note in notes])
    places = np.array([note.pitch + strikes.shift - SPLITS[0] for note in notes])
    sure = right[at, np.clip(places, 0, len(SPLITS) - 1)]
    return [
        RIGHT if place >= 0 and share >= 1 / 2 else LEFT
        for place, share in zip(places, sure, strict=True)
    ]


def weigh_splits(scores: _Floats, moves: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    """Sum over all ways of the split (the forward-backward algorithm).

    Args:
        scores: log odds of every split at every onset, shape (pieces, onsets, splits).
        moves: log odds of a split after another, shape (splits, splits).

    Returns:
        For each piece the logarithm of the sum; the probability of every split, shaped as `scores`;
        how often each is expected after each in all pieces, shaped as `moves`.
    """
    highest = scores.max(axis=2, keepdims=True)
    odds, passing = np.exp(scores - highest), np.exp(moves)
    forward, scale = np.empty_like(odds), np.empty(odds.shape[:2])
    for at in range(odds.shape[1]):
        now = odds[:, at] * (forward[:, at - 1] @ passing if at else 1.0)
        scale[:, at] = now.sum(axis=1)
        forward[:, at] = now / scale[:, at, None]
    likely, moved = forward.copy(), np.zeros_like(passing)
    backward = np.ones_like(odds[:, 0])
    for at in range(odds.shape[1] - 2, -1, -1):
        coming = odds[:, at + 1] * backward / scale[:, at + 1, None]
        moved += forward[:, at].T @ coming
        backward = coming @ passing.T
        likely[:, at] *= backward
    total = np.log(scale).sum(axis=1) + highest.sum(axis=(1, 2))
    return total, likely, moved * passing
