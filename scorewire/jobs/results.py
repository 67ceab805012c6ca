"""What a finished attempt names its files: kinds, each with the key of a stored file."""

from scorewire.jobs.options import Stem

RECORDING = "recording"
"""The section that was transcribed."""


def stem_kind(stem: Stem) -> str:
    """The kind of a separated stem; the whole mix is the recording itself."""
    return f"stem.{stem.value}"
