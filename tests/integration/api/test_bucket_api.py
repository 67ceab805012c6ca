"""The API with its storage in a bucket of a real S3 server."""

import asyncio
import json
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from s3_server import BUCKET, s3_server
from serving import Serve
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.blobs import Blobs, open_blobs
from scorewire.jobs.options import Stem
from scorewire.jobs.results import RECORDING, stem_kind
from scorewire.settings import Settings
from scorewire.store.events import append_completed
from scorewire.store.jobs import get_request, open_attempt

LARGE = bytes(range(256)) * 8_000
SMALL = b"<score-partwise/>"


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The environment of a client of a running S3 server."""
    with s3_server() as environment:
        yield environment


@pytest.fixture
def storage_url(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty place in the bucket."""
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid4()}"


@pytest.fixture
def blobs(storage_url: str, settings: Settings) -> Blobs:
    """The API's storage."""
    return open_blobs(storage_url, settings.data_dir)


@pytest.fixture
async def client(serve: Serve, storage_url: str) -> httpx.AsyncClient:
    """A client of an API that sends programs to the bucket."""
    return await serve(storage_url=storage_url, presigned_downloads=True)


@pytest.fixture
async def uploaded(client: httpx.AsyncClient) -> UUID:
    """A job with a recording that was sent."""
    answer = await client.post("/api/v1/transcribe/upload", files={"file": ("a.wav", LARGE)})
    assert answer.status_code == 201
    return UUID(answer.json()["job_id"])


@pytest.fixture
async def finished(engine: AsyncEngine, blobs: Blobs, uploaded: UUID) -> UUID:
    """A job with a large recording, a large and a small stem, and a score."""
    result = {
        RECORDING: "audio/x.flac",
        stem_kind(Stem.BASS): "stems/bass.flac",
        stem_kind(Stem.DRUMS): "stems/drums.flac",
        "musicxml": "scores/x.musicxml",
    }
    for key in result.values():
        content = LARGE if key in {"audio/x.flac", "stems/bass.flac"} else SMALL
        await asyncio.to_thread(blobs.put_bytes, key, content)
    await open_attempt(engine, uploaded)
    await append_completed(engine, uploaded, result=result)
    return uploaded


async def test_an_upload_is_stored_and_deleted(
    client: httpx.AsyncClient, engine: AsyncEngine, blobs: Blobs, uploaded: UUID
) -> None:
    """[R1] [R2] The bytes arrive in the bucket, and go with their job."""
    source = (await get_request(engine, uploaded)).source
    key = f"uploads/{uploaded}/a.wav"
    assert source.blob_key == key
    assert await asyncio.to_thread(blobs.get_bytes, key) == LARGE
    assert (await client.delete(f"/api/v1/jobs/{uploaded}")).status_code == 204
    assert not await asyncio.to_thread(blobs.exists, key)


async def test_a_program_fetches_a_large_file_from_the_bucket(
    client: httpx.AsyncClient, finished: UUID, s3: dict[str, str]
) -> None:
    """[R2] 307 to a signed address that is not to be kept; the file, or a part of it, is there."""
    address = f"/api/v1/jobs/{finished}/recording"
    answer = await client.get(address)
    assert (answer.status_code, answer.content) == (307, b"")
    assert answer.headers["cache-control"] == "private, no-store"
    location = answer.headers["location"]
    assert location.startswith(s3["AWS_ENDPOINT_URL"])
    assert "X-Amz-Expires=60" in urlsplit(location).query
    async with httpx.AsyncClient(
        base_url=client.base_url, follow_redirects=True, trust_env=False
    ) as program:
        assert (await program.get(address)).content == LARGE
        part = await program.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, LARGE[10:20])
    stem = await client.get(f"/api/v1/scores/{finished}/stems/bass")
    assert stem.status_code == 307


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Mode": "cors"}, {"Sec-Fetch-Mode": "navigate"}, {"If-Range": '"another"'}],
    ids=json.dumps,
)
async def test_a_browser_is_served_here(
    client: httpx.AsyncClient, finished: UUID, headers: dict[str, str]
) -> None:
    """The page may ask no other host; and the bucket has other ETags than we gave."""
    answer = await client.get(f"/api/v1/jobs/{finished}/recording", headers=headers)
    assert (answer.status_code, answer.content) == (200, LARGE)


async def test_what_a_client_has_is_not_sent_again(
    client: httpx.AsyncClient, finished: UUID
) -> None:
    """[R2] A known ETag is 304 before anyone is sent anywhere."""
    address = f"/api/v1/jobs/{finished}/recording"
    etag = (await client.get(address, headers={"Sec-Fetch-Mode": "cors"})).headers["etag"]
    assert (await client.get(address, headers={"If-None-Match": etag})).status_code == 304


async def test_small_files_are_served_here(client: httpx.AsyncClient, finished: UUID) -> None:
    """A score and a short stem are here sooner than the second request."""
    score = await client.get(f"/api/v1/scores/{finished}")
    stem = await client.get(f"/api/v1/scores/{finished}/stems/drums")
    assert [(a.status_code, a.content) for a in (score, stem)] == [(200, SMALL)] * 2


async def test_without_the_setting_nobody_is_sent_away(
    serve: Serve, storage_url: str, finished: UUID
) -> None:
    """As installed, everything comes through the API, ranges too."""
    client = await serve(storage_url=storage_url)
    address = f"/api/v1/jobs/{finished}/recording"
    assert (await client.get(address)).content == LARGE
    part = await client.get(address, headers={"Range": "bytes=-5"})
    assert (part.status_code, part.content) == (206, LARGE[-5:])


async def test_a_file_that_is_not_kept_is_gone(
    client: httpx.AsyncClient, blobs: Blobs, finished: UUID
) -> None:
    """[R3] 410 `not_kept` before anyone is sent to an address that leads nowhere."""
    await asyncio.to_thread(blobs.delete, "audio/x.flac")
    answer = await client.get(f"/api/v1/jobs/{finished}/recording")
    assert (answer.status_code, answer.json()["code"]) == (410, "not_kept")
