"""Submit, poll and retry jobs."""

import asyncio
from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

from litestar import Request, Response, post

from api.body import RequestBody
from api.documents.forms import UploadOperation
from api.idempotency import REPLAYED, IdempotencyKey, checked_key
from api.schemas import JobAccepted, TranscribeRequest
from api.services import Services
from api.submission import accepted, start_attempt, submit
from api.uploads import FORM_OVERHEAD_BYTES, receive_upload
from scorewire.errors import RecordingError, RequestError
from scorewire.http.callers import Caller
from scorewire.http.documentation import JobId, problems
from scorewire.http.problems import undecodable_problem
from scorewire.jobs.source import LinkSource
from scorewire.media.link import check_link
from scorewire.store.jobs import existing_job, open_attempt
from scorewire.store.submitting import submit_job

MAX_JSON_BYTES = 64 * 1024


@post(
    "/api/v1/transcribe",
    request_max_body_size=MAX_JSON_BYTES,
    exception_handlers={
        UnicodeDecodeError: undecodable_problem,
        RecursionError: undecodable_problem,
    },
    responses=problems(400, 401, 403, 413, 422, 429),
    response_headers=[REPLAYED],
    tags=["jobs"],
    summary="Transcribe a recording from a link",
)
async def transcribe(
    request: Request[Any, Any, Any],
    data: TranscribeRequest,
    services: Services,
    caller: Caller,
    idempotency_key: IdempotencyKey = None,
) -> Response[JobAccepted]:
    """Queue the transcription of a recording that is fetched from a link ([R1])."""
    key = checked_key(idempotency_key)
    url = check_link(data.youtube_url, services.url_hosts)
    submitted = await submit_job(
        services.engine,
        source=LinkSource(url=url),
        options=data.options,
        owner=caller.subject,
        title=data.options.title,
        idempotency_key=key,
    )
    return await submit(request, services, submitted)


@post(
    "/api/v1/transcribe/upload",
    operation_class=UploadOperation,
    responses=problems(400, 401, 403, 413, 422, 429),
    response_headers=[REPLAYED],
    tags=["jobs"],
    summary="Transcribe a recording that is sent along",
)
async def transcribe_upload(
    request: Request[Any, Any, Any],
    services: Services,
    caller: Caller,
    idempotency_key: IdempotencyKey = None,
) -> Response[JobAccepted]:
    """Queue the transcription of an uploaded file: multipart fields `file` and `options`."""
    job_id = uuid4()
    body = RequestBody(request, services.max_upload_bytes + FORM_OVERHEAD_BYTES)
    try:
        key = checked_key(idempotency_key)
        upload = await receive_upload(
            request.headers.get("content-type", ""),
            body.chunks(),
            job_id=job_id,
            blobs=services.blobs,
            max_bytes=services.max_upload_bytes,
        )
    except (RequestError, RecordingError):
        await body.discard()
        raise
    source, options = upload.source, upload.options
    title = options.title or PurePosixPath(source.filename).stem
    try:
        submitted = await submit_job(
            services.engine,
            source=source,
            options=options,
            owner=caller.subject,
            title=title,
            idempotency_key=key,
            job_id=job_id,
        )
    except RequestError:
        # Only where there is no job: one that the database could not confirm may be there.
        await asyncio.to_thread(services.blobs.delete, source.blob_key)
        raise
    if submitted.replayed:  # the first job has a file of its own
        await asyncio.to_thread(services.blobs.delete, source.blob_key)
    return await submit(request, services, submitted)


@post(
    "/api/v1/jobs/{job_id:str}/retry",
    status_code=202,
    responses=problems(400, 401, 403, 404, 409, 429),
    tags=["jobs"],
    summary="Try a failed job again",
)
async def retry_job(
    request: Request[Any, Any, Any], job_id: JobId, services: Services, caller: Caller
) -> JobAccepted:
    """Open the next attempt of a failed job; a job that has not failed answers 409 ([R2])."""
    await open_attempt(services.engine, job_id, visible_to=caller.subject)
    job = await existing_job(services.engine, job_id)
    return accepted(request, await start_attempt(services, job))
