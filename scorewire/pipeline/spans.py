"""A stage's steps, each reporting from 0 to 1, laid end to end on the stage's own progress."""

from scorewire.jobs.report import Report


def span(report: Report, start: float, end: float, prefix: str = "") -> Report:
    """Let a step report on the part of `report` from `start` to `end` (both 0-1).

    Args:
        report: the stage's report.
        start: the stage's progress when the step begins.
        end: the stage's progress when the step is done.
        prefix: put before each of the step's messages.
    """

    def step(fraction: float, message: str) -> None:
        report(start + (end - start) * min(max(fraction, 0.0), 1.0), prefix + message)

    return step
