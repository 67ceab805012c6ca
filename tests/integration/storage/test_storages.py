"""What every storage does alike: a folder, and a bucket of a real S3 server."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from s3_server import BUCKET, s3_server

from scorewire.blobs import Blobs, open_blobs
from scorewire.errors import InvalidRequestError, NotKeptError, TooLargeError

LARGE = bytes(range(256)) * 50_000  # more than one part of an upload to S3


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The environment of a client of a running S3 server."""
    with s3_server() as environment:
        yield environment


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    """An empty storage."""
    if request.param == "folder":
        return open_blobs(None, tmp_path)
    for name, value in request.getfixturevalue("s3").items():
        monkeypatch.setenv(name, value)
    return open_blobs(f"s3://{BUCKET}/{time.monotonic_ns()}", tmp_path)


async def _chunks(content: bytes, size: int = 700_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def _read(blobs: Blobs, key: str, span: tuple[int, int] | None = None) -> bytes:
    return b"".join([chunk async for chunk in (await blobs.open_stream(key, span)).chunks])


def _keys(blobs: Blobs) -> list[str]:
    return sorted(blob.key for page in blobs.list_pages(2) for blob in page)


@pytest.mark.parametrize("content", [LARGE, b"small", b""], ids=["large", "small", "empty"])
async def test_a_stream_is_stored_and_streamed_back(blobs: Blobs, content: bytes) -> None:
    """Size and SHA-256 are those of the bytes, and the bytes come back unchanged."""
    stored = await blobs.put_stream("uploads/a/b.wav", _chunks(content), 20_000_000)
    assert stored.size_bytes == len(content) == await blobs.size_bytes("uploads/a/b.wav")
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert await _read(blobs, "uploads/a/b.wav") == content


async def test_a_part_is_read_alone(blobs: Blobs) -> None:
    """A span gives its bytes, and the size of the whole."""
    blobs.put_bytes("audio/x.flac", LARGE)
    stream = await blobs.open_stream("audio/x.flac", (1_000, 1_010))
    assert stream.size_bytes == len(LARGE)
    assert b"".join([chunk async for chunk in stream.chunks]) == LARGE[1_000:1_010]
    assert await _read(blobs, "audio/x.flac", (len(LARGE) - 3, len(LARGE))) == LARGE[-3:]


async def test_too_much_is_refused_and_nothing_stays(blobs: Blobs) -> None:
    """A stream that goes past the limit, in its first part or a later one."""
    for limit in (1_000_000, 11_000_000):
        with pytest.raises(TooLargeError):
            await blobs.put_stream("uploads/big", _chunks(LARGE), limit)
    assert _keys(blobs) == []


async def test_a_sender_that_leaves_leaves_nothing(blobs: Blobs) -> None:
    """A stream that is cancelled after its first part."""
    started = asyncio.Event()

    async def broken() -> AsyncIterator[bytes]:
        yield LARGE
        started.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(blobs.put_stream("uploads/broken", broken(), 50_000_000))
    await started.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert _keys(blobs) == []
    assert not blobs.exists("uploads/broken")


def test_files_and_bytes(blobs: Blobs, tmp_path: Path) -> None:
    """What was put comes back, as a file or as bytes; a second put replaces the first."""
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(LARGE)
    blobs.put_file("stems/x.flac", source)
    blobs.get_file("stems/x.flac", target)
    assert target.read_bytes() == LARGE
    blobs.put_bytes("stems/x.flac", b"second")
    assert blobs.get_bytes("stems/x.flac") == b"second"
    blobs.delete("stems/x.flac")
    blobs.delete("stems/x.flac")
    assert not blobs.exists("stems/x.flac")


async def test_a_missing_blob_is_not_kept(blobs: Blobs, tmp_path: Path) -> None:
    """Every way to read a missing blob says so in one sentence."""
    for reading in (
        asyncio.to_thread(blobs.get_bytes, "missing"),
        asyncio.to_thread(blobs.get_file, "missing", tmp_path / "out"),
        blobs.open_stream("missing"),
        blobs.size_bytes("missing"),
    ):
        with pytest.raises(NotKeptError, match="no longer kept"):
            await reading
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a/../b", ".hidden", "a b"])
def test_keys_cannot_leave_the_storage(blobs: Blobs, key: str) -> None:
    """Only plain relative paths are keys."""
    with pytest.raises(InvalidRequestError):
        blobs.put_bytes(key, b"")


def test_all_blobs_are_listed(blobs: Blobs) -> None:
    """Page by page, with size and age; what is deleted meanwhile does no harm."""
    keys = [f"{folder}/{number}.flac" for folder in ("audio", "stems") for number in range(5)]
    for size, key in enumerate(keys):
        blobs.put_bytes(key, bytes(size))
    seen = {}
    for page in blobs.list_pages(3):
        assert len(page) <= 3
        for blob in page:
            seen[blob.key] = blob
            blobs.delete(blob.key)
    assert sorted(seen) == keys
    assert [seen[key].size_bytes for key in keys] == list(range(10))
    assert all(-2 <= blob.age_s < 60 for blob in seen.values())
    assert _keys(blobs) == []


async def test_only_a_bucket_signs_addresses(blobs: Blobs, tmp_path: Path) -> None:
    """A signed address gives the blob, or a part of it, to whoever has it; a folder has none."""
    blobs.put_bytes("stems/x.flac", LARGE)
    url = await blobs.signed_url("stems/x.flac", expires_s=60)
    if (tmp_path / "blobs").exists():
        assert url is None
        return
    assert url is not None
    assert "X-Amz-Expires=60" in url
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(url)).content == LARGE
        part = await client.get(url, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, LARGE[5:10])
