"""The four stages, their place on the 0-100 scale, and when a step is worth reporting."""

from dataclasses import dataclass
from enum import StrEnum

REPORT_INTERVAL_S = 0.1
"""Shortest time between two reports of one running stage: at most ten a second ([M3])."""


class Stage(StrEnum):
    """A stage of the transcription, in the order in which they run."""

    DOWNLOAD = "download"
    SEPARATION = "separation"
    TRANSCRIPTION = "transcription"
    MUSICXML = "musicxml"


@dataclass(frozen=True)
class Span:
    """The part of the 0-100 scale that a stage fills."""

    start: int
    end: int


SPANS = {
    Stage.DOWNLOAD: Span(0, 10),
    Stage.SEPARATION: Span(10, 55),
    Stage.TRANSCRIPTION: Span(55, 90),
    Stage.MUSICXML: Span(90, 99),
}
"""Shares follow the measured time of each stage; 100 belongs to the completed event alone."""


def overall_progress(stage: Stage, fraction: float) -> int:
    """Place a stage's own progress on the job's scale.

    Args:
        stage: the running stage.
        fraction: how much of it is done, 0-1; values outside are clipped.

    Returns:
        The job's progress, 0-99.
    """
    span = SPANS[stage]
    done = min(max(fraction, 0.0), 1.0)
    return span.start + int((span.end - span.start) * done)


class ReportFilter:
    """Decides which steps of a running stage become events ([M3]).

    A step passes when the job's progress or its message changed, and the last step that passed is
    at least `REPORT_INTERVAL_S` ago. Time comes in with each step, so there is no clock here.
    """

    def __init__(self) -> None:
        self._last_progress = -1
        self._last_message = ""
        self._last_at_s = float("-inf")

    def worth_reporting(self, progress: int, message: str, now_s: float) -> bool:
        """Say whether this step becomes an event, and remember it if so."""
        changed = progress > self._last_progress or message != self._last_message
        if not changed or now_s - self._last_at_s < REPORT_INTERVAL_S:
            return False
        self._last_progress = progress
        self._last_message = message
        self._last_at_s = now_s
        return True
