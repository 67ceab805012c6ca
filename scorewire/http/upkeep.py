"""What a web service does by itself, beside answering: it ends jobs whose process died ([J6]).

Every process of the API and of the bridge does so, and none needs another or Prefect for it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog

from scorewire.errors import ServiceUnavailableError
from scorewire.metrics import Metrics
from scorewire.store.engine import Engine
from scorewire.store.silence import LOOKS_WITHIN_A_SILENCE, Witness, database_time, end_silent_jobs

log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def ending_silent_jobs(
    engine: Engine, silence_s: float, metrics: Metrics
) -> AsyncIterator[None]:
    """Within the block, end jobs whose run gives no sign of life for `silence_s`."""
    every_s = silence_s / LOOKS_WITHIN_A_SILENCE
    witness = Witness(silence_s=silence_s, gap_s=2 * every_s)

    async def look() -> None:
        now = await database_time(engine)
        metrics.silence_watched_at.set_to_current_time()
        if not witness.believes(now):
            return
        # As of the moment above: this very statement may be what waits for a machine to wake up.
        for job_id in await end_silent_jobs(engine, now=now, silence_s=silence_s):
            log.warning("job given up: its process is silent", job_id=str(job_id))

    async with repeating(look, every_s=every_s):
        yield


@contextlib.asynccontextmanager
async def repeating(chore: Callable[[], Awaitable[None]], *, every_s: float) -> AsyncIterator[None]:
    """Within the block, do a chore again and again, whatever becomes of it."""
    task = asyncio.create_task(_repeat(chore, every_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _repeat(chore: Callable[[], Awaitable[None]], every_s: float) -> None:
    while True:
        try:
            await chore()
        except ServiceUnavailableError as error:
            log.warning("chore put off", chore=chore.__qualname__, error=repr(error))
        except Exception:
            # A fault of ours, but the jobs that it would leave waiting for ever are not at fault.
            log.exception("chore failed", chore=chore.__qualname__)
        await asyncio.sleep(every_s)
