"""Parts of a file: the `Range` header (RFC 9110), with which players jump in a recording."""

import re

_ONE_RANGE = re.compile(r"bytes=(?:(?P<first>\d{1,18})-(?P<last>\d{1,18})?|-(?P<end>\d{1,18}))")


class NotSatisfiableError(ValueError):
    """The file has none of the bytes that were asked for."""


def parse_range(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """Find the one part of a file that a client asks for.

    Returns:
        The first byte and the one behind the last; None for the whole file, which is also the
        answer to what is no range, to another unit and to several ranges.

    Raises:
        NotSatisfiableError: the file ends before the range begins.
    """
    found = _ONE_RANGE.fullmatch((header or "").strip())
    if found is None:
        return None
    if found["end"] is not None:
        start, stop = max(size_bytes - int(found["end"]), 0), size_bytes
    else:
        start = int(found["first"])
        stop = size_bytes
        if found["last"] is not None:
            if int(found["last"]) < start:
                return None
            stop = min(int(found["last"]) + 1, size_bytes)
    if start >= stop:
        raise NotSatisfiableError
    return start, stop
