"""What a person wishes, as typed, into a request's options; told in words where it cannot be."""

from typing import Literal

import msgspec

from scorewire.errors import InvalidRequestError
from scorewire.jobs.options import Options

TimeSignature = Literal["2/4", "3/4", "4/4", "2/2", "3/8", "6/8", "9/8", "12/8"]

_ADVICE = {
    "": "--end must be later than --start: correct one of them.",
    "title": "--title must have 1 to 200 characters and no line breaks: shorten it.",
    "instruments": "--instruments names too many: name each instrument once.",
    "start_s": "--start must lie within the recording: give a time from 0 on.",
    "end_s": "--end must lie within the recording: give a time after 0.",
    "notation": "--swing is not for metres of eighths: leave it out, or --time-signature.",
    "notation.tempo_bpm": "--tempo must be 20 to 400 beats per minute: correct it.",
    "notation.key": '--key is not a key: write it like "F# minor" or "Bb major".',
}


def checked_options(**wishes: object) -> Options:
    """Check the options of a request.

    Args:
        wishes: the fields of `Options`, as simple values.

    Raises:
        InvalidRequestError: one of them is not allowed; the message names it as the commands do.
    """
    try:
        return msgspec.convert(wishes, Options)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        advice = _ADVICE.get(where.rstrip("`"), f"An option is not valid ({what}): correct it.")
        raise InvalidRequestError(advice) from error


def spelled_key(key: str | None) -> str | None:
    """Spell a key as the options do: `f# MINOR` and `F♯ minor` are `F# minor`."""
    if key is None:
        return None
    words = key.replace("♯", "#").replace("♭", "b").lower().split()
    return " ".join(words).capitalize()
