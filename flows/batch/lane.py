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
"""After this a stage of the run goes on all the same: a job may wait for ever for a worker that was
taken away, and nothing may be stuck behind it."""

WAITING = "Waiting: interactive transcriptions go first"

logger = logging.getLogger(__name__)


@contextmanager
def device_turn(journal: Journal, stage: Stage, tally: Tally) -> Iterator[None]:
    """Within the block a stage of a bulk run has the device.

    Every use that a bulk run makes of the device goes through here.
    """
    _give_way(journal, stage, tally)
    yield


def _give_way(journal: Journal, stage: Stage, tally: Tally) -> None:
    began_s = time.monotonic()
    told = False
    while journal.runtime.store(someone_needs_the_device):
        if time.monotonic() - began_s > LONGEST_WAIT_S:
            logger.warning("An interactive job has waited for long; the bulk run goes on beside it")
            break
        if not told:
            journal.progress(stage, overall_progress(stage, 0), WAITING)
            told = True
        time.sleep(ASK_EVERY_S)
    if told:
        tally.given_way_s += time.monotonic() - began_s
