"""Follows a job to its end, over a stream that may break and a server that may restart."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from websockets.exceptions import InvalidStatus, WebSocketException

from scorewire.cli.client import Client, retry_after_s
from scorewire.errors import ServiceUnavailableError
from scorewire.jobs.job import TERMINAL_STATUSES, Job
from scorewire.jobs.messages import Progress
from scorewire.jobs.stages import Stage

_FIRST_DELAY_S = 0.5
# Ten connections a minute are allowed to one address; at this pace far fewer are made.
_LONGEST_DELAY_S = 8.0
_LONGEST_OUTAGE_S = 120.0
_LONGEST_REST_S = 60.0
"""The longest that a refused stream is left alone: the window that connections are counted in."""


@dataclass(frozen=True)
class Update:
    """Where the job stands.

    Attributes:
        progress: 0-100.
        stage: the running stage; None before the first and after the last.
        message: a sentence for a person.
    """

    progress: int
    stage: Stage | None
    message: str


async def follow(client: Client, job_id: UUID, websocket_url: str) -> AsyncIterator[Update]:
    """Yield every step of a job until it has ended.

    The stream resumes after the last event that was seen; between two attempts to connect the job
    is read by polling, so even a server that allows no stream is followed. A server that refuses
    the stream for a time is not asked for it until then ([W7]).

    Raises:
        ServiceUnavailableError: the server stayed away for two minutes.
        NotFoundError: the server no longer has the job.
    """
    seen = 0
    delay_s = _FIRST_DELAY_S
    reached_at_s = stream_again_at_s = time.monotonic()
    while True:
        try:
            if time.monotonic() >= stream_again_at_s:
                async for event in client.stream(websocket_url, after=seen):
                    seen, delay_s = event.id, _FIRST_DELAY_S
                    if not isinstance(event, Progress):
                        return
                    yield Update(event.progress, event.stage, event.message)
        except (OSError, WebSocketException, TimeoutError) as error:
            # Whether the server is gone is seen by asking it.
            stream_again_at_s = time.monotonic() + _rest_s(error)
        job = await _polled(client, job_id, reached_at_s)
        if job is not None:
            reached_at_s = time.monotonic()
            if job.status in TERMINAL_STATUSES:
                return
            if job.last_event_id > seen:
                yield Update(job.progress, job.stage, job.message)
        await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads clients, no secret
        delay_s = min(delay_s * 2, _LONGEST_DELAY_S)


def _rest_s(error: Exception) -> float:
    """How long a stream that failed is left alone, at least."""
    if isinstance(error, InvalidStatus):
        return min(retry_after_s(error.response.headers), _LONGEST_REST_S)
    return 0.0


async def _polled(client: Client, job_id: UUID, reached_at_s: float) -> Job | None:
    """The job as it stands; None while the server is away."""
    try:
        return await client.job(job_id)
    except ServiceUnavailableError:
        if time.monotonic() - reached_at_s > _LONGEST_OUTAGE_S:
            raise
        return None
