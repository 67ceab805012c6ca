"""The files of a finished transcription."""

import re
from typing import Annotated, Literal
from urllib.parse import quote

from litestar import get
from litestar.params import Parameter
from litestar.response import Stream

from api.services import Services
from scorewire.errors import ConflictError, NotFoundError
from scorewire.http.callers import Caller
from scorewire.http.documentation import JobId, problems
from scorewire.jobs.job import Job
from scorewire.store.jobs import existing_job, get_result

MUSICXML_TYPE = "application/vnd.recordare.musicxml+xml"
MIDI_TYPE = "audio/midi"

_NOT_IN_FILENAMES = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|]+')


@get(
    "/api/v1/scores/{job_id:str}",
    media_type=MUSICXML_TYPE,
    responses=problems(400, 401, 403, 404, 409),
    tags=["scores"],
    summary="The score as MusicXML",
)
async def read_musicxml(job_id: JobId, services: Services, caller: Caller) -> Stream:
    """Return the score; 409 while the job has none ([R2])."""
    job = await existing_job(services.engine, job_id, visible_to=caller.subject)
    return await _file(services, job, "musicxml", MUSICXML_TYPE, ".musicxml")


@get(
    "/api/v1/scores/{job_id:str}/midi",
    media_type=MIDI_TYPE,
    responses=problems(400, 401, 403, 404, 409),
    tags=["scores"],
    summary="The score as MIDI",
)
async def read_midi(
    job_id: JobId,
    services: Services,
    caller: Caller,
    timing: Annotated[
        Literal["quantised", "performed"],
        Parameter(description="As written, or in the timing of the recording."),
    ] = "quantised",
) -> Stream:
    """Return the notes as written, or in the timing of the recording; 409 while there are none."""
    job = await existing_job(services.engine, job_id, visible_to=caller.subject)
    if timing == "performed":
        return await _file(services, job, "performance_midi", MIDI_TYPE, " (performed).mid")
    return await _file(services, job, "midi", MIDI_TYPE, ".mid")


async def _file(services: Services, job: Job, kind: str, media_type: str, ending: str) -> Stream:
    result = await get_result(services.engine, job.job_id)
    if result is None:
        message = f"The score is not there: its job is {job.status.value}; wait, or retry the job."
        raise ConflictError(message)
    if kind not in result:
        message = "This score has no such file; ask for one of its other forms."
        raise NotFoundError(message)
    blob = await services.blobs.open_stream(result[kind])
    headers = {
        "Content-Disposition": content_disposition(f"{job.title or 'score'}{ending}"),
        "Content-Length": str(blob.size_bytes),
    }
    return Stream(blob.chunks, media_type=media_type, headers=headers)


def content_disposition(filename: str) -> str:
    """Offer a file for download under any name, with ASCII for old clients (RFC 6266)."""
    name = _NOT_IN_FILENAMES.sub("-", filename).strip(". ") or "score"
    ascii_name = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}"
