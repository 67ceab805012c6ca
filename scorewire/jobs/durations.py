"""How long the stages of an attempt took, as its events tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from scorewire.jobs.stages import SPANS, Stage


@dataclass(frozen=True)
class StageBegin:
    """The first event of a stage within an attempt.

    Attributes:
        stage: the stage.
        at: when it was stored.
        progress: the job's progress by then, 0-99.
    """

    stage: Stage
    at: datetime
    progress: int


@dataclass(frozen=True)
class StageSpan:
    """When a stage worked."""

    stage: Stage
    began: datetime
    ended: datetime

    @property
    def duration_s(self) -> float:
        """How long, in seconds."""
        return (self.ended - self.began).total_seconds()


def stage_spans(begins: Iterable[StageBegin], ended: datetime) -> list[StageSpan]:
    """Measure each stage until the next one begins, the last until the attempt ends.

    A stage whose very first event finds it done was kept from an earlier run, and is left out.

    Args:
        begins: the stages of one attempt, in any order.
        ended: when the attempt ended.
    """
    ordered = sorted(begins, key=lambda begin: begin.at)
    ends = [*(begin.at for begin in ordered[1:]), ended]
    return [
        StageSpan(begin.stage, begin.at, end)
        for begin, end in zip(ordered, ends, strict=True)
        if begin.progress < SPANS[begin.stage].end
    ]
