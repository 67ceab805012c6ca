"""The 0-100 scale and the rate of progress events."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewire.jobs.stages import SPANS, ReportFilter, Stage, overall_progress


def test_stages_fill_the_scale_without_gap_or_overlap():
    """Each stage begins where the one before it ends; 100 is left to the completed event."""
    spans = [SPANS[stage] for stage in Stage]
    assert spans[0].start == 0
    assert spans[-1].end == 99
    assert all(before.end == after.start for before, after in itertools.pairwise(spans))


@given(st.sampled_from(list(Stage)), st.floats(-1, 2), st.floats(-1, 2))
def test_progress_follows_the_fraction(stage: Stage, one: float, other: float):
    """More of a stage is never less progress, and never leaves the stage's span."""
    low, high = sorted((one, other))
    span = SPANS[stage]
    assert span.start <= overall_progress(stage, low) <= overall_progress(stage, high) <= span.end


@given(st.lists(st.tuples(st.integers(0, 99), st.floats(0, 0.2)), max_size=60))
def test_at_most_ten_reports_a_second(steps: list[tuple[int, float]]):
    """[M3] Reports that pass are at least 100 ms apart, however often a stage calls."""
    report_filter = ReportFilter()
    now_s, passed_at_s = 0.0, []
    for progress, pause_s in steps:
        now_s += pause_s
        if report_filter.worth_reporting(progress, f"at {progress}", now_s):
            passed_at_s.append(now_s)
    assert all(later - earlier >= 0.1 for earlier, later in itertools.pairwise(passed_at_s))


def test_every_five_points_are_reported():
    """[M3] A stage that runs slowly reports each point, so never jumps by more than five."""
    report_filter = ReportFilter()
    passed = [p for p in range(10, 56) if report_filter.worth_reporting(p, "working", p * 0.5)]
    assert passed == list(range(10, 56))


@pytest.mark.parametrize(("message", "passes"), [("separating", False), ("using the CPU", True)])
def test_a_new_message_is_worth_reporting_without_progress(message: str, passes: bool):
    """A step at the same progress passes only when it says something else."""
    report_filter = ReportFilter()
    assert report_filter.worth_reporting(20, "separating", 0.0)
    assert report_filter.worth_reporting(20, message, 1.0) is passes
