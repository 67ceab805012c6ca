"""A finished score as files: MusicXML, MIDI, PDF."""

from typing import Annotated, Any, Literal

from litestar import Request, Response, get
from litestar.params import Parameter

from api.files import CACHE_CONTROL, content_disposition, score_files, send_file, unchanged
from api.services import Services
from scorewire.http.callers import Caller
from scorewire.http.documentation import JobId, Part, Transpose, answer_header, problems
from scorewire.http.etags import UNCHANGED, IfNoneMatch, etag_of
from scorewire.music.engraving import ENGRAVER

MUSICXML_TYPE = "application/vnd.recordare.musicxml+xml"
MIDI_TYPE = "audio/midi"
PDF_TYPE = "application/pdf"

_ETAG = answer_header("ETag", "Which score this is.")


@get(
    "/api/v1/scores/{job_id:str}",
    media_type=MUSICXML_TYPE,
    responses={**problems(400, 401, 403, 404, 409, 410, 416), **UNCHANGED},
    response_headers=[_ETAG],
    tags=["scores"],
    summary="The score as MusicXML",
)
async def read_musicxml(
    request: Request[Any, Any, Any], job_id: JobId, services: Services, caller: Caller
) -> Response[bytes]:
    """Return the score; 409 while the job has none ([R2])."""
    files = await score_files(services, job_id, caller)
    key, name = files.key("musicxml"), files.filename(".musicxml")
    return await send_file(request, services, key, MUSICXML_TYPE, name)


@get(
    "/api/v1/scores/{job_id:str}/midi",
    media_type=MIDI_TYPE,
    responses={**problems(400, 401, 403, 404, 409, 410, 416), **UNCHANGED},
    response_headers=[_ETAG],
    tags=["scores"],
    summary="The score as MIDI",
)
async def read_midi(
    request: Request[Any, Any, Any],
    job_id: JobId,
    services: Services,
    caller: Caller,
    timing: Annotated[
        Literal["quantised", "performed"],
        Parameter(description="As written, or in the timing of the recording."),
    ] = "quantised",
) -> Response[bytes]:
    """Return the notes as written, or in the timing of the recording; 409 while there are none."""
    files = await score_files(services, job_id, caller)
    performed = timing == "performed"
    key = files.key("performance_midi" if performed else "midi")
    name = files.filename(" (performed).mid" if performed else ".mid")
    return await send_file(request, services, key, MIDI_TYPE, name)


@get(
    "/api/v1/scores/{job_id:str}/pdf",
    media_type=PDF_TYPE,
    responses={**problems(400, 401, 403, 404, 409, 410), **UNCHANGED},
    response_headers=[_ETAG],
    tags=["scores"],
    summary="The score as PDF",
)
async def read_pdf(  # noqa: PLR0913, PLR0917 - what may be asked of a print, each a query parameter
    job_id: JobId,
    services: Services,
    caller: Caller,
    transpose: Transpose = 0,
    part: Part = None,
    if_none_match: IfNoneMatch = None,
) -> Response[bytes]:
    """Return the score on A4 pages with its title and page numbers; 409 while there is none."""
    files = await score_files(services, job_id, caller)
    key, title = files.key("musicxml"), files.job.title or ""
    etag = etag_of(key, title, transpose, part, ENGRAVER)
    if answer := unchanged(if_none_match, etag):
        return answer
    pdf = await services.engraver.pdf(key, title, transpose, part)
    headers = {
        "ETag": etag,
        "Cache-Control": CACHE_CONTROL,
        "Content-Disposition": content_disposition(files.filename(".pdf")),
    }
    return Response(pdf, media_type=PDF_TYPE, headers=headers)
