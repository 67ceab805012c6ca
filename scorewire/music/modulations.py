"""Sections in another key: where the page gets a new signature.

Source: D. Temperley, "The Cognition of Basic Musical Structures", 2001, chapter 7: each segment of
a piece speaks for each key, and to change the key has a cost. Here the segments' evidence is that
of `key`, keys change at bar lines, and costs are high: what only passes through a key is written
with accidentals, and so is all in the dominant, where music goes in any case. What counts is a
section of a dozen bars that begins and ends in its key: in the tonic's other mode, in the
subdominant to the end, as trios are, or wherever the evidence is overwhelming.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scorewire.music.key import KEYS, SEGMENT_TICKS, Key, estimate_key, weigh_keys
from scorewire.music.layout import Bar
from scorewire.music.notes import ScoreNote

_FEWEST_BARS = 12
_EDGE_BARS = 8
"""Over its first and its last bars a section's key must fit better than the piece's."""

_USUAL, _UNUSUAL = 25.0, 100.0
"""Costs of a section, in nats. Chosen with the pieces that docs/score.md counts."""

_CIRCLE = 12
_OTHER_MODE = (3, _CIRCLE - 3)
_DOMINANT, _SUBDOMINANT = 1, _CIRCLE - 1
_DECIMALS = 9

_Floats = NDArray[np.float64]


def find_keys(notes: Sequence[ScoreNote], bars: Sequence[Bar]) -> tuple[Key, ...]:
    """Find the key of each bar.

    Args:
        notes: at least one.
        bars: the whole piece's, at least one.
    """
    first, evidence = weigh_keys(notes)
    home = KEYS.index(estimate_key(evidence))
    by_bar = _sum_by_bar(first, evidence, bars)
    sections = _cut(np.vstack([np.zeros(len(KEYS)), by_bar.cumsum(axis=0)]), home)
    keys: list[Key] = []
    for (start, key), (end, _) in pairwise([*sections, (len(bars), home)]):
        same = keys and keys[-1].fifths == KEYS[key].fifths
        keys += [keys[-1] if same else KEYS[key]] * (end - start)
    return tuple(keys)


def _sum_by_bar(first: int, evidence: _Floats, bars: Sequence[Bar]) -> _Floats:
    """What speaks for each key, shape (bars, keys), by the bar in which a segment begins."""
    ticks = (first + np.arange(len(evidence))) * SEGMENT_TICKS
    place = np.searchsorted([bar.start for bar in bars], ticks, side="right") - 1
    by_bar = np.zeros((len(bars), len(KEYS)))
    np.add.at(by_bar, np.maximum(place, 0), evidence)
    return by_bar


def _cut(total: _Floats, home: int) -> list[tuple[int, int]]:
    """Cut the piece into sections: (first bar, key), in order.

    Args:
        total: evidence for each key up to each bar line, shape (bars + 1, keys).
        home: the whole piece's key.
    """
    count = len(total) - 1
    if count < 2 * _FEWEST_BARS:
        return [(0, home)]
    away = np.array([(key.fifths - KEYS[home].fifths) % _CIRCLE for key in KEYS])
    at_home = away == 0
    over_home = total - total[:, [home]]
    lines = np.arange(count + 1)
    begins = over_home[np.minimum(lines + _EDGE_BARS, count)] - over_home > 0
    ends = over_home - over_home[np.maximum(lines - _EDGE_BARS, 0)] > 0
    usual = np.where(np.isin(away, _OTHER_MODE), _USUAL, _UNUSUAL)
    inner = np.where(away == _DOMINANT, np.inf, usual)
    opening = np.where(np.isin(away, (_DOMINANT, _SUBDOMINANT)), _USUAL, usual)
    closing = np.where(away == _SUBDOMINANT, _USUAL, inner)
    for cost in (inner, opening, closing):
        cost[at_home] = 0.0
    best = np.full(count + 1, -np.inf)
    chosen = [(0, home)] * (count + 1)
    whole = np.where(at_home | begins[0], -opening, -np.inf)
    # Of sections that began later, the best for each key, before its evidence and cost.
    held, since = np.full(len(KEYS), -np.inf), np.zeros(len(KEYS), dtype=int)
    for end in range(_FEWEST_BARS, count + 1):
        start = end - _FEWEST_BARS
        if start > 0:
            begun = (best[start] - total[start]).round(_DECIMALS)  # alike at any pitch
            begun[~(at_home | begins[start])] = -np.inf
            since = np.where(begun > held, start, since)
            held = np.maximum(begun, held)
        later = held - (closing if end == count else inner)
        worth = (total[end] + np.maximum(whole, later)).round(_DECIMALS)
        worth[~(at_home | ends[end])] = -np.inf
        key = int(worth.argmax())
        best[end] = worth[key]
        chosen[end] = (0 if whole[key] >= later[key] else int(since[key])), key
    sections = []
    reached = count
    while reached > 0:
        sections.append(chosen[reached])
        reached = chosen[reached][0]
    return sections[::-1]
