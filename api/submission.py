"""Puts an attempt under way: the step between a stored job and a running flow."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response

from api.idempotency import REPLAYED_HEADER
from api.schemas import JobAccepted
from api.services import Services
from scorewire.errors import ServiceUnavailableError
from scorewire.jobs.job import Job, JobStatus
from scorewire.jobs.messages import ErrorDetail
from scorewire.store.events import fail_unlaunched
from scorewire.store.jobs import existing_job, get_job, set_flow_run
from scorewire.store.submitting import Submitted


async def start_attempt(services: Services, job: Job) -> Job:
    """Launch the flow run of a queued job.

    A job whose run cannot be launched is failed, retryably: the recording that was sent is kept,
    and whoever watches hears of it.

    Returns:
        The job as it stands afterwards.

    Raises:
        NotFoundError: the job was deleted meanwhile.
    """
    job_id = job.job_id
    since = job.created_at if job.attempt == 1 else datetime.now(UTC)
    try:
        with services.traces.attempt(job_id, job.attempt, since):
            run_id = await services.launcher.launch(job_id, job.title, attempt=job.attempt)
    except ServiceUnavailableError as error:
        detail = ErrorDetail(
            message=error.message, retryable=error.retryable, stage=None, code=error.code
        )
        # Unless another process was luckier with the same attempt.
        await fail_unlaunched(services.engine, job_id, error=detail)
    else:
        await set_flow_run(services.engine, job_id, run_id)
        started = await get_job(services.engine, job_id)
        if started is None or started.status is JobStatus.FAILED:  # ended while it was launched
            with suppress(ServiceUnavailableError):
                await services.launcher.cancel(run_id, job_id)
    return await existing_job(services.engine, job_id)


async def submit(
    request: Request[Any, Any, Any], services: Services, submitted: Submitted
) -> Response[JobAccepted]:
    """Start the job of a submission, unless an earlier request with its key did, and answer."""
    if submitted.replayed:
        return Response(accepted(request, submitted.job), headers={REPLAYED_HEADER: "true"})
    return Response(accepted(request, await start_attempt(services, submitted.job)))


def accepted(request: Request[Any, Any, Any], job: Job) -> JobAccepted:
    """Tell where a job can be watched, at the host that the client spoke to."""
    base = request.base_url
    scheme = "wss" if base.scheme == "https" else "ws"
    return JobAccepted(
        job_id=job.job_id,
        status=job.status,
        created_at=job.created_at,
        websocket_url=f"{scheme}://{base.netloc}/api/v1/jobs/{job.job_id}/stream",
        status_url=f"/api/v1/jobs/{job.job_id}",
        events_url=f"/api/v1/jobs/{job.job_id}/events",
    )
