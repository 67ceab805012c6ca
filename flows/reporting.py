"""The progress callback of a running stage ([M3])."""

import logging
import time

from flows.journal import Journal
from scorewire.errors import ServiceUnavailableError
from scorewire.jobs.stages import ReportFilter, Stage, overall_progress

PATIENCE_S = 1.0
"""How long a step may hold up the work while the database is away."""

logger = logging.getLogger(__name__)


class StageReport:
    """A `Report` that turns a stage's steps into progress events, at most ten a second."""

    def __init__(self, journal: Journal, stage: Stage) -> None:
        self._journal = journal
        self._stage = stage
        self._filter = ReportFilter()

    def __call__(self, fraction: float, message: str) -> None:
        """Say that `fraction` (0-1) of the stage is done."""
        progress = overall_progress(self._stage, fraction)
        if not self._filter.worth_reporting(progress, message, time.monotonic()):
            return
        try:
            self._journal.progress(self._stage, progress, message, patience_s=PATIENCE_S)
        except ServiceUnavailableError:
            # The work goes on without its audience: the next step, or the stage's end, tells.
            logger.warning("A progress step was not stored", exc_info=True)
