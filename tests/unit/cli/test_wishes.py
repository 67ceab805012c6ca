"""Options as people type them."""

import pytest

from scorewire.cli.wishes import checked_options, spelled_key
from scorewire.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("F# minor", "F# minor"),
        ("g MAJOR", "G major"),
        ("bb  minor", "Bb minor"),
        ("B♭ major", "Bb major"),
        ("c♯ minor", "C# minor"),
        (None, None),
    ],
)
def test_a_key_may_be_typed_in_many_ways(typed: str | None, key: str | None) -> None:
    """Case, spaces and the signs of print do not matter."""
    assert spelled_key(typed) == key


def test_swing_and_a_metre_of_eighths_are_told_by_their_options() -> None:
    """As they are typed; alone each of them is taken."""
    notation = {"swing": True, "time_signature": "12/8"}
    with pytest.raises(InvalidRequestError, match=r"--swing .* --time-signature"):
        checked_options(notation=notation)
    for name, value in notation.items():
        assert getattr(checked_options(notation={name: value}).notation, name) == value
