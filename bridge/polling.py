"""The polling channel: `GET /api/v1/jobs/{job_id}` ([P1])."""

import hashlib
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

from bridge.watch import Bridge
from scorewire.http.callers import Caller
from scorewire.http.documentation import JobId, answer_header, problems
from scorewire.jobs.job import Job
from scorewire.store.jobs import existing_job

IfNoneMatch = Annotated[
    str | None,
    Parameter(header="If-None-Match", description="The `ETag` of the state that you know."),
]


@get(
    "/api/v1/jobs/{job_id:str}",
    responses={
        **problems(400, 401, 403, 404),
        304: ResponseSpec(None, description="Nothing changed"),
    },
    response_headers=[answer_header("ETag", "Which state this is.")],
    tags=["jobs"],
    summary="Where a job stands",
)
async def read_job(
    job_id: JobId, caller: Caller, bridge: Bridge, if_none_match: IfNoneMatch = None
) -> Response[Job]:
    """Return the job with an ETag; never older than any event that was sent before ([P1])."""
    job = await existing_job(bridge.engine, job_id, visible_to=caller.subject)
    etag = f'"{hashlib.sha256(msgspec.json.encode(job)).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if _matches(if_none_match or "", etag):
        return Response(content=None, status_code=304, headers=headers)  # type: ignore[arg-type]  # a 304 has no body
    return Response(job, headers=headers)


def _matches(if_none_match: str, etag: str) -> bool:
    candidates = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in candidates or etag in candidates
