"""A finished score on a screen: its pages, and when what stands on them sounds."""

import asyncio
from typing import Annotated

from litestar import Response, get
from litestar.config.compression import CompressionConfig
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.params import Parameter

from api.files import CACHE_CONTROL, score_files, unchanged
from api.services import Services
from scorewire.http.callers import Caller
from scorewire.http.documentation import JobId, Part, Transpose, answer_header, problems
from scorewire.http.etags import UNCHANGED, IfNoneMatch, etag_of
from scorewire.music import playback
from scorewire.music.engraving import ENGRAVER, Engraving, Layout, Look
from scorewire.music.playback import Playback

_COMPRESSED = DefineMiddleware(
    CompressionMiddleware, config=CompressionConfig("gzip", gzip_compress_level=1)
)
"""A fifth of the bytes, for a millisecond of work; higher levels save little more."""

_ETAG = answer_header("ETag", "Which score this is, and how it looks.")


@get(
    "/api/v1/scores/{job_id:str}/pages",
    middleware=[_COMPRESSED],
    responses={**problems(400, 401, 403, 404, 409, 410), **UNCHANGED},
    response_headers=[_ETAG],
    tags=["scores"],
    summary="The score as pictures",
)
async def read_pages(  # noqa: PLR0913, PLR0917 - what may be asked of a picture, each a query parameter
    job_id: JobId,
    services: Services,
    caller: Caller,
    width: Annotated[
        int, Parameter(ge=200, le=4000, description="Of each picture, in pixels.")
    ] = 1000,
    scale: Annotated[
        int,
        Parameter(
            ge=20,
            le=200,
            description="Size of the music in percent: at 100 a staff is 29 pixels high. Music "
            "that is too large for the width is drawn smaller.",
        ),
    ] = 100,
    transpose: Transpose = 0,
    layout: Annotated[
        Layout,
        Parameter(description="Pages about as high as paper, or a single one as far as it goes."),
    ] = "pages",
    part: Part = None,
    if_none_match: IfNoneMatch = None,
) -> Response[Engraving]:
    """Return the score as SVG, flowed to a width; 409 while there is none.

    Each picture is as high as what stands on it; neither the title nor page numbers are on it. The
    `id` of each notehead is the one it has in MusicXML and in `playback`.
    """
    files = await score_files(services, job_id, caller)
    key = files.key("musicxml")
    look = Look(width=width, scale=scale, transpose=transpose, layout=layout, part=part)
    etag = etag_of(key, look, ENGRAVER)
    if answer := unchanged(if_none_match, etag):
        return answer
    engraving = await services.engraver.pages(key, look)
    return Response(engraving, headers={"ETag": etag, "Cache-Control": CACHE_CONTROL})


@get(
    "/api/v1/scores/{job_id:str}/playback",
    middleware=[_COMPRESSED],
    responses={**problems(400, 401, 403, 404, 409, 410), **UNCHANGED},
    response_headers=[_ETAG],
    tags=["scores"],
    summary="When everything on the page sounds",
)
async def read_playback(
    job_id: JobId,
    services: Services,
    caller: Caller,
    transpose: Transpose = 0,
    if_none_match: IfNoneMatch = None,
) -> Response[Playback]:
    """Return notes, bars and beats, each with its time in the score and in the recording.

    409 while there is no score; 404 for one that was written before its times were kept.
    """
    files = await score_files(services, job_id, caller)
    key = files.key("playback")
    etag = etag_of(key, transpose)
    if answer := unchanged(if_none_match, etag):
        return answer
    content = await asyncio.to_thread(services.blobs.get_bytes, key)
    told = playback.transpose(playback.decode(content), transpose)
    return Response(told, headers={"ETag": etag, "Cache-Control": CACHE_CONTROL})
