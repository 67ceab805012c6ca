"""Key signature: estimated from the notes, or as the musician says.

Estimation is D. Temperley's Bayesian key finding ("Music and Probability", 2007, chapter 6): which
pitch classes occur in each short segment, not for how long, under the profiles that he counted in
the Kostka and Payne corpus. Taking presence rather than duration keeps one chromatic passage, or
one drone, from deciding for the piece.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorewire.music.meter import TICKS_PER_QUARTER
from scorewire.music.notes import ScoreNote

SEGMENT_TICKS = 2 * TICKS_PER_QUARTER
"""A chord's usual length; of one to four quarters, two and three named most keys right."""

_SOUNDED_SHARE = 0.8
"""A note's last fifth is overlap with the next harmony more often than part of it."""

_PITCH_CLASSES = 12

_KOSTKA_PAYNE = {
    "major": (.748, .060, .488, .082, .670, .460, .096, .715, .104, .366, .057, .400),
    "minor": (.712, .084, .474, .618, .049, .460, .105, .747, .404, .067, .133, .330),
}  # fmt: skip
"""Probability that a segment holds a pitch class, by semitones over the tonic."""

_TONICS = {
    "major": ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"),
    "minor": ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
}
"""By pitch class, under the name of the fewest accidentals; of six, flats."""

_FIFTHS_OF_STEP = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}
_MINOR_FIFTHS = -3
_MOST_ACCIDENTALS = 7
_CIRCLE = 12
_FIFTHS_OF_SEMITONE = 7
_DECIMALS = 9
"""Keys that are alike but for rounding are alike; the first of them is taken."""


@dataclass(frozen=True)
class Key:
    """A key.

    Attributes:
        tonic: name of the tonic, e.g. `"F#"`.
        mode: `"major"` or `"minor"`.
    """

    tonic: str
    mode: str

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Read `"Bb minor"` and the like.

        A key with more than seven accidentals (`"G# major"`) becomes its enharmonic twin.
        """
        tonic, mode = text.split(" ")
        key = cls(tonic, mode)
        if abs(key.fifths) <= _MOST_ACCIDENTALS:
            return key
        return _of(key.fifths + (-_CIRCLE if key.fifths > 0 else _CIRCLE), mode)

    def transposed(self, semitones: int) -> "Key":
        """The key that an engraving moved by so many semitones is written in.

        It is the one of the fewest accidentals, as Verovio chooses: of six sharps and six flats
        the other side of the circle, unless the key has seven.
        """
        if semitones % _CIRCLE == 0:
            return self
        fifths = (self.fifths + _FIFTHS_OF_SEMITONE * semitones) % _CIRCLE
        if fifths == _CIRCLE // 2:
            side = (self.fifths or semitones) > 0
            sharps = side == (abs(self.fifths) == _MOST_ACCIDENTALS)
            return _of(fifths if sharps else -fifths, self.mode)
        return _of(fifths if fifths < _CIRCLE // 2 else fifths - _CIRCLE, self.mode)

    @property
    def name(self) -> str:
        """As it is said: `"F# minor"`."""
        return f"{self.tonic} {self.mode}"

    @property
    def fifths(self) -> int:
        """Sharps in the signature; flats count negative."""
        accidentals = self.tonic.count("#") - self.tonic.count("b")
        minor = _MINOR_FIFTHS if self.mode == "minor" else 0
        return _FIFTHS_OF_STEP[self.tonic[0]] + 7 * accidentals + minor


KEYS = tuple(Key(tonic, mode) for mode in _KOSTKA_PAYNE for tonic in _TONICS[mode])
"""Every key, under its usual name."""


def _of(fifths: int, mode: str) -> Key:
    """The key with that signature."""
    return Key(name_at(fifths - (_MINOR_FIFTHS if mode == "minor" else 0)), mode)


def name_at(place: int) -> str:
    """Name of the note so many fifths above C: `"F#"` of 6, `"Bb"` of -2."""
    accidentals, step = divmod(place + 1, 7)
    return "FCGDAEB"[step] + ("#" * accidentals if accidentals > 0 else "b" * -accidentals)


def note_array(notes: Sequence[ScoreNote]) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Notes in the layout that partitura's analyses take, in beats of a quarter."""
    rows = [
        (note.onset / TICKS_PER_QUARTER, (note.end - note.onset) / TICKS_PER_QUARTER, note.pitch)
        for note in notes
    ]
    layout = [("onset_beat", "f8"), ("duration_beat", "f8"), ("pitch", "i8")]
    return np.array(rows, dtype=layout)


def estimate_key(evidence: NDArray[np.float64]) -> Key:
    """Find the likeliest key.

    Args:
        evidence: what `weigh_keys` found in the segments, shape (segments, keys).
    """
    return KEYS[int(evidence.sum(axis=0).round(_DECIMALS).argmax())]


def weigh_keys(notes: Sequence[ScoreNote]) -> tuple[int, NDArray[np.float64]]:
    """How likely each segment's pitch classes are in each key.

    Args:
        notes: at least one.

    Returns:
        The first segment's number, counted in `SEGMENT_TICKS` from tick 0, and log-probabilities,
        shape (segments, keys); 0 where a segment is silent.
    """
    start = min(note.onset for note in notes) // SEGMENT_TICKS
    end = max(note.onset for note in notes) // SEGMENT_TICKS + 1
    present = np.zeros((end - start, _PITCH_CLASSES))
    for note in notes:
        first = note.onset // SEGMENT_TICKS - start
        until = note.onset + _SOUNDED_SHARE * (note.end - note.onset)
        present[first : int(until) // SEGMENT_TICKS - start + 1, note.pitch % _PITCH_CLASSES] = 1
    profiles = np.array(
        [
            np.roll(profile, tonic)
            for profile in _KOSTKA_PAYNE.values()
            for tonic in range(_PITCH_CLASSES)
        ]
    )
    evidence = present @ np.log(profiles).T + (1 - present) @ np.log1p(-profiles).T
    return start, evidence * present.max(axis=1, keepdims=True)
