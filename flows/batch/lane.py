"""The device: one recording of a bulk run uses it at a time, and only while nobody waits for it."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flows.batch.tally import Tally
from flows.journal import Journal
from scorewire.jobs.stages import Stage, overall_progress
from scorewire.store.bulk import someone_needs_the_device

ASK_EVERY_S = 1.0
LONGEST_WAIT_S = 900.0
"""After this the run goes on all the same, until nobody waits any more: a job may wait for ever for
a worker that was taken away, and nothing may be stuck behind it."""

WAITING = "Waiting: interactive transcriptions go first"

logger = logging.getLogger(__name__)


class Device:
    """The device, as a bulk run sees it: every use that the run makes of it is a turn.

    Args:
        tally: is told how long it was left to others.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._patient = True

    @contextmanager
    def turn(self, journal: Journal, stage: Stage) -> Iterator[None]:
        """Within the block a stage of the run has the device."""
        self._give_way(journal, stage)
        yield

    def _give_way(self, journal: Journal, stage: Stage) -> None:
        began_s = time.monotonic()
        told = False
        while wanted := journal.runtime.store(someone_needs_the_device):
            if not self._patient:
                break
            if time.monotonic() - began_s > LONGEST_WAIT_S:
                logger.warning("An interactive job waits for ever; the run goes on beside it")
                self._patient = False
                break
            if not told:
                journal.progress(stage, overall_progress(stage, 0), WAITING)
                told = True
            time.sleep(ASK_EVERY_S)
        if not wanted:
            self._patient = True
        if told:
            self._tally.given_way_s += time.monotonic() - began_s
