"""Launches what a process that died in between left queued without a run."""

import contextlib
from collections.abc import AsyncIterator

import structlog

from api.services import Services
from api.submission import start_attempt
from scorewire.errors import NotFoundError
from scorewire.http.upkeep import repeating
from scorewire.store.silence import forgotten_jobs

FORGOTTEN_AFTER_S = 60.0
"""Longer than any launch that is still under way takes."""

LOOK_EVERY_S = 10.0

log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def launching_forgotten_jobs(services: Services) -> AsyncIterator[None]:
    """Within the block, launch each job that was forgotten; where Prefect refuses, it fails."""

    async def look() -> None:
        await launch_forgotten_jobs(services, waited_s=FORGOTTEN_AFTER_S)

    async with repeating(look, every_s=LOOK_EVERY_S):
        yield


async def launch_forgotten_jobs(services: Services, *, waited_s: float) -> None:
    """Launch the jobs that wait for longer than `waited_s` without a run.

    Several processes may do so at once: Prefect creates one run for an attempt.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    for job in await forgotten_jobs(services.engine, waited_s=waited_s):
        log.warning("job launched again: it was left without a run", job_id=str(job.job_id))
        with contextlib.suppress(NotFoundError):  # deleted meanwhile
            await start_attempt(services, job)
