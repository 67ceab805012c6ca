"""Options as people type them."""

import pytest

from scorewire.cli.wishes import spelled_key


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
