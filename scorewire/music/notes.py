"""Notes as they were played."""

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
