"""What is said of a bulk run while it runs."""

import pytest

from flows.batch.tally import Failure, Outcome, Tally

FAILURE = Failure("a.mp3", None, None, "not_audio", "It is no recording.")


def test_rates_and_the_rest_are_those_of_what_was_worked_on():
    """What was done before says nothing of the pace."""
    tally = Tally(total=100, began_s=10.0)
    for _ in range(40):
        tally.count(Outcome.KEPT)
    for _ in range(9):
        tally.count(Outcome.COMPLETED, audio_s=20)
    tally.fail(Outcome.FAILED, FAILURE)
    assert tally.percent == 50
    assert tally.per_minute(now_s=70.0) == pytest.approx(10)
    assert tally.audio_per_second(now_s=70.0) == pytest.approx(3)
    assert tally.remaining_s(now_s=70.0) == pytest.approx(300)
    assert tally.sentence(70.0) == (
        "50 of 100 recordings, 9 completed, 40 completed before, 1 failed, 10.0 a minute, "
        "about 5 min to go"
    )


def test_nothing_is_foretold_before_the_first_recording():
    """A run that has no pace yet has no end in sight."""
    tally = Tally(total=2, began_s=0.0)
    assert tally.remaining_s(5.0) is None
    assert tally.sentence(5.0) == "0 of 2 recordings"


def test_a_run_of_nothing_is_done():
    """An empty folder is no division by zero."""
    assert Tally(total=0, began_s=0.0).percent == 100
