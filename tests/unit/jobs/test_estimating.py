"""How long a job will still take."""

import pytest

from scorewire.jobs.estimating import Past, remaining_s

PAST = [Past(100.0, 50.0), Past(10.0, 5.0), Past(1000.0, 500.0)]


def test_nothing_is_known_without_others() -> None:
    """The first job of its kind has no estimate, nor has one whose others took no time."""
    assert remaining_s([], reached_s=5, elapsed_s=6) is None
    assert remaining_s([Past(0.0, 0.0)], reached_s=5, elapsed_s=6) is None


def test_a_jobs_own_pace_counts() -> None:
    """Half of the others' time is gone at this point, so a job that took 30 s takes 30 more."""
    assert remaining_s(PAST, reached_s=30, elapsed_s=30) == pytest.approx(30)
    assert remaining_s(PAST, reached_s=30, elapsed_s=40) == pytest.approx(20)
    assert remaining_s(PAST, reached_s=30, elapsed_s=900) == 0


def test_at_the_start_it_is_the_others_that_count() -> None:
    """Before a tenth of the way the middle of their durations is the best guess."""
    early = [Past(100.0, 1.0), Past(200.0, 2.0), Past(50.0, 0.5)]
    assert remaining_s(early, reached_s=0, elapsed_s=0) == 100
    assert remaining_s(early, reached_s=3, elapsed_s=4) == 96
