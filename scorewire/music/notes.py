"""Notes as they were played, and as they are written."""

from dataclasses import dataclass

import msgspec


class Note(msgspec.Struct, frozen=True, order=True):
    """One played note; in order of time where notes are sorted.

    Attributes:
        onset_s: start, in seconds from the start of the recording.
        offset_s: end, in seconds; greater than `onset_s`.
        pitch: MIDI note number, 0-127.
        velocity: MIDI velocity, 1-127.
    """

    onset_s: float
    offset_s: float
    pitch: int
    velocity: int


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
