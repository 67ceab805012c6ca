"""Times as people type them."""

import re

from scorewire.errors import InvalidRequestError

_TIMECODE = re.compile(r"(?:(?:(\d+):)?(\d{1,3}):)?(\d+(?:\.\d+)?)")


def seconds(text: str, option: str) -> float:
    """Read `83`, `83.5`, `1:23.5` or `1:02:03`.

    Args:
        text: what was typed.
        option: the option's name, for the message.

    Raises:
        InvalidRequestError: it is not a time.
    """
    found = _TIMECODE.fullmatch(text.strip())
    if not found:
        msg = f"{option} is not a time: write seconds or minutes:seconds, like 83.5 or 1:23.5."
        raise InvalidRequestError(msg)
    hours, minutes, rest = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest)
