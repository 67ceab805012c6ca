"""How each staff is read, bar by bar: its clef, and an octave line over or under it.

Ledger lines take time to read, and so does every change. A whole staff is read in the way that
takes least in all. Source: E. Gould, "Behind Bars" (2011): clefs change seldom, at a bar line, and
for a passage; 8va stands over the treble clef alone and 8vb under the bass clef alone, where a
passage would have more than three ledger lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scorewire.music.instruments import BASS, TREBLE, Clef, Instrument
from scorewire.music.notes import ScoreNote
from scorewire.music.rhythm import Symbol
from scorewire.music.spelling import Spelling

_STEPS = "CDEFGAB"
_OCTAVE = len(_STEPS)
_CLEF_PLACES = {"G": 32, "F": 24}
"""Place of the line that a clef stands on: steps above the C of octave 0."""

_STAFF_STEPS = 8
_OCTAVE_LINES = {"G": 1, "F": -1}
"""What an octave line adds to a clef: 8va to treble clefs, 8vb to bass clefs."""

_CHANGE = 30
"""What a change takes: as much as thirty chords with a ledger line, or two with four."""

_UNDER_LINE = 9
"""What a chord under an octave line takes: as much as three ledger lines."""


@dataclass(frozen=True)
class Register:
    """How a staff is read.

    Attributes:
        clef: the clef.
        octaves: octaves that an octave line adds: 1 under 8va, -1 over 8vb, 0 without one.
    """

    clef: Clef
    octaves: int = 0

    def count_ledger_lines(self, lowest: Spelling, highest: Spelling) -> tuple[int, int]:
        """Ledger lines of a chord, below the staff and above it."""
        bottom = _CLEF_PLACES[self.clef.sign] + _OCTAVE * (self.clef.octaves + self.octaves)
        bottom -= 2 * ((self.clef.line or 1) - 1)
        below = bottom - _place(lowest)
        above = _place(highest) - bottom - _STAFF_STEPS
        return max(below, 0) // 2, max(above, 0) // 2


def choose_registers(
    instrument: Instrument,
    staff: int,
    bars: Sequence[Sequence[Sequence[Symbol]]],
    spellings: Mapping[ScoreNote, Spelling],
) -> list[Register]:
    """Choose how a staff is read in every bar.

    Args:
        instrument: who plays; its own clef stands where no other is clearly better.
        staff: number of the staff in its part, from 1.
        bars: for each bar the symbols of each voice.
        spellings: written name of every note.
    """
    own = instrument.clefs[staff - 1]
    clefs = [own, *(clef for clef in (TREBLE, BASS) if clef != own and instrument.changes_clef)]
    registers = [Register(clef) for clef in clefs]
    if instrument.octave_lines:
        registers += [Register(clef, _OCTAVE_LINES[clef.sign]) for clef in clefs]
    chords = [_outer_notes(voices, spellings) for voices in bars]
    costs = np.array([[_reading_cost(register, bar) for register in registers] for bar in chords])
    changes = np.array([[_change_cost(old, new) for new in registers] for old in registers])
    new_clef = np.array([[old.clef != new.clef for new in registers] for old in registers])
    # Verovio draws a new clef where the first of the voices before it ends.
    clear = np.array([_ends_together(voices) for voices in bars[:-1]], dtype=bool)
    at_bar_lines = np.where(new_clef & ~clear[:, None, None], np.inf, changes)
    path = _cheapest_path(changes[0] + costs[0], costs[1:], at_bar_lines)
    return [registers[index] for index in path]


def _ends_together(voices: Sequence[Sequence[Symbol]]) -> bool:
    """Whether no voice of a bar falls silent before another."""
    return len({voice[-1].end for voice in voices if voice}) <= 1


def _cheapest_path(first: np.ndarray, costs: np.ndarray, changes: np.ndarray) -> list[int]:
    """Viterbi's algorithm; what may change in one of several bars changes in the last of them.

    Args:
        first: what the first bar takes, shape (registers,).
        costs: what each further bar takes, shape (bars - 1, registers).
        changes: what it takes to change before each of these, shape (bars - 1, old, new).
    """
    staying = np.eye(len(first), dtype=bool)
    reached = first
    previous = []
    for cost, change in zip(costs, changes, strict=True):
        ways = reached[:, None] + change
        previous.append(np.lexsort((staying, ways), axis=0)[0])
        reached = ways.min(axis=0) + cost
    path = [int(reached.argmin())]
    for step in reversed(previous):
        path.append(int(step[path[-1]]))
    return path[::-1]


def _outer_notes(
    voices: Sequence[Sequence[Symbol]], spellings: Mapping[ScoreNote, Spelling]
) -> list[tuple[Spelling, Spelling]]:
    """Lowest and highest note of every chord on the page."""
    chords = (
        [spellings[note] for note in symbol.chord.notes]
        for voice in voices
        for symbol in voice
        if symbol.chord is not None
    )
    return [(min(chord, key=_place), max(chord, key=_place)) for chord in chords]


def _reading_cost(register: Register, chords: Sequence[tuple[Spelling, Spelling]]) -> int:
    """What a bar takes: many ledger lines on one note more than one each on many."""
    lines = [count for chord in chords for count in register.count_ledger_lines(*chord)]
    under_line = _UNDER_LINE * len(chords) + 1 if register.octaves else 0
    return sum(count**2 for count in lines) + under_line


def _change_cost(old: Register, new: Register) -> int:
    begins = new.octaves not in (0, old.octaves)
    return _CHANGE * ((old.clef != new.clef) + begins)


def _place(spelling: Spelling) -> int:
    """Steps of the scale above the C of octave 0."""
    return _OCTAVE * spelling.octave + _STEPS.index(spelling.step)
