"""How far a bulk run is: counts, reasons and rates, as plain values."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

MAX_REASONS = 1_000
"""Failures that are kept with their reason; more are only counted."""


_TELLING = 1.5
"""A time is told in minutes, or in hours, from this many of them on."""


class Outcome(StrEnum):
    """How a recording fared in a run."""

    COMPLETED = "completed"
    KEPT = "completed before"
    FAILED = "failed"
    FAILED_BEFORE = "failed before"
    DROPPED = "cancelled or deleted"


@dataclass(frozen=True)
class Failure:
    """Why a recording has no score.

    Attributes:
        place: the recording.
        job_id: its job, where it came to one.
        stage: the stage that failed, if one did.
        code: the error's code.
        reason: the error's sentence.
    """

    place: str
    job_id: str | None
    stage: str | None
    code: str
    reason: str


@dataclass
class Tally:
    """Counts a run's recordings as they end.

    Attributes:
        total: how many recordings there are.
        began_s: when the run began, on the clock that `now_s` is read from.
        given_way_s: how long the device was left to others.
    """

    total: int
    began_s: float
    given_way_s: float = 0.0
    audio_s: float = 0.0
    counts: Counter[Outcome] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def count(self, outcome: Outcome, *, audio_s: float = 0.0) -> None:
        """Note that a recording is done with; `audio_s` is its length, where it was worked on."""
        self.counts[outcome] += 1
        self.audio_s += audio_s

    def fail(self, outcome: Outcome, failure: Failure, *, audio_s: float = 0.0) -> None:
        """Note that a recording has no score, and why."""
        self.count(outcome, audio_s=audio_s)
        if len(self.failures) < MAX_REASONS:
            self.failures.append(failure)

    @property
    def done(self) -> int:
        """How many recordings are done with, however they ended."""
        return self.counts.total()

    @property
    def failed(self) -> int:
        """How many recordings have no score for a reason of their own."""
        return self.counts[Outcome.FAILED] + self.counts[Outcome.FAILED_BEFORE]

    @property
    def percent(self) -> float:
        """The share of recordings that are done with."""
        return 100.0 if self.total == 0 else 100 * self.done / self.total

    def per_minute(self, now_s: float) -> float:
        """Recordings that this run worked on to their end, a minute."""
        return 60 * self._worked_on / max(now_s - self.began_s, 1e-9)

    def audio_per_second(self, now_s: float) -> float:
        """Seconds of sound that became scores in a second."""
        return self.audio_s / max(now_s - self.began_s, 1e-9)

    def remaining_s(self, now_s: float) -> float | None:
        """Seconds until the run ends, at its pace so far; None where it has none yet."""
        if self._worked_on == 0:
            return None
        return (self.total - self.done) * (now_s - self.began_s) / self._worked_on

    def sentence(self, now_s: float) -> str:
        """Where the run stands, in one line."""
        words = [f"{self.done} of {self.total} recordings"]
        words += [f"{number} {outcome}" for outcome, number in sorted(self.counts.items())]
        if self._worked_on:
            words.append(f"{self.per_minute(now_s):.1f} a minute")
        remaining_s = self.remaining_s(now_s)
        if remaining_s is not None and self.done < self.total:
            words.append(f"about {_spoken(remaining_s)} to go")
        return ", ".join(words)

    @property
    def _worked_on(self) -> int:
        return self.counts[Outcome.COMPLETED] + self.counts[Outcome.FAILED]


def _spoken(seconds: float) -> str:
    if seconds < _TELLING * 60:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < _TELLING * 60 else f"{minutes / 60:.1f} h"
