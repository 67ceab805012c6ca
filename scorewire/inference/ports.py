"""What the flow needs of a model; the classes behind it are named in the settings.

Both ports are built with the keyword argument `device`; the separator also with `model`, `folder`
and `instruments` (the stems asked for), the transcriber with `weights` (a file or folder, or None).
Building one is cheap, weights are loaded on first use.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from scorewire.audio import Audio
from scorewire.inference.profiles import Profile
from scorewire.jobs.options import Stem
from scorewire.jobs.report import Report
from scorewire.music.notes import Note


class Separator(Protocol):
    """Splits a mix into stems."""

    @property
    def model_id(self) -> str:
        """Name of the model and its version: part of the key under which results are reused."""

    @property
    def available(self) -> bool:
        """Whether the weights are here or can be fetched; may look at the disk and network once."""

    def separate(self, audio: Audio, report: Report) -> Mapping[Stem, Audio]:
        """Separate a recording.

        Raises:
            WeightsMissingError: the weights cannot be had.
            OutOfMemoryError: not even the smallest segment on the CPU fits.
        """


class Transcriber(Protocol):
    """Turns one stem into notes."""

    @property
    def model_id(self) -> str:
        """Name of the model and its version: part of the key under which results are reused.

        Other weights are another model.
        """

    def transcribe(self, audio: Audio, profile: Profile, report: Report) -> Sequence[Note]:
        """Transcribe one stem; the notes are sorted by onset, then pitch.

        The profile says what the stem's instrument can play, and what the musician asks for.

        Raises:
            WeightsMissingError: the weights cannot be had.
        """
