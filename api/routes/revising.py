"""Give a job another title, and have its score written anew."""

from typing import Any

import msgspec
from litestar import Request, patch, post

from api.schemas import JobAccepted, Renaming, Revision
from api.services import Services
from api.submission import accepted, start_attempt
from scorewire.http.callers import Caller
from scorewire.http.documentation import JobId, problems
from scorewire.jobs.job import Job
from scorewire.store.jobs import existing_job
from scorewire.store.revising import open_revision, rename_job

MAX_JSON_BYTES = 16 * 1024


@patch(
    "/api/v1/jobs/{job_id:str}",
    request_max_body_size=MAX_JSON_BYTES,
    responses=problems(400, 401, 403, 404, 413),
    tags=["jobs"],
    summary="Rename a job",
)
async def rename(job_id: JobId, data: Renaming, services: Services, caller: Caller) -> Job:
    """Give a job another title, whatever its status.

    Prints and the names of files have it at once; MusicXML and MIDI have it from the next revision.
    """
    return await rename_job(services.engine, job_id, data.title, visible_to=caller.subject)


@post(
    "/api/v1/jobs/{job_id:str}/revise",
    status_code=202,
    request_max_body_size=MAX_JSON_BYTES,
    responses=problems(400, 401, 403, 404, 409, 413, 429),
    tags=["jobs"],
    summary="Write the score anew",
)
async def revise(
    request: Request[Any, Any, Any],
    job_id: JobId,
    data: Revision,
    services: Services,
    caller: Caller,
) -> JobAccepted:
    """Open the next attempt of a job that has a score, with some of its options changed.

    Only the score is written anew: what was heard is known. The score of before can be read until
    the new one is there, and stays where a revision fails. A job that has no score, or has not
    ended, answers 409.
    """
    told = {
        "tempo_bpm": data.tempo_bpm,
        "time_signature": data.metre,
        "key": data.key,
        "instrument_names": data.instrument_names,
        "chord_symbols": data.chord_symbols,
        "swing": data.swing,
    }
    await open_revision(
        services.engine,
        job_id,
        notation={name: value for name, value in told.items() if value is not msgspec.UNSET},
        title=None if data.title is msgspec.UNSET else data.title,
        visible_to=caller.subject,
    )
    job = await existing_job(services.engine, job_id)
    return accepted(request, await start_attempt(services, job))
