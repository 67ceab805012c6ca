"""Recordings, stems and results by key, in a local folder or in any S3.

The flow's stages are synchronous and use the plain methods; the API streams.
"""

import hashlib
import re
import tempfile
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store, from_url

from scorewire.errors import (
    InvalidRequestError,
    NotKeptError,
    ServiceUnavailableError,
    TooLargeError,
)

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult  # exist for type checkers alone

CHUNK_BYTES = 256 * 1024
MAX_KEY_CHARS = 512

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True)
class StoredBlob:
    """What a stream left in storage."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class ListedBlob:
    """A blob as the storage lists it."""

    key: str
    size_bytes: int
    age_s: float


@dataclass(frozen=True)
class BlobStream:
    """A blob that is being read: its whole size is known before its bytes."""

    size_bytes: int
    chunks: AsyncIterator[bytes]


class Blobs:
    """Files by key.

    A key is a path of ASCII letters, digits, `.`, `_` and `-`; no part of it starts with a dot. All
    methods raise `InvalidRequestError` for another key, `NotKeptError` for a blob that does not
    exist and `ServiceUnavailableError` where the storage fails.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put_stream(
        self, key: str, chunks: AsyncIterable[bytes], max_bytes: int
    ) -> StoredBlob:
        """Store a stream as it comes; after any failure nothing is left of it.

        Raises:
            TooLargeError: there are more than `max_bytes` bytes; no more than that were written.
        """
        digest = hashlib.sha256()
        size_bytes = 0
        with _storage(key):
            # The writer takes its upload back when the block is left by an exception.
            async with obstore.open_writer_async(self._store, key) as writer:
                async for chunk in chunks:
                    size_bytes += len(chunk)
                    if size_bytes > max_bytes:
                        limit_mb = max_bytes / 1_000_000
                        message = f"The file has more than {limit_mb:g} MB; send a smaller one."
                        raise TooLargeError(message, field="file")
                    digest.update(chunk)
                    await writer.write(chunk)
        return StoredBlob(size_bytes, digest.hexdigest())

    async def open_stream(self, key: str, span: tuple[int, int] | None = None) -> BlobStream:
        """Start to read a blob.

        Args:
            key: the blob.
            span: its only bytes to read, from the first up to, and without, the last.
        """
        with _storage(key):
            options: GetOptions = {} if span is None else {"range": span}
            found = await obstore.get_async(self._store, key, options=options)
        return BlobStream(found.meta["size"], _chunks(key, found))

    async def size_bytes(self, key: str) -> int:
        """How large a blob is."""
        with _storage(key):
            return (await obstore.head_async(self._store, key))["size"]

    async def signed_url(self, key: str, *, expires_s: float) -> str | None:
        """An address at which anyone may read a blob, for a time; None where it is in a folder."""
        if not isinstance(self._store, S3Store):
            return None
        with _storage(key):
            return await obstore.sign_async(self._store, "GET", key, timedelta(seconds=expires_s))

    def put_file(self, key: str, path: Path) -> None:
        """Store the file at `path`."""
        with _storage(key):
            obstore.put(self._store, key, path)

    def get_file(self, key: str, path: Path) -> None:
        """Write a blob to `path`, whole or not at all."""
        with _storage(key):
            found = obstore.get(self._store, key)
            part = tempfile.NamedTemporaryFile(dir=path.parent, delete=False)  # noqa: SIM115 - it outlives its block under its final name
            try:
                with part:
                    for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                        part.write(chunk)
                Path(part.name).replace(path)
            except BaseException:
                Path(part.name).unlink()
                raise

    def put_bytes(self, key: str, content: bytes) -> None:
        """Store some bytes."""
        with _storage(key):
            obstore.put(self._store, key, content)

    def get_bytes(self, key: str) -> bytes:
        """Read a blob whole."""
        with _storage(key):
            return bytes(obstore.get(self._store, key).bytes())

    def get_head(self, key: str, max_bytes: int) -> bytes:
        """Read a blob's first bytes, `max_bytes` at most."""
        with _storage(key):
            return bytes(obstore.get(self._store, key, options={"range": (0, max_bytes)}).bytes())

    def exists(self, key: str) -> bool:
        """Say whether there is a blob under `key`."""
        try:
            with _storage(key):
                obstore.head(self._store, key)
        except NotKeptError:
            return False
        return True

    def list_pages(self, page_size: int) -> Iterator[list[ListedBlob]]:
        """List all blobs, page by page; what is written or deleted meanwhile may be missing."""
        with _failing():
            pages = obstore.list(self._store, chunk_size=page_size)
            while (page := next(pages, None)) is not None:
                now = datetime.now(UTC)
                yield [
                    ListedBlob(
                        blob["path"], blob["size"], (now - blob["last_modified"]).total_seconds()
                    )
                    for blob in page
                ]

    def discard_unfinished(self, older_than_s: float) -> int:
        """Remove what a process that died had written of a blob; returns how many files that was.

        In a folder only: a bucket drops unfinished uploads by a lifecycle rule of its own.
        """
        if not isinstance(self._store, LocalStore) or self._store.prefix is None:
            return 0
        removed = 0
        oldest = time.time() - older_than_s
        for part in Path(self._store.prefix).rglob("*#*"):
            with suppress(FileNotFoundError):  # it has just become a blob
                if part.is_file() and part.stat().st_mtime < oldest:
                    part.unlink()
                    removed += 1
        return removed

    def delete(self, key: str) -> None:
        """Remove a blob; removing what is not there is no error."""
        try:
            with _storage(key):
                obstore.delete(self._store, key)
        except NotKeptError:
            return


def open_blobs(storage_url: str | None, data_dir: Path) -> Blobs:
    """Open the storage that the settings name.

    Args:
        storage_url: `file:///path` or `s3://bucket/prefix` (credentials, region and endpoint come
            from the usual `AWS_…` variables); None for the folder `blobs` in `data_dir`.
        data_dir: where Scorewire keeps its files.

    Raises:
        InvalidRequestError: `storage_url` is of another kind.
    """
    if storage_url is None:
        folder = data_dir / "blobs"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # recordings are their owner's alone
        return Blobs(LocalStore(folder, automatic_cleanup=True))
    if storage_url.startswith("file:///"):
        return Blobs(from_url(storage_url, mkdir=True, automatic_cleanup=True))
    if storage_url.startswith("s3://"):
        return Blobs(from_url(storage_url))
    message = "The storage URL must start with file:/// or s3://; correct it."
    raise InvalidRequestError(message, field="storage_url")


async def _chunks(key: str, found: "GetResult") -> AsyncIterator[bytes]:
    with _storage(key):
        async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(chunk)


@contextmanager
def _storage(key: str) -> Iterator[None]:
    if len(key) > MAX_KEY_CHARS or not _KEY.fullmatch(key):
        message = "The name of the file is not one that can be stored; rename it."
        raise InvalidRequestError(message)
    with _failing():
        yield


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        message = "The file is no longer kept; send the recording again."
        raise NotKeptError(message) from error
    except (BaseError, OSError) as error:
        message = "The storage cannot be used at the moment; try again."
        raise ServiceUnavailableError(message) from error
