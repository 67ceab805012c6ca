"""A job's files, and how they are sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Stream

from api.ranges import NotSatisfiableError, parse_range
from api.services import Services
from scorewire.errors import ConflictError, NotFoundError
from scorewire.http.callers import Caller
from scorewire.http.etags import etag_of, is_known
from scorewire.jobs.job import Job
from scorewire.store.jobs import existing_job, get_result

CACHE_CONTROL = "private, no-cache"
"""A revision puts another score at the same address, so a browser asks before it shows its own."""

MIN_PRESIGNED_BYTES = 1_000_000
"""Smaller files are here sooner than the second request."""

PRESIGNED_FOR_S = 60.0

_NOT_IN_FILENAMES = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|]+')


@dataclass(frozen=True)
class ScoreFiles:
    """A job that has a score, and the blob keys of all it made, by kind."""

    job: Job
    keys: Mapping[str, str]

    def key(self, kind: str) -> str:
        """The blob key of one of its files.

        Raises:
            NotFoundError: it was made before there were such files, or has none.
        """
        if kind not in self.keys:
            message = "This score has no such file; ask for another, or transcribe it again."
            raise NotFoundError(message)
        return self.keys[kind]

    def filename(self, ending: str) -> str:
        """What a file of it is called."""
        return f"{self.job.title or 'score'}{ending}"


async def score_files(services: Services, job_id: UUID, caller: Caller) -> ScoreFiles:
    """Find the score of a caller's job; the last one while a revision is under way.

    Raises:
        NotFoundError: there is no such job, or it is someone else's.
        ConflictError: the job has no score (yet).
    """
    job = await existing_job(services.engine, job_id, visible_to=caller.subject)
    keys = await get_result(services.engine, job_id)
    if keys is None:
        message = f"The score is not there: its job is {job.status.value}; wait, or retry the job."
        raise ConflictError(message)
    return ScoreFiles(job, keys)


def unchanged(if_none_match: str | None, etag: str) -> Response[Any] | None:
    """Answer a client that has the very state; None for all others."""
    if not is_known(if_none_match, etag):
        return None
    return Response(b"", status_code=304, headers={"ETag": etag, "Cache-Control": CACHE_CONTROL})


async def send_file(  # noqa: PLR0913 - what is sent and how, the last by name
    request: Request[Any, Any, Any],
    services: Services,
    blob_key: str,
    media_type: str,
    filename: str,
    *,
    elsewhere: bool = False,
) -> Response[Any]:
    """Send a file, or the part of it that is asked for, as it is read from storage.

    A file's key is made of its content, so with its name it tells whether a client has it already.
    With `elsewhere`, a program is sent to the bucket for a large one, where the settings say so.

    Raises:
        NotKeptError: the file is no longer kept.
        HTTPException: the file has none of the bytes that were asked for (416).
    """
    etag = etag_of(blob_key, filename)
    if answer := unchanged(request.headers.get("if-none-match"), etag):
        return answer
    size_bytes = await services.blobs.size_bytes(blob_key)
    if elsewhere and services.presigned_downloads and _may_go(request, size_bytes):
        url = await services.blobs.signed_url(blob_key, expires_s=PRESIGNED_FOR_S)
        if url is not None:
            # The address is as good as a token: for this client alone, and not to be kept.
            headers = {"Location": url, "Cache-Control": "private, no-store"}
            return Response(b"", status_code=307, headers=headers)
    headers = {
        "ETag": etag,
        "Cache-Control": CACHE_CONTROL,
        "Accept-Ranges": "bytes",
        "Content-Disposition": content_disposition(filename),
    }
    wanted = request.headers.get("range")
    if request.headers.get("if-range", etag) != etag:  # the client has a part of another file
        wanted = None
    try:
        span = parse_range(wanted, size_bytes)
    except NotSatisfiableError as error:
        raise HTTPException(
            status_code=416,
            detail=f"The file has {size_bytes} bytes, and ends before the range begins",
            headers={"Content-Range": f"bytes */{size_bytes}"},
        ) from error
    start, stop = span or (0, size_bytes)
    headers["Content-Length"] = str(stop - start)
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size_bytes}"
    blob = await services.blobs.open_stream(blob_key, span)
    status = 200 if span is None else 206
    return Stream(blob.chunks, media_type=media_type, headers=headers, status_code=status)


def _may_go(request: Request[Any, Any, Any], size_bytes: int) -> bool:
    """Whether it is worth while, and a client can be sent to another host.

    A browser cannot: our page may ask no other host, and the bucket would have to allow the page's.
    Neither can a client that has a part of the file: the bucket knows it by another ETag.
    """
    if size_bytes < MIN_PRESIGNED_BYTES:
        return False
    return "sec-fetch-mode" not in request.headers and "if-range" not in request.headers


def content_disposition(filename: str) -> str:
    """Offer a file for download under any name, with ASCII for old clients (RFC 6266)."""
    name = _NOT_IN_FILENAMES.sub("-", filename).strip(". ") or "score"
    ascii_name = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}"
