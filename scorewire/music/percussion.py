"""Strokes of a drum set to a part: onto the grid of the pitched parts, and into two voices.

Hands stand above with stems up, feet below with stems down, as drum parts are written. A stroke has
no length of its own: it is written until the next of its voice, but not over the next beat, and
never tied. The grid is the pitched notes'; strokes do not change it. A quarter in which strokes
fall on thirds is written in triplets, whatever the other parts have there. Where eighths are swung
a stroke on the last third is an off-beat, and only one on the first third makes it a triplet.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scorewire.music.clefs import Register
from scorewire.music.divisions import BINARY_TICKS, EIGHTH_TICKS, TRIPLET_TICKS, Divisions
from scorewire.music.drumset import SOUNDS
from scorewire.music.grid import Grid
from scorewire.music.instruments import DRUM_SET, PERCUSSION
from scorewire.music.layout import Bar, Part
from scorewire.music.meter import TICKS_PER_QUARTER, Meter
from scorewire.music.notes import Note, ScoreNote
from scorewire.music.rhythm import RhythmWriter, Symbol, mark_groups
from scorewire.music.swing_timing import written_tick
from scorewire.music.voices import Chord

_BINARY, _TRIPLET = TICKS_PER_QUARTER // 4, TICKS_PER_QUARTER // 3
_QUICKEST_S = 0.12
"""Strokes are not written closer together than this: the step is halved where it stays longer."""

_OFF_TICKS = 1.2
"""Standard deviation of strokes from their places."""

_HABIT, _MOST_SURE = 2.0, 4.0
"""Log-odds that a quarter is divided as most are, and the most that its own strokes say."""

_EIGHTH = 8

_FIRST_THIRD = 4, 10
"""Ticks of a swung quarter that are nearer to its first third than to the beat or the half."""

_OFF_BEAT = 10, 19
"""Where in a quarter a swung off-beat sounds: drummers play it at 1:1, the faster the more even, to
3.5:1 (A. Friberg and A. Sundström, "Swing ratios and ensemble timing in jazz performance", Music
Perception 19(3), 2002)."""


@dataclass(frozen=True)
class _Stroke:
    onset: int
    sound: int
    velocity: int


class DrumLine:
    """A drum set's strokes on the grid.

    Args:
        notes: the strokes; `pitch` is a sound of `drumset.SOUNDS`, all others are left out.
        grid: the pitched parts' grid.

    Attributes:
        played: the strokes as they were played, in order.
        first: tick of the quarter (eighth, in metres of eighths) that the first stroke falls in;
            the grid's first where there is none.
        end: tick after the last stroke.
    """

    def __init__(self, notes: Iterable[Note], grid: Grid) -> None:
        self._grid = grid
        self.played = sorted(note for note in notes if note.pitch in SOUNDS)
        places = np.array([_sounding_tick(note.onset_s, grid) for note in self.played])
        find = _find_swung_triplet_beats if grid.swung else _find_triplet_beats
        self._divisions = _with_upbeat(find(places, grid), grid)
        loudest: dict[tuple[int, str, int], _Stroke] = {}
        for note, place in zip(self.played, places.tolist(), strict=True):
            stroke = _Stroke(self._snap(place), note.pitch, note.velocity)
            line = (stroke.onset, SOUNDS[note.pitch].step, SOUNDS[note.pitch].octave)
            if line not in loudest or loudest[line].velocity < stroke.velocity:
                loudest[line] = stroke
        self._strokes = sorted(loudest.values(), key=lambda stroke: (stroke.onset, stroke.sound))
        unit = min(grid.meter.unit_ticks, TICKS_PER_QUARTER)
        onsets = [stroke.onset for stroke in self._strokes]
        self.first = min(onsets) // unit * unit if onsets else grid.first_onset
        self.end = max(onsets) + 1 if onsets else grid.first_onset

    def __bool__(self) -> bool:
        return bool(self._strokes)

    def lay_out(self, bars: Sequence[Bar], name: str) -> Part:
        """Write the strokes into bars.

        Args:
            bars: the score's bars; they reach from the first stroke beyond the last.
            name: of the part; the drum set's own where it is blank.
        """
        writer = RhythmWriter(self._grid.meter, self._divisions)
        written = tuple((self._fill_bar(bar, writer),) for bar in bars)
        notes = {
            note: None
            for staves in written
            for voice in staves[0]
            for symbol in voice
            if symbol.chord is not None
            for note in symbol.chord.notes
        }
        ordered = sorted(notes, key=lambda note: (note.onset, note.pitch))
        instrument = replace(DRUM_SET, name=name.strip() or DRUM_SET.name)
        registers = ((Register(PERCUSSION),),) * len(bars)
        return Part(instrument, tuple(ordered), written, registers)

    def _snap(self, place: float) -> int:
        """Nearest place that can be written."""
        triplet = self._divisions.triplet(place)
        if self._grid.swung and triplet is None:
            beat, inside = divmod(place, TICKS_PER_QUARTER)
            if _OFF_BEAT[0] <= inside < _OFF_BEAT[1]:
                return int(beat) * TICKS_PER_QUARTER + TICKS_PER_QUARTER // 2
            place = written_tick(place)
        step, finest = _BINARY, BINARY_TICKS
        if triplet is not None:
            step, finest = (triplet.end - triplet.start) // 3, TRIPLET_TICKS
        if self._grid.quarter_s * step / 2 / TICKS_PER_QUARTER >= _QUICKEST_S:
            step = max(step // 2, finest)
        return math.floor(place / step + 0.5) * step

    def _fill_bar(self, bar: Bar, writer: RhythmWriter) -> tuple[tuple[Symbol, ...], ...]:
        """Hands, and feet if they play; a silent bar is one rest."""
        within = [stroke for stroke in self._strokes if bar.start <= stroke.onset < bar.end]
        limbs = [[s for s in within if SOUNDS[s.sound].foot == foot] for foot in (False, True)]
        voices = [_write_voice(bar, limb, writer, self._grid.meter) for limb in limbs if limb]
        return tuple(voices) or ((writer.whole_bar_rest(bar.start, bar.end),),)


def _write_voice(
    bar: Bar, strokes: Sequence[_Stroke], writer: RhythmWriter, meter: Meter
) -> tuple[Symbol, ...]:
    """One voice of one bar, rests and all."""
    onsets = sorted({stroke.onset for stroke in strokes})
    symbols = writer.write(bar.start, onsets[0], None) if onsets[0] > bar.start else []
    for onset, following in pairwise([*onsets, bar.end]):
        beat = meter.beat_ticks
        reach = min(following, (onset // beat + 1) * beat)
        # Of what would be tied the first value is struck; the rest is silence.
        shape = writer.write(onset, reach, Chord(onset, reach, []))[0]
        notes = [
            ScoreNote(onset, shape.end, stroke.sound, stroke.velocity, staff=1)
            for stroke in strokes
            if stroke.onset == onset
        ]
        chord = Chord(onset, shape.end, notes)
        symbols.append(replace(shape, chord=chord, tied_back=False, tied_on=False))
        if shape.end < following:
            symbols += writer.write(shape.end, following, None)
    return tuple(mark_groups(symbols, meter))


def _sounding_tick(time_s: float, grid: Grid) -> float:
    """Place of a time; before the first note the grid goes on at the median tempo, too."""
    early_s = grid.time_at(grid.first_onset) - time_s
    if early_s > 0:
        first = grid.sounding(grid.first_onset)
        return first - early_s * TICKS_PER_QUARTER / grid.quarter_s
    return grid.sounding_at(time_s)


def _find_triplet_beats(places: NDArray[np.float64], grid: Grid) -> set[int]:
    """Quarters whose strokes fall on thirds rather than on halves and fourths."""
    if grid.meter.denominator == _EIGHTH:
        return set()
    off = [np.abs(places - step * np.round(places / step)) for step in (_BINARY, _TRIPLET)]
    votes: dict[int, float] = {}
    for beat, vote in zip(
        (places // TICKS_PER_QUARTER).astype(int).tolist(),
        ((off[0] ** 2 - off[1] ** 2) / (2 * _OFF_TICKS**2)).tolist(),
        strict=True,
    ):
        votes[beat] = votes.get(beat, 0.0) + vote
    sure = {beat: min(max(vote, -_MOST_SURE), _MOST_SURE) for beat, vote in votes.items()}
    habit = _HABIT if sum(sure.values()) > 0 else -_HABIT
    return {beat for beat, vote in sure.items() if vote + habit > 0}


def _find_swung_triplet_beats(places: NDArray[np.float64], _grid: Grid) -> set[int]:
    """Quarters in which a stroke falls on the first third, where no swung eighth does."""
    beats, inside = np.divmod(places, TICKS_PER_QUARTER)
    first_third = (_FIRST_THIRD[0] <= inside) & (inside < _FIRST_THIRD[1])
    return set(beats[first_third].astype(int).tolist())


def _with_upbeat(beats: set[int], grid: Grid) -> Divisions:
    """These quarters in thirds; one that the music begins inside, as the other parts have it."""
    triplets = {beat * TICKS_PER_QUARTER: TICKS_PER_QUARTER for beat in beats}
    beat, inside = divmod(grid.first_onset, TICKS_PER_QUARTER)
    if inside:
        start = beat * TICKS_PER_QUARTER
        triplets.pop(start, None)
        theirs = grid.divisions.triplets
        triplets |= {at: theirs[at] for at in (start, start + EIGHTH_TICKS) if at in theirs}
    return Divisions(triplets)
