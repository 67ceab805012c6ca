"""Measures attempts as they end, from their rows, beside the work of passing events on."""

import asyncio
from uuid import UUID

import structlog

from scorewire.errors import ServiceUnavailableError
from scorewire.jobs.durations import stage_spans
from scorewire.metrics import Metrics
from scorewire.store.census import ended_attempt
from scorewire.store.engine import Engine

MAX_WAITING = 1_000
"""Ends that wait to be measured; what comes on top is not counted, rather than kept for ever."""

log = structlog.get_logger(__name__)


class EndedAttempts:
    """Reads the rows of each attempt whose end was heard, one at a time.

    The flow's own process ends with its run, before anyone could ask it for figures. Every bridge
    hears every end: of several, take one's figures (Prometheus's `max`), not their sum.

    Args:
        engine: the store's database.
        metrics: what is counted up.
    """

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._engine = engine
        self._metrics = metrics
        self._heard: asyncio.Queue[tuple[UUID, int]] = asyncio.Queue(MAX_WAITING)

    def hear(self, job_id: UUID, event_id: int) -> None:
        """Note that an event ended its attempt; returns at once."""
        try:
            self._heard.put_nowait((job_id, event_id))
        except asyncio.QueueFull:
            log.warning("an attempt's end is not measured", job_id=str(job_id))

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            job_id, event_id = await self._heard.get()
            try:
                await self._measure(job_id, event_id)
            except ServiceUnavailableError as error:
                log.warning(
                    "an attempt's end is not measured", job_id=str(job_id), error=repr(error)
                )

    async def _measure(self, job_id: UUID, event_id: int) -> None:
        ended = await ended_attempt(self._engine, job_id, event_id)
        if ended is None:  # deleted meanwhile
            return
        metrics = self._metrics
        metrics.attempts.labels(ended.type, ended.code or "").inc()
        if ended.duration_s is not None:
            metrics.attempt_duration_s.observe(ended.duration_s)
        spans = stage_spans(ended.begins, ended.ended_at)
        # The last stage of a failed attempt did not get to its end.
        for span in spans if ended.code is None else spans[:-1]:
            metrics.stage_duration_s.labels(span.stage.value).observe(span.duration_s)
