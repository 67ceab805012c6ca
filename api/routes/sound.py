"""What was heard: the recording, and the stems that it was taken apart into."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from msgspec import Meta

from api.files import CACHE_CONTROL, score_files, send_file, unchanged
from api.services import Services
from scorewire.errors import NotFoundError
from scorewire.http.callers import Caller
from scorewire.http.documentation import JobId, answer_header, problems
from scorewire.http.etags import UNCHANGED, IfNoneMatch, etag_of
from scorewire.jobs.options import Stem
from scorewire.jobs.results import RECORDING, stem_kind

FLAC_TYPE = "audio/flac"

_PART_OF_IT = {
    206: ResponseSpec(bytes, description="The part asked for", media_type=FLAC_TYPE),
    307: ResponseSpec(
        bytes,
        description="It is at the address in `Location`, for a minute; only where the operator "
        "wants that, and never for a browser",
        media_type=FLAC_TYPE,
    ),
}
_ETAG = answer_header("ETag", "Which sound this is.")


class StemFile(msgspec.Struct, frozen=True):
    """One of the instruments that the recording was taken apart into."""

    name: Annotated[Stem, Meta(description="What sounds in it.")]
    url: Annotated[str, Meta(description="Where it is, as a path.")]


class StemFiles(msgspec.Struct, frozen=True):
    """The instruments that the recording was taken apart into."""

    stems: Annotated[
        list[StemFile], Meta(description="Empty where the recording was not taken apart.")
    ]


@get(
    "/api/v1/jobs/{job_id:str}/recording",
    media_type=FLAC_TYPE,
    responses={**problems(400, 401, 403, 404, 409, 410, 416), **UNCHANGED, **_PART_OF_IT},
    response_headers=[_ETAG],
    tags=["jobs"],
    summary="The sound that was transcribed",
)
async def read_recording(
    request: Request[Any, Any, Any], job_id: JobId, services: Services, caller: Caller
) -> Response[bytes]:
    """Return the section that was transcribed as FLAC, 44.1 kHz stereo.

    `Range` asks for a part of it. 409 while there is no score; 404 for a score that was written
    before its recording was named in it.
    """
    files = await score_files(services, job_id, caller)
    key, name = files.key(RECORDING), files.filename(".flac")
    return await send_file(request, services, key, FLAC_TYPE, name, elsewhere=True)


@get(
    "/api/v1/scores/{job_id:str}/stems",
    responses={**problems(400, 401, 403, 404, 409), **UNCHANGED},
    response_headers=[answer_header("ETag", "Which stems these are.")],
    tags=["scores"],
    summary="The recording's instruments",
)
async def read_stems(
    job_id: JobId, services: Services, caller: Caller, if_none_match: IfNoneMatch = None
) -> Response[StemFiles]:
    """List the stems that the recording was taken apart into; 409 while there is no score."""
    files = await score_files(services, job_id, caller)
    found = [
        StemFile(stem, f"/api/v1/scores/{job_id}/stems/{stem.value}")
        for stem in Stem
        if stem_kind(stem) in files.keys
    ]
    etag = etag_of(found)
    if answer := unchanged(if_none_match, etag):
        return answer
    return Response(StemFiles(found), headers={"ETag": etag, "Cache-Control": CACHE_CONTROL})


@get(
    "/api/v1/scores/{job_id:str}/stems/{name:str}",
    media_type=FLAC_TYPE,
    responses={**problems(400, 401, 403, 404, 409, 410, 416), **UNCHANGED, **_PART_OF_IT},
    response_headers=[_ETAG],
    tags=["scores"],
    summary="One of the recording's instruments",
)
async def read_stem(
    request: Request[Any, Any, Any],
    job_id: JobId,
    name: Annotated[str, Parameter(description="The stem, as the list of them names it.")],
    services: Services,
    caller: Caller,
) -> Response[bytes]:
    """Return a stem as FLAC; `Range` asks for a part of it. 404 where there is no such stem."""
    files = await score_files(services, job_id, caller)
    if name not in set(Stem) or stem_kind(Stem(name)) not in files.keys:
        message = "The recording has no such stem; the list of stems names those that it has."
        raise NotFoundError(message, field="name")
    key, filename = files.keys[stem_kind(Stem(name))], files.filename(f" ({name}).flac")
    return await send_file(request, services, key, FLAC_TYPE, filename, elsewhere=True)
