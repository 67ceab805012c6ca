"""A bulk run leaves the device to whoever waits for it; the stages themselves hold it."""

import logging
import time

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
    """The device, as a bulk run sees it: asked for before every use that the run makes of it.

    Args:
        tally: is told how long it was left to others.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._patient = True

    def give_way(self, journal: Journal, stage: Stage) -> None:
        """Wait, before a stage of the run, while somebody else needs the device."""
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
