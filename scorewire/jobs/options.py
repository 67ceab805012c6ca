"""What a person may ask of a transcription."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

LONGEST_S = 360_000.0
"""A section lies within the first hundred hours: no recording is longer, and any float is not."""

# Titles are written into XML, MIDI and JSON columns, none of which takes them all.
_NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"


class Stem(StrEnum):
    """A part of a recording: the whole mix, or one source of Demucs's naming."""

    MIX = "mix"
    VOCALS = "vocals"
    DRUMS = "drums"
    BASS = "bass"
    GUITAR = "guitar"
    PIANO = "piano"
    OTHER = "other"


class SeparationMode(StrEnum):
    """Whether the recording is split into instruments first."""

    AUTO = "auto"
    DEMUCS = "demucs"
    NONE = "none"


class DecodingOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How basic-pitch's posteriors become notes.

    Defaults were measured on rendered pieces: onset F1 0.90 against 0.82 with the library's own.
    """

    onset_threshold: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.7
    frame_threshold: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.3
    minimum_note_ms: Annotated[float, msgspec.Meta(ge=10, le=1000)] = 80.0


class NotationOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the musician says about the music; whatever is left out is estimated."""

    tempo_bpm: Annotated[float, msgspec.Meta(ge=20, le=400)] | None = None
    time_signature: Literal["2/4", "3/4", "4/4", "2/2", "3/8", "6/8", "9/8", "12/8"] | None = None
    key: Annotated[str, msgspec.Meta(pattern="^[A-G][#b]? (major|minor)$")] | None = None


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a request's options; every one has a sensible default.

    `recording="solo"` says that one instrument plays alone, so there is nothing to separate;
    `instruments` names what is heard (and, after a separation, which stems are written down).

    Raises:
        ValueError: the section ends before it begins; from a decoder, msgspec.ValidationError.
    """

    title: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=_NO_CONTROLS)] | None
    ) = None
    recording: Literal["mix", "solo"] = "mix"
    instruments: Annotated[tuple[Stem, ...], msgspec.Meta(max_length=7)] = ()
    separation: SeparationMode = SeparationMode.AUTO
    start_s: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_S)] = 0.0
    end_s: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_S)] | None = None
    decoding: DecodingOptions = DecodingOptions()
    notation: NotationOptions = NotationOptions()

    def __post_init__(self) -> None:
        """Refuse an empty section."""
        if self.end_s is not None and self.end_s <= self.start_s:
            message = f"The section ends at end_s={self.end_s:g}, before start_s={self.start_s:g}"
            raise ValueError(message)
