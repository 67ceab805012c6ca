"""How long a job will still take."""

from litestar import Response, get

from api.services import Services
from scorewire.http.callers import Caller
from scorewire.http.documentation import JobId, problems
from scorewire.jobs.estimating import Estimate
from scorewire.store.estimating import estimate_job


@get(
    "/api/v1/jobs/{job_id:str}/estimate",
    responses=problems(400, 401, 403, 404),
    tags=["jobs"],
    summary="How long a job will still take",
)
async def read_estimate(job_id: JobId, services: Services, caller: Caller) -> Response[Estimate]:
    """Estimate by the newest jobs of the same kind; the time in the queue is not in it."""
    estimate = await estimate_job(services.engine, job_id, visible_to=caller.subject)
    return Response(estimate, headers={"Cache-Control": "no-store"})
