"""What Prefect shows of a bulk run: how far it is, then what became of it."""

import contextvars
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from threading import Event, Thread
from typing import Any
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_link_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import PrefectException

from flows.batch.tally import Outcome, Tally
from scorewire.jobs.bulk import FAILURES, LIBRARY, PROGRESS, SUMMARY

TELL_EVERY_S = 2.0

logger = logging.getLogger(__name__)


@contextmanager
def shown(tally: Tally, page_url: str) -> Iterator[None]:
    """Within the block, keep Prefect told of how far the run is; after it, of what became of it."""
    create_link_artifact(page_url, "The library", key=LIBRARY, description="Every score, and why.")
    artifact_id = _progress(tally)
    done = Event()
    thread = Thread(
        target=contextvars.copy_context().run,
        args=(_keep_told, artifact_id, tally, done),
        daemon=True,
        name="summary",
    )
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(TELL_EVERY_S)
        _tell(artifact_id, tally)
        _conclude(tally)


def _progress(tally: Tally) -> UUID:
    created: Any = create_progress_artifact(
        tally.percent, key=PROGRESS, description=tally.sentence(time.monotonic())
    )
    return UUID(str(created))


def _keep_told(artifact_id: UUID, tally: Tally, done: Event) -> None:
    while not done.wait(TELL_EVERY_S):
        _tell(artifact_id, tally)


def _tell(artifact_id: UUID, tally: Tally) -> None:
    try:
        update_progress_artifact(
            artifact_id, progress=tally.percent, description=tally.sentence(time.monotonic())
        )
    except (PrefectException, httpx.HTTPError, OSError):
        # The work goes on without its audience: the next time tells.
        logger.warning("Prefect was not told how far the run is", exc_info=True)


def _conclude(tally: Tally) -> None:
    now_s = time.monotonic()
    rows: list[dict[str, Any]] = [
        {"what": outcome.value, "number": tally.counts[outcome]} for outcome in Outcome
    ]
    rows += [
        {"what": "recordings", "number": tally.total},
        {"what": "recordings a minute", "number": round(tally.per_minute(now_s), 2)},
        {"what": "seconds of sound a second", "number": round(tally.audio_per_second(now_s), 2)},
        {"what": "seconds taken", "number": round(now_s - tally.began_s, 1)},
        {"what": "seconds left to interactive jobs", "number": round(tally.given_way_s, 1)},
    ]
    sentence = tally.sentence(now_s)
    create_table_artifact(rows, key=SUMMARY, description=sentence)
    if tally.failures:
        failures = [asdict(failure) for failure in tally.failures]
        create_table_artifact(failures, key=FAILURES, description="Recordings without a score.")
