"""How long notes are written: the ends that cost least.

A transcriber hears where notes start far better than where they end, and a page with few ties and
rests reads best, so most notes last until their hand plays again. What else they may do, and at
what cost, is `note_values`'.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np

from scorewire.music.grid import Grid, GridNote
from scorewire.music.note_values import MOST_ONSETS, NoteValues, Sounding, Strike
from scorewire.music.notes import ScoreNote

_USUAL_PERCENTILE = 80


def write_lengths(notes: Sequence[GridNote], staff: int, grid: Grid) -> list[ScoreNote]:
    """Choose the written end of every note of one staff.

    Args:
        notes: the staff's notes in order of onset.
        staff: number of the staff.
        grid: where ends may stand.
    """
    values = NoteValues(grid.meter, grid.divisions)
    usual = usual_length(notes)
    struck_again: dict[int, int] = {}
    later: list[Strike] = []
    written = []
    for onset, group in groupby(reversed(notes), key=lambda note: note.onset):
        chord = list(group)
        for note in chord:
            sounding = Sounding(onset, note.end - onset, usual, note.pitch)
            last = struck_again.get(note.pitch)
            ends = [end for end in values.list_ends(onset, later) if last is None or end <= last]
            end = min(ends, key=lambda end: values.cost(sounding, end, later))
            written.append(ScoreNote(onset, end, note.pitch, note.velocity, staff))
        struck_again.update((note.pitch, onset) for note in chord)
        strike = Strike(onset, tuple(note.pitch for note in chord))
        later = [strike, *later[: MOST_ONSETS - 1]]
    return written[::-1]


def usual_length(notes: Sequence[GridNote]) -> float:
    """Logarithm of how long the longer notes sound, against the time to the next onset.

    Args:
        notes: of one staff, in order of onset.
    """
    following = dict(pairwise(sorted({note.onset for note in notes})))
    shares = [
        (note.end - note.onset) / (following[note.onset] - note.onset)
        for note in notes
        if note.onset in following
    ]
    return float(np.log(np.percentile(shares, _USUAL_PERCENTILE))) if shares else 0.0
