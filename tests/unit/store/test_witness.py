"""Whose silence counts: in virtual time, by a clock that jumps as real ones do."""

from datetime import UTC, datetime, timedelta

import pytest

from scorewire.store.silence import Witness

START = datetime(2025, 1, 15, 10, 30, tzinfo=UTC)


def verdicts(*looks_at_s: float) -> list[bool]:
    """What a witness of 45 s, who looks every 9 s, makes of looks at these moments."""
    witness = Witness(silence_s=45, gap_s=18)
    return [witness.believes(START + timedelta(seconds=at_s)) for at_s in looks_at_s]


def test_a_silence_is_believed_once_it_was_witnessed_whole() -> None:
    """[J6] Not before: what was silent when the witness came may just have had nobody to tell."""
    assert verdicts(0, 9, 18, 27, 36, 45, 54) == [False] * 5 + [True] * 2


@pytest.mark.parametrize(
    "back_at_s", [54 + 18.5, 54 + 3600, 54 - 3600], ids=["outage", "sleep", "clock set back"]
)
def test_after_a_gap_the_witness_starts_afresh(back_at_s: float) -> None:
    """[J6] An outage, a machine that slept, a clock that was set: nobody could write meanwhile."""
    before = [float(at_s) for at_s in range(0, 55, 9)]
    after = [back_at_s + at_s for at_s in range(0, 46, 9)]
    assert verdicts(*before, *after)[-len(after) - 1 :] == [True, *[False] * 5, True]


def test_a_look_that_is_late_is_no_gap() -> None:
    """[J6] A busy process misses a look without forgetting what it saw."""
    assert verdicts(0, 9, 27, 36, 45) == [False] * 4 + [True]
