"""Scores with swung eighths, laid out over a grid that is known to be swung."""

from collections.abc import Iterable, Sequence

import numpy as np
from performances import play

from scorewire.jobs.options import Stem
from scorewire.music.accents import group_chords
from scorewire.music.beats import BeatTrack
from scorewire.music.divisions import Divisions
from scorewire.music.grid import Grid
from scorewire.music.instruments import choose_instrument
from scorewire.music.key import Key
from scorewire.music.layout import Score, assign_staves, lay_out, rule_bars
from scorewire.music.meter import TICKS_PER_QUARTER, Meter
from scorewire.music.notes import Note
from scorewire.music.percussion import DrumLine
from scorewire.music.spelling import spell

Beats = Iterable[tuple[float, float, int]]
"""Start and length in beats as written, and pitch."""


def swing(beats: Beats, *, bpm: float = 120.0, start_s: float = 0.0) -> list[Note]:
    """Notes from beats as written: what is on an off-beat is played at two thirds of its beat."""
    played = [
        (_late(start), _late(start + length) - _late(start), pitch)
        for start, length, pitch in beats
    ]
    return play(played, bpm=bpm, start_s=start_s)


def _late(beat: float) -> float:
    return int(beat) + 2 / 3 if beat % 1 == 0.5 else beat


def swung_grid(notes: Sequence[Note], written: Sequence[float], *, bpm: float = 120.0) -> Grid:
    """The swung grid of notes of which it is known on which beats they are written, in 4/4."""
    events = group_chords(notes)
    ticks = np.array([round(beat * TICKS_PER_QUARTER) for beat in sorted(set(written))])
    divisions = Divisions({tick // 24 * 24: 24 for tick in ticks.tolist() if tick % 24 in (8, 16)})
    places = np.array([divisions.nearest(tick) for tick in ticks.tolist()])
    times_s = np.array([event.onset_s for event in events])
    track = BeatTrack(Meter(4, 4), places, times_s, 60.0 / bpm, 0.0, swung=True)
    return Grid(track, divisions, times_s)


def swung_score(
    notes: Sequence[Note],
    written: Sequence[float],
    drums: Sequence[Note] = (),
    *,
    bpm: float = 120.0,
) -> tuple[Score, Grid]:
    """A piano's score in 4/4 and C major over a swung grid, with drums where there are strokes.

    Args:
        notes: the piano's, as played.
        written: on which beats they are written.
        drums: strokes as played.
        bpm: the tempo.
    """
    grid = swung_grid(notes, written, bpm=bpm)
    piano = choose_instrument(Stem.PIANO, notes, ())
    placed = assign_staves(grid.place(notes), piano, grid)
    line = DrumLine(drums, grid)
    last = max(line.end, *(note.end for note in placed))
    bars = rule_bars(grid.meter, min(grid.first_onset, line.first), last)
    key = Key("C", "major")
    spellings = dict(zip(placed, spell(placed, key), strict=True))
    parts = [lay_out(piano, placed, bars, grid, spellings)]
    if line:
        parts.append(line.lay_out(bars, ""))
    score = Score(
        title="Swung",
        meter=grid.meter,
        keys=(key,) * len(bars),
        tempo_bpm=bpm,
        bars=bars,
        parts=tuple(parts),
        spellings=spellings,
        swung=grid.swung,
    )
    return score, grid
