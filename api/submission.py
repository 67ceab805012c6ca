"""Puts an attempt under way: the step between a stored job and a running flow."""

from typing import Any

from litestar import Request

from api.schemas import JobAccepted
from api.services import Services
from scorewire.errors import InternalError, ServiceUnavailableError
from scorewire.jobs.job import Job
from scorewire.jobs.messages import ErrorDetail
from scorewire.store.events import append_failed
from scorewire.store.jobs import get_job, set_flow_run


async def start_attempt(services: Services, job: Job) -> Job:
    """Launch the flow run of a queued job.

    A job whose run cannot be launched is failed, retryably: the recording that was sent is kept,
    and whoever watches hears of it.

    Returns:
        The job as it stands afterwards.
    """
    job_id = job.job_id
    try:
        run_id = await services.launcher.launch(job_id, job.title, attempt=job.attempt)
    except ServiceUnavailableError as error:
        detail = ErrorDetail(
            message=error.message, retryable=error.retryable, stage=None, code=error.code
        )
        await append_failed(services.engine, job_id, error=detail)
    else:
        await set_flow_run(services.engine, job_id, run_id)
    started = await get_job(services.engine, job_id)
    if started is None:
        message = "The job vanished while it was started; send the recording again."
        raise InternalError(message)
    return started


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
    )
