"""A run works only as long as its job is its own, and shows that it lives.

Whoever cancels, deletes or hands on a job takes it from its run in the store. The run notices by
itself and ends its own process, so that the machine is free within seconds even where the work sits
in one long call of a library, which Prefect's own SIGTERM has to wait for. (Torch and onnxruntime
let go of the interpreter meanwhile; a call that holds on to it would be waited for.)

With the same look it leaves a sign of life in the job's row. A run that gives none is taken for
dead by the API and the bridge, which end its job; should it wake up after all, it learns of that
here.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event
from typing import NoReturn
from uuid import UUID

import httpx
import psutil
from prefect import State
from prefect.client.orchestration import get_client
from prefect.exceptions import Abort, PrefectException
from prefect.states import Cancelled

from flows.journal import Journal
from flows.scratch import discard_scratch
from scorewire.errors import ServiceUnavailableError
from scorewire.jobs.job import TERMINAL_STATUSES
from scorewire.store.engine import Engine
from scorewire.store.silence import show_life

CHECK_EVERY_S = 1.0
TELL_PREFECT_S = 2.0

logger = logging.getLogger(__name__)


@contextmanager
def ending_with_its_job(journal: Journal) -> Iterator[None]:
    """Within the block, end this process at once when the job is no longer this run's.

    Signs of life go on until the job has ended: after the block a hook has yet to say how.
    """
    done = Event()
    journal.runtime.start(_watch, journal.job_id, journal.flow_run_id, done)
    try:
        yield
    finally:
        done.set()


def leave(journal: Journal) -> NoReturn:
    """End a run that has no job to work on: not as a failure, and without a word in its history.

    Raises:
        Abort: always; Prefect's way to stop a run whose state is settled.
    """
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(journal.flow_run_id, _without_job())
    message = f"Job {journal.job_id} has ended, is gone, or belongs to another run."
    raise Abort(message)


async def _watch(engine: Engine, job_id: UUID, flow_run_id: UUID, done: Event) -> None:
    ended = False
    while not (done.is_set() and ended):
        await asyncio.sleep(CHECK_EVERY_S)
        try:
            status = await show_life(engine, job_id, flow_run_id)
        except ServiceUnavailableError:
            continue  # a database that is away took nothing
        except Exception:
            if done.is_set():
                raise
            # Whatever kept this look from it: without the next one the run would count as lost.
            logger.exception("The job could not be looked at")
            continue
        if status is None and not done.is_set():
            await _end_process(flow_run_id)
        ended = status is None or status in TERMINAL_STATUSES


async def _end_process(flow_run_id: UUID) -> None:
    """Leave a run that Prefect shows as cancelled, no scratch files, and no process."""
    logger.info("The job was cancelled, deleted or retried; this run ends")
    try:
        # Before the process dies, or the worker would call it a crash; a final state stays.
        async with asyncio.timeout(TELL_PREFECT_S), get_client() as client:
            await client.set_flow_run_state(flow_run_id, _without_job())
    except (PrefectException, httpx.HTTPError, OSError):
        logger.warning("Prefect was not told that this run ends", exc_info=True)
    discard_scratch(flow_run_id)
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            child.kill()
    # Nothing weaker ends a thread that is inside a call of a library.
    os.kill(os.getpid(), signal.SIGKILL)


def _without_job() -> State[None]:
    return Cancelled(message="The job has ended, is gone, or belongs to another run.")
