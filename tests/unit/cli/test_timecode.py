"""Times as people type them."""

import pytest

from scorewire.cli.timecode import seconds
from scorewire.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("text", "expected_s"),
    [("0", 0.0), ("83.5", 83.5), ("1:23.5", 83.5), ("90:00", 5400.0), ("1:02:03", 3723.0)],
)
def test_times_are_read(text: str, expected_s: float) -> None:
    """Seconds, minutes and hours are all understood."""
    assert seconds(text, "--start") == expected_s


@pytest.mark.parametrize("text", ["", "-1", "1:", ":30", "1:2:3:4", "soon", "1e3", "inf"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """The message names the option."""
    with pytest.raises(InvalidRequestError, match="--end is not a time"):
        seconds(text, "--end")
