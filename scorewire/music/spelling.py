"""Names of notes: C sharp or D flat.

Source: D. Meredith, "The ps13 pitch spelling algorithm", J. New Music Research 35(2), 2006, as
partitura implements it. ps13 looks at intervals alone, so its answer is then moved by whole
enharmonic circles to the side of the key signature.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scorewire.music.key import Key, note_array
from scorewire.music.notes import ScoreNote

_STEPS = "FCGDAEB"
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_CIRCLE = 12
_SCALE_CENTRE = 2
"""A key's seven notes lie round the second fifth above its signature."""

_LOWEST_PITCH = 12
"""The C of octave 0, the lowest that MusicXML has."""

_LOWEST_PLACE, _HIGHEST_PLACE = -15, 19
"""F double flat and B double sharp on the line of fifths (C = 0)."""


@dataclass(frozen=True)
class Spelling:
    """A written pitch.

    Attributes:
        step: letter.
        alter: semitones up (sharps) or down (flats), -2 to 2.
        octave: octave number; middle C starts octave 4.
    """

    step: str
    alter: int
    octave: int

    @property
    def place(self) -> int:
        """On the line of fifths, from C = 0."""
        return _STEPS.index(self.step) - 1 + 7 * self.alter


def spell(notes: Sequence[ScoreNote], key: Key) -> list[Spelling]:
    """Name every note.

    Args:
        notes: in order of onset; at least one.
        key: the signature on the page.
    """
    from partitura.musicanalysis import estimate_spelling  # noqa: PLC0415 - a slow import

    named = estimate_spelling(note_array(notes))
    places = np.array(
        [
            _STEPS.index(str(step)) - 1 + 7 * int(alter)
            for step, alter in zip(named["step"], named["alter"], strict=True)
        ]
    )
    centre = key.fifths + _SCALE_CENTRE
    places -= _CIRCLE * round(float(places.mean() - centre) / _CIRCLE)
    near = centre + (places - centre + _CIRCLE // 2) % _CIRCLE - _CIRCLE // 2
    writable = (places >= _LOWEST_PLACE) & (places <= _HIGHEST_PLACE)
    places = np.where(writable, places, near)
    return [_written(int(place), note.pitch) for place, note in zip(places, notes, strict=True)]


def _written(place: int, pitch: int) -> Spelling:
    """The pitch under the name at a place on the line of fifths."""
    alter, step = divmod(place + 1, 7)
    natural = pitch - alter
    letter = _STEPS[step]
    octave = (natural - _SEMITONES[letter]) // 12 - 1
    if octave < 0 and pitch >= _LOWEST_PITCH:  # a B sharp, below the lowest C on paper
        return _written(place - _CIRCLE, pitch)
    return Spelling(letter, alter, octave)
