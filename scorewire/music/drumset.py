"""The drum set: its sounds, and where each stands on a staff of five lines.

Places and noteheads follow N. Weinberg, "Standardized drumset notation", Percussive Notes 32(3),
1994, as notation programs have them. Sounds are numbered as in General MIDI's percussion map.
"""

from dataclasses import dataclass

KICK, SNARE, CLOSED_HI_HAT, OPEN_HI_HAT, CRASH = 36, 38, 42, 46, 49


@dataclass(frozen=True)
class Sound:
    """A sound of the drum set.

    Attributes:
        name: what it is called.
        step: letter of the place where it stands, as under a treble clef.
        octave: octave of that place.
        notehead: MusicXML's name of its notehead.
        foot: whether a foot plays it.
    """

    name: str
    step: str
    octave: int
    notehead: str = "normal"
    foot: bool = False


SOUNDS = {
    KICK: Sound("Bass Drum", "F", 4, foot=True),
    SNARE: Sound("Snare Drum", "C", 5),
    CLOSED_HI_HAT: Sound("Closed Hi-Hat", "G", 5, "x"),
    OPEN_HI_HAT: Sound("Open Hi-Hat", "G", 5, "circle-x"),
    CRASH: Sound("Crash Cymbal", "A", 5, "x"),
}
"""By the number in General MIDI's percussion map."""
