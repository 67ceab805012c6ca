"""Takes an uploaded recording: streams it to storage, and never holds it whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID

import msgspec

from api.multipart import MultipartReader
from scorewire.blobs import Blobs
from scorewire.errors import EmptyAudioError, InvalidRequestError, TooLargeError
from scorewire.http.problems import decoding_error
from scorewire.jobs.filenames import plain_filename, safe_filename
from scorewire.jobs.options import Options
from scorewire.jobs.source import UploadSource

FORM_OVERHEAD_BYTES = 256 * 1024
"""What the form may have besides the file: boundaries, headers, options."""

MAX_OPTIONS_BYTES = 64 * 1024


@dataclass(frozen=True)
class Upload:
    """A recording that is in storage, and what was said about it."""

    source: UploadSource
    options: Options


async def receive_upload(
    content_type: str, body: AsyncIterator[bytes], *, job_id: UUID, blobs: Blobs, max_bytes: int
) -> Upload:
    """Read the form with the fields `file` and, optionally, `options` (JSON), in any order.

    Raises:
        InvalidRequestError: the form is malformed, or a field is missing, unknown or not valid.
        EmptyAudioError: the file has no bytes.
        TooLargeError: the file has more than `max_bytes` bytes; it was not stored.
    """
    reader = MultipartReader(content_type, body)
    source: UploadSource | None = None
    options = Options()
    async with AsyncExitStack() as undo:
        async for part in reader.parts():
            match part.name:
                case "file" if source is None:
                    source = await _store(reader, part.filename or "", job_id, blobs, max_bytes)
                    # Whatever goes wrong from here on, and be it that the client leaves.
                    undo.push_async_callback(asyncio.to_thread, blobs.delete, source.blob_key)
                case "options":
                    options = _decode_options(await _read(reader, MAX_OPTIONS_BYTES))
                case _:
                    message = "The form takes one file and one options field; leave out the rest."
                    raise InvalidRequestError(message, field=part.name)
        if source is None:
            message = "The form has no file; send the recording in the field file."
            raise InvalidRequestError(message, field="file")
        undo.pop_all()
    return Upload(source, options)


async def _store(
    reader: MultipartReader, filename: str, job_id: UUID, blobs: Blobs, max_bytes: int
) -> UploadSource:
    key = f"uploads/{job_id}/{safe_filename(filename)}"
    stored = await blobs.put_stream(key, reader.content(), max_bytes)
    if stored.size_bytes == 0:
        await asyncio.to_thread(blobs.delete, key)
        message = "The file is empty; choose a recording that has sound."
        raise EmptyAudioError(message, field="file")
    name = plain_filename(filename)
    return UploadSource(blob_key=key, sha256=stored.sha256, filename=name)


async def _read(reader: MultipartReader, max_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in reader.content():
        content += chunk
        if len(content) > max_bytes:
            message = "The options are too long; leave out what is not needed."
            raise TooLargeError(message, field="options")
    return bytes(content)


def _decode_options(content: bytes) -> Options:
    try:
        return msgspec.json.decode(content, type=Options)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise decoding_error(error, "options") from error
