"""How each instrument is heard: what it can play, and how sure its notes must be.

A separated stem holds one instrument and, below it, what the separator left of the others; the
model listens to relative levels and hears both. What an instrument cannot have played is theirs.
`evals/stems.py` measures what that brings; only what helped is here, and it holds for a recording
of the instrument alone as well.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

from scorewire.jobs.options import Options, Stem, heard_as


@dataclass(frozen=True)
class Profile:
    """What is asked of the notes of one stem: a transcriber heeds what means something to it.

    Attributes:
        lowest_pitch, highest_pitch: MIDI numbers of the first and the last note it may have.
        one_line: whether it has one note at a time, as a bass has.
        onset_threshold: how sure a note's beginning must be.
        frame_threshold: how sure a note's sounding must be.
        minimum_note_ms: shorter notes are left out.
    """

    lowest_pitch: int = 21
    highest_pitch: int = 108
    one_line: bool = False
    onset_threshold: float = 0.7
    frame_threshold: float = 0.2
    minimum_note_ms: float = 80.0


ANY = Profile()
"""Of an instrument that is not known, on all of a piano's keys; chosen on pianos."""

_BY_STEM = MappingProxyType(
    {
        Stem.BASS: Profile(lowest_pitch=23, highest_pitch=67, one_line=True, onset_threshold=0.75),
        Stem.GUITAR: Profile(lowest_pitch=38, highest_pitch=88, onset_threshold=0.8),
    }
)
"""From the lowest to the highest note of the instruments as they are built and tuned:

- bass: from a five-string's open B0 to the 24th fret of its G string, G4;
- guitar: from the sixth string, let down to D2, to the 24th fret of the first, E6.

A voice has a range and is one line, too, but neither helps: most of what leaks into voices lies in
their range, and the model is so unsure of voices that it would often win."""


def choose_profile(stem: Stem, options: Options) -> Profile:
    """How a stem is heard; what the musician asks for comes first.

    Args:
        stem: what is heard. A mix of one pitched instrument that the musician named is heard as
            that one.
        options: of the request.
    """
    profile = _BY_STEM.get(heard_as(stem, options.instruments), ANY)
    asked = options.decoding
    return replace(
        profile,
        onset_threshold=(
            profile.onset_threshold if asked.onset_threshold is None else asked.onset_threshold
        ),
        frame_threshold=asked.frame_threshold,
        minimum_note_ms=asked.minimum_note_ms,
    )
