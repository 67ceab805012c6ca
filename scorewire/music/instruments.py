"""How each stem is written: name, staves, clefs and General MIDI sound."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scorewire.jobs.options import Stem, heard_as
from scorewire.music.accents import group_chords
from scorewire.music.notes import Note


@dataclass(frozen=True)
class Clef:
    """A clef.

    Attributes:
        sign: letter, or `percussion`.
        line: staff line it stands on, from the bottom; None where that says nothing.
        octaves: octaves that it sounds above what is written.
    """

    sign: str
    line: int | None
    octaves: int = 0


TREBLE = Clef("G", 2)
TREBLE_8VB = Clef("G", 2, -1)
BASS = Clef("F", 4)
BASS_8VB = Clef("F", 4, -1)
PERCUSSION = Clef("percussion", None)


@dataclass(frozen=True)
class Instrument:
    """A part of the score.

    Attributes:
        name: what stands before its first staff.
        program: General MIDI program, from 0.
        clefs: one for each staff, from the top; empty where the notes decide.
        grand_staff: whether it has two staves, joined by a brace.
        percussion: whether its notes are sounds of the drum set, not pitches.
        changes_clef: whether its staves go between treble and bass clef, as those of keyboards do.
        octave_lines: whether its players read octave lines.
    """

    name: str
    program: int
    clefs: tuple[Clef, ...] = ()
    grand_staff: bool = False
    percussion: bool = False
    changes_clef: bool = False
    octave_lines: bool = True


_BY_STEM = {
    Stem.VOCALS: Instrument("Voice", 52, octave_lines=False),
    Stem.OTHER: Instrument("Accompaniment", 0, grand_staff=True, changes_clef=True),
    Stem.GUITAR: Instrument("Guitar", 25, (TREBLE_8VB,)),
    Stem.MIX: Instrument("Piano", 0, grand_staff=True, changes_clef=True),
    Stem.PIANO: Instrument("Piano", 0, grand_staff=True, changes_clef=True),
    Stem.BASS: Instrument("Bass", 33, (BASS_8VB,)),
}
"""From the top of the page; the drum set, which has no pitches, stands below."""

DRUM_SET = Instrument("Drums", 0, (PERCUSSION,), percussion=True)

_LINE_NAMES = {Stem.MIX: "Melody", Stem.OTHER: "Instrument"}
"""What a stem of unknown instruments is called when it turns out to be a single line."""

_SINGLE_SHARE = 0.9
_LINE_RANGE_SEMITONES = 29
_LOWEST_SHARE, _HIGHEST_SHARE = 5, 95
_TREBLE_FROM = 57
_TENOR_FROM = 48

SCORE_ORDER = tuple(_BY_STEM)


def choose_instrument(stem: Stem, notes: Sequence[Note], heard: Sequence[Stem] = ()) -> Instrument:
    """Decide how a stem is written.

    Args:
        stem: where the notes come from; not the drums.
        notes: its notes; at least one.
        heard: the instruments, as far as the musician named them; one alone names the mix.
    """
    stem = heard_as(stem, heard)
    instrument = _BY_STEM[stem]
    if instrument.grand_staff and is_one_line(notes):
        name = _LINE_NAMES.get(stem, instrument.name)
        known = stem not in _LINE_NAMES
        instrument = replace(instrument, name=name, grand_staff=False, changes_clef=known)
    if instrument.clefs:
        return instrument
    if instrument.grand_staff:
        return replace(instrument, clefs=(TREBLE, BASS))
    middle = float(np.median([note.pitch for note in notes]))
    return replace(instrument, clefs=(_line_clef(middle, sung=stem is Stem.VOCALS),))


def is_one_line(notes: Sequence[Note]) -> bool:
    """Whether the notes are a melody of a normal range, with hardly a chord."""
    single = [len(event.notes) == 1 for event in group_chords(notes)]
    low, high = np.percentile([n.pitch for n in notes], [_LOWEST_SHARE, _HIGHEST_SHARE])
    return bool(np.mean(single) > _SINGLE_SHARE and high - low <= _LINE_RANGE_SEMITONES)


def _line_clef(middle_pitch: float, *, sung: bool) -> Clef:
    if middle_pitch >= _TREBLE_FROM:
        return TREBLE
    return TREBLE_8VB if sung and middle_pitch >= _TENOR_FROM else BASS
