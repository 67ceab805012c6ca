"""Cancel and delete jobs."""

import asyncio
from contextlib import suppress
from uuid import UUID

import structlog
from litestar import HttpMethod, Response, delete, post, route

from api.services import Services
from scorewire.errors import ConflictError, ServiceUnavailableError
from scorewire.http.callers import Caller
from scorewire.http.documentation import JobId, problems
from scorewire.jobs.job import Job
from scorewire.store.ending import cancel_job, delete_job
from scorewire.store.files import files_of_job
from scorewire.store.jobs import existing_job, no_such_job
from scorewire.store.retention import held_file

log = structlog.get_logger(__name__)


@post(
    "/api/v1/jobs/{job_id:str}/cancel",
    status_code=202,
    responses=problems(400, 401, 403, 404, 409),
    tags=["jobs"],
    summary="Cancel a job",
)
async def cancel(job_id: JobId, services: Services, caller: Caller) -> Job:
    """End a job that has not ended; one that has answers 409 ([R2] [J5]).

    The job is `failed` with the code `cancelled` in this very answer. What works on it is gone
    within five seconds.
    """
    return await _cancel(services, job_id, caller)


@delete(
    "/api/v1/jobs/{job_id:str}",
    responses=problems(400, 401, 403, 404),
    tags=["jobs"],
    summary="Delete a job and its files",
)
async def remove(job_id: JobId, services: Services, caller: Caller) -> None:
    """Remove a job, its history, its recording, and what was made of it ([R2]).

    A job that has not ended is cancelled first. Files that another job uses as well stay for it.
    """
    await existing_job(services.engine, job_id, visible_to=caller.subject)
    with suppress(ConflictError):
        await _cancel(services, job_id, caller)
    # The files first: where the storage fails, the job is still there to be deleted again.
    for key in await files_of_job(services.engine, job_id):
        async with held_file(services.engine, key, but_for=job_id) as use:
            if use is None:
                await asyncio.to_thread(services.blobs.delete, key)
    if not await delete_job(services.engine, job_id):
        raise no_such_job()


@route(
    "/api/v1/jobs/{job_id:str}",
    http_method=HttpMethod.OPTIONS,
    include_in_schema=False,
    sync_to_thread=False,
)
def options() -> Response[None]:
    """Name the methods of a job; Litestar's own answer leaves out those of a second router."""
    return Response(None, status_code=204, headers={"Allow": "DELETE, GET, OPTIONS, PATCH"})


async def _cancel(services: Services, job_id: UUID, caller: Caller) -> Job:
    cancelled = await cancel_job(services.engine, job_id, visible_to=caller.subject)
    if cancelled.flow_run_id is not None:
        try:
            await services.launcher.cancel(cancelled.flow_run_id, job_id)
        except ServiceUnavailableError:
            # The run no longer owns the job: it ends by itself when it begins, or notices.
            log.warning("flow run not cancelled", job_id=str(job_id))
    return cancelled.job
