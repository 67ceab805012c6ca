"""The polling channel: `GET /api/v1/jobs/{job_id}` ([P1])."""

import hashlib
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec

from bridge.watch import Bridge
from scorewire.http.callers import Caller
from scorewire.http.documentation import problems
from scorewire.jobs.job import Job
from scorewire.store.jobs import existing_job


@get(
    "/api/v1/jobs/{job_id:str}",
    responses={
        **problems(400, 401, 404),
        304: ResponseSpec(None, description="Nothing changed"),
    },
    tags=["jobs"],
    summary="Where a job stands",
)
async def read_job(
    request: Request[Any, Any, Any], job_id: UUID, caller: Caller, bridge: Bridge
) -> Response[Job]:
    """Return the job with an ETag; never older than any event that was sent before ([P1])."""
    job = await existing_job(bridge.engine, job_id, visible_to=caller.subject)
    etag = f'"{hashlib.sha256(msgspec.json.encode(job)).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if _matches(request.headers.get("if-none-match", ""), etag):
        return Response(content=None, status_code=304, headers=headers)  # type: ignore[arg-type]  # a 304 has no body
    return Response(job, headers=headers)


def _matches(if_none_match: str, etag: str) -> bool:
    candidates = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in candidates or etag in candidates
