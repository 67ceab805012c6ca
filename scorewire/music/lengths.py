"""How long notes are written.

A transcriber hears where notes start far better than where they end, and a page with few ties and
rests reads best. So a note lasts until its hand plays again, unless it clearly ended before or
clearly sounded on (measured on notes of basic-pitch: 78 % of the written lengths right where the
ends as heard give 66 %).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from scorewire.music.meter import TICKS_PER_QUARTER
from scorewire.music.quantize import Grid, GridNote

_SHORT = 0.5
"""A note that ends before this share of the time to the next onset is written short."""

_LONG_OVER_USUAL, _SHORTEST_LONG, _LONGEST_LONG = 1.6, 1.5, 5.0
_USUAL_PERCENTILE = 80
"""A note is held over the next onset when it sounds clearly longer, against the time to that onset,
than its staff's notes usually do: a pedal, or a room, makes all of them long."""

_REST_FROM = TICKS_PER_QUARTER // 2
"""Within an eighth, an early end is articulation, not a rest."""

_KEPT_SHARE = 0.93
"""Players let go a little early."""

_MAX_HELD_ONSETS = 12
_WRITTEN_TICKS = np.array([12, 24, 48, 72, 96])


@dataclass(frozen=True)
class ScoreNote:
    """A note as written.

    Attributes:
        onset: tick of its start.
        end: tick of its end.
        pitch: MIDI note number.
        velocity: MIDI velocity.
        staff: staff of its part, from 1 at the top.
    """

    onset: int
    end: int
    pitch: int
    velocity: int
    staff: int


def write_lengths(notes: Sequence[GridNote], staff: int, grid: Grid) -> list[ScoreNote]:
    """Choose the written end of every note of one staff.

    Args:
        notes: the staff's notes in order of onset.
        staff: number of the staff.
        grid: where ends may stand.
    """
    onsets = np.array(sorted({note.onset for note in notes}), dtype=np.int64)
    long_from = _long_from(notes, onsets)
    struck_again: dict[int, int] = {}
    written = []
    for onset, group in groupby(reversed(notes), key=lambda note: note.onset):
        chord = list(group)
        later = onsets[np.searchsorted(onsets, onset) + 1 :]
        ends = [_choose_end(note, later, long_from, grid) for note in chord]
        # A chord is let go together, but for what is held over the next onset.
        reach = later[0] if len(later) else max(ends)
        together = max((end for end in ends if end <= reach), default=onset)
        for note, chosen in zip(chord, ends, strict=True):
            end = max(chosen, together)
            end = min(end, struck_again.get(note.pitch, end))
            written.append(ScoreNote(onset, end, note.pitch, note.velocity, staff))
        struck_again.update((note.pitch, onset) for note in chord)
    return written[::-1]


def _long_from(notes: Sequence[GridNote], onsets: NDArray[np.int64]) -> float:
    """From what share of the time to the next onset on a note of this staff is held over it."""
    starts = np.array([note.onset for note in notes], dtype=np.int64)
    following = np.searchsorted(onsets, starts) + 1
    inner = following < len(onsets)
    if not inner.any():
        return _LONGEST_LONG
    played = np.array([note.end for note in notes])[inner] - starts[inner]
    shares = played / (onsets[following[inner]] - starts[inner])
    usual = float(np.percentile(shares, _USUAL_PERCENTILE))
    return float(np.clip(_LONG_OVER_USUAL * usual, _SHORTEST_LONG, _LONGEST_LONG))


def _choose_end(note: GridNote, later: NDArray[np.int64], long_from: float, grid: Grid) -> int:
    played = max(note.end - note.onset, 1.0)
    if len(later) == 0:  # what rings on after the last stroke is not written over a bar line
        bar = grid.meter.bar_ticks
        bar_line = (note.onset // bar + 1) * bar
        return min(_round_up(_snap(note.onset, played / _KEPT_SHARE, grid), grid), bar_line)
    until_next = int(later[0]) - note.onset
    if played < _SHORT * until_next and until_next > _REST_FROM:
        end = _round_up(_snap(note.onset, played / _KEPT_SHARE, grid), grid)
        return end if end <= later[0] - _REST_FROM else int(later[0])
    if played < long_from * until_next:
        return int(later[0])
    reach = later[:_MAX_HELD_ONSETS] - note.onset
    return int(later[np.argmin(np.abs(np.log(reach / (played / _KEPT_SHARE))))])


def _snap(onset: int, played: float, grid: Grid) -> int:
    """End of the written value nearest to a length."""
    value = int(_WRITTEN_TICKS[np.argmin(np.abs(np.log(_WRITTEN_TICKS / played)))])
    end = grid.nearest(onset + value)
    return end if end > onset else grid.nearest(onset + 1, up=True)


def _round_up(end: int, grid: Grid) -> int:
    """Where a rest may begin: at an eighth, or with the beat that is divided in three."""
    step = TICKS_PER_QUARTER if grid.is_triplet_beat(end) else _REST_FROM
    return -(-end // step) * step
