"""Which part of a file a client asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ranges import NotSatisfiableError, parse_range


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-", (0, 1000)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=990-2000", (990, 1000)),
        ("bytes=-10", (990, 1000)),
        ("bytes=-5000", (0, 1000)),
        (" bytes=5- ", (5, 1000)),
    ],
)
def test_one_range(header: str, span: tuple[int, int]) -> None:
    """Both ends, the first alone and the last bytes; what is beyond the end is left out."""
    assert parse_range(header, 1000) == span


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "items=0-1", "bytes=5-2", "bytes=0-1,4-"],
)
def test_what_is_no_range_is_the_whole_file(header: str | None) -> None:
    """Other units, several ranges and nonsense are left aside, as RFC 9110 allows."""
    assert parse_range(header, 1000) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_behind_the_end(header: str) -> None:
    """No byte of it is there."""
    with pytest.raises(NotSatisfiableError):
        parse_range(header, 1000)


@given(st.integers(0, 50), st.integers(0, 60), st.integers(0, 60))
def test_any_range_is_that_part_of_the_bytes(size: int, first: int, last: int) -> None:
    """It is what a slice of the same bytes is."""
    content = bytes(range(size))
    try:
        span = parse_range(f"bytes={first}-{last}", size)
    except NotSatisfiableError:
        assert content[first : last + 1] == b""
    else:
        expected = content if last < first else content[first : last + 1]
        assert content[slice(*(span or (0, size)))] == expected
