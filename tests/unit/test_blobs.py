"""Blobs in a local folder: streams, limits, keys, and nothing left behind."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scorewire.blobs import Blobs, open_blobs
from scorewire.errors import (
    InvalidRequestError,
    NotKeptError,
    ServiceUnavailableError,
    TooLargeError,
)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    """Storage in a fresh folder."""
    return open_blobs(None, tmp_path / "data" / "dir")


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_stream_is_stored_and_streamed_back(blobs: Blobs) -> None:
    """Size and SHA-256 are those of the bytes, and the bytes come back unchanged."""
    content = bytes(range(256)) * 5_000
    halves = content[:700_000], content[700_000:]
    stored = await blobs.put_stream("uploads/a/b.wav", _chunks(*halves), 2_000_000)
    assert stored.size_bytes == len(content)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    stream = await blobs.open_stream("uploads/a/b.wav")
    assert stream.size_bytes == len(content)
    assert b"".join([chunk async for chunk in stream.chunks]) == content


async def test_too_much_is_refused_before_it_is_written(blobs: Blobs, tmp_path: Path) -> None:
    """The stream is not read past the limit, and no part of it stays."""
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield bytes(1_000_000)

    with pytest.raises(TooLargeError):
        await blobs.put_stream("big", endless(), 25_000_000)
    assert read == 26
    assert _files(tmp_path) == []


async def test_a_broken_stream_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    """A sender that fails half-way, or is cancelled, leaves no file."""
    started = asyncio.Event()

    async def broken() -> AsyncIterator[bytes]:
        yield bytes(12_000_000)
        started.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(blobs.put_stream("broken", broken(), 20_000_000))
    await started.wait()
    assert _files(tmp_path) != []
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert _files(tmp_path) == []
    assert not blobs.exists("broken")


def test_files_and_bytes(blobs: Blobs, tmp_path: Path) -> None:
    """What was put comes back, as a file or as bytes; a second put replaces the first."""
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"first")
    blobs.put_file("results/x", source)
    blobs.get_file("results/x", target)
    assert target.read_bytes() == b"first"
    blobs.put_bytes("results/x", b"second")
    assert blobs.get_bytes("results/x") == b"second"
    blobs.delete("results/x")
    blobs.delete("results/x")
    assert not blobs.exists("results/x")


async def test_a_missing_blob_is_not_kept(blobs: Blobs, tmp_path: Path) -> None:
    """Every way to read a missing blob says so, and leaves no half-written file."""
    with pytest.raises(NotKeptError):
        blobs.get_bytes("missing")
    with pytest.raises(NotKeptError):
        await blobs.open_stream("missing")
    with pytest.raises(NotKeptError):
        blobs.get_file("missing", tmp_path / "out")
    assert _files(tmp_path) == []


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "a/../b", "a//b", ".hidden", "a/.b", "a b", "a\n", "x" * 513]
)
def test_keys_cannot_leave_the_storage(blobs: Blobs, key: str) -> None:
    """Only plain relative paths are keys."""
    with pytest.raises(InvalidRequestError):
        blobs.put_bytes(key, b"")


def test_other_users_see_no_recordings(blobs: Blobs, tmp_path: Path) -> None:
    """The folder in the data folder, which others may pass through, is closed to them."""
    blobs.put_bytes("a/b", b"mine")
    assert (tmp_path / "data" / "dir" / "blobs").stat().st_mode & 0o077 == 0


def test_storage_is_chosen_by_url(tmp_path: Path) -> None:
    """A file URL names a folder; an unknown scheme is refused."""
    blobs = open_blobs(f"file://{tmp_path}/elsewhere", tmp_path)
    blobs.put_bytes("a/b", b"here")
    assert (tmp_path / "elsewhere" / "a" / "b").read_bytes() == b"here"
    with pytest.raises(InvalidRequestError, match="s3://"):
        open_blobs("ftp://host/path", tmp_path)


def test_unreachable_storage_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An S3 that refuses the request is a retryable error, not a driver's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    blobs = open_blobs("s3://bucket/prefix", tmp_path)
    with pytest.raises(ServiceUnavailableError):
        blobs.exists("key")
