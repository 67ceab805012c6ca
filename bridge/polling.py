"""The polling channel: `GET /api/v1/jobs/{job_id}` ([P1])."""

from litestar import Response, get

from bridge.watch import Bridge
from scorewire.http.callers import Caller
from scorewire.http.documentation import JobId, answer_header, problems
from scorewire.http.etags import UNCHANGED, IfNoneMatch, etag_of, is_known
from scorewire.jobs.job import Job
from scorewire.store.jobs import existing_job


@get(
    "/api/v1/jobs/{job_id:str}",
    responses={**problems(400, 401, 403, 404), **UNCHANGED},
    response_headers=[answer_header("ETag", "Which state this is.")],
    tags=["jobs"],
    summary="Where a job stands",
)
async def read_job(
    job_id: JobId, caller: Caller, bridge: Bridge, if_none_match: IfNoneMatch = None
) -> Response[Job]:
    """Return the job with an ETag; never older than any event that was sent before ([P1])."""
    job = await existing_job(bridge.engine, job_id, visible_to=caller.subject)
    etag = etag_of(job)
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if is_known(if_none_match, etag):
        return Response(content=None, status_code=304, headers=headers)  # type: ignore[arg-type]  # a 304 has no body
    return Response(job, headers=headers)
