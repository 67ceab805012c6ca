"""What a person may ask of a transcription."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

LONGEST_S = 360_000.0
"""A section lies within the first hundred hours: no recording is longer, and any float is not."""

# Titles are written into XML, MIDI and JSON columns, none of which takes them all.
_NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"

Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=_NO_CONTROLS)]
Tempo = Annotated[float, Meta(ge=20, le=400)]
Metre = Literal["2/4", "3/4", "4/4", "2/2", "3/8", "6/8", "9/8", "12/8"]
KeyName = Annotated[str, Meta(pattern="^[A-G][#b]? (major|minor)$")]
InstrumentName = Annotated[str, Meta(max_length=60, pattern=_NO_CONTROLS)]
InstrumentNames = Annotated[tuple[InstrumentName, ...], Meta(max_length=7)]


class Stem(StrEnum):
    """A part of a recording: the whole mix, or one source of Demucs's naming."""

    MIX = "mix"
    VOCALS = "vocals"
    DRUMS = "drums"
    BASS = "bass"
    GUITAR = "guitar"
    PIANO = "piano"
    OTHER = "other"


def heard_as(stem: Stem, instruments: Sequence[Stem]) -> Stem:
    """What a stem is taken for: one pitched instrument that is named alone is the mix.

    Args:
        stem: where the sound comes from.
        instruments: what is heard, as far as the musician said so.
    """
    pitched = [instrument for instrument in instruments if instrument is not Stem.DRUMS]
    return pitched[0] if stem is Stem.MIX and len(pitched) == 1 else stem


class SeparationMode(StrEnum):
    """Whether the recording is split into instruments first."""

    AUTO = "auto"
    DEMUCS = "demucs"
    NONE = "none"


class DecodingOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How basic-pitch's posteriors become notes.

    Defaults were measured on rendered pieces: onset F1 0.91 against 0.82 with the library's own.
    """

    onset_threshold: Annotated[
        Annotated[float, Meta(gt=0, lt=1)] | None,
        Meta(
            description="How sure a note's beginning must be; higher, fewer. As suits the "
            "instrument where it is null: 0.8 for guitar, 0.75 for bass, 0.7 for others."
        ),
    ] = None
    frame_threshold: Annotated[
        float, Meta(gt=0, lt=1, description="How sure a note's sounding must be; higher, shorter.")
    ] = 0.2
    minimum_note_ms: Annotated[
        float, Meta(ge=10, le=1000, description="Shorter notes are left out, in milliseconds.")
    ] = 80.0


class NotationOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the musician says about the music; whatever is left out is estimated.

    Raises:
        ValueError: swing is asked for in a metre of eighths; from a decoder,
            msgspec.ValidationError.
    """

    tempo_bpm: Annotated[
        Tempo | None,
        Meta(
            description="Beats a minute as a metronome counts them, dotted quarters in 6/8; "
            "estimated where it is null."
        ),
    ] = None
    time_signature: Annotated[
        Metre | None,
        Meta(description="Estimated where it is null."),
    ] = None
    key: Annotated[
        KeyName | None,
        Meta(description="Like `Eb major`; estimated where it is null.", examples=["G major"]),
    ] = None
    instrument_names: Annotated[
        InstrumentNames,
        Meta(description="Of the parts from the top of the page; one that is empty is chosen."),
    ] = ()
    chord_symbols: Annotated[
        bool, Meta(description="Whether chords are named over the top staff, like `Am7` or `C/E`.")
    ] = False
    swing: Annotated[
        bool | None,
        Meta(
            description="Whether eighths are swung: written straight, under the word `Swing`; "
            "as heard where it is null. Only in 2/4, 3/4, 4/4 and 2/2."
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuse swing in a metre of eighths."""
        if self.swing and self.time_signature is not None and self.time_signature.endswith("/8"):
            message = f"Eighths are swung in 2/4, 3/4, 4/4 and 2/2, not in {self.time_signature}"
            raise ValueError(message)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a request's options; every one has a sensible default.

    `recording="solo"` says that one instrument plays alone, so there is nothing to separate;
    `instruments` names what is heard (and, after a separation, which stems are written down).

    Raises:
        ValueError: the section ends before it begins; from a decoder, msgspec.ValidationError.
    """

    title: Annotated[
        Title | None,
        Meta(description="What stands above the score; without it, the recording's own."),
    ] = None
    recording: Annotated[
        Literal["mix", "solo"],
        Meta(description="Whether instruments play together, or one plays alone."),
    ] = "mix"
    instruments: Annotated[
        tuple[Stem, ...],
        Meta(max_length=7, description="What is heard, and is to be written down; all if empty."),
    ] = ()
    separation: Annotated[
        SeparationMode,
        Meta(description="Whether instruments are taken apart first; `auto` goes by `recording`."),
    ] = SeparationMode.AUTO
    start_s: Annotated[
        float, Meta(ge=0, le=LONGEST_S, description="Where the section begins, in seconds.")
    ] = 0.0
    end_s: Annotated[
        Annotated[float, Meta(gt=0, le=LONGEST_S)] | None,
        Meta(description="Where the section ends, in seconds; null is the recording's end."),
    ] = None
    decoding: Annotated[DecodingOptions, Meta(description="How notes are found in the sound.")] = (
        DecodingOptions()
    )
    notation: Annotated[NotationOptions, Meta(description="What is known about the music.")] = (
        NotationOptions()
    )

    def __post_init__(self) -> None:
        """Refuse an empty section."""
        if self.end_s is not None and self.end_s <= self.start_s:
            message = f"The section ends at end_s={self.end_s:g}, before start_s={self.start_s:g}"
            raise ValueError(message)
