"""The recording and its stems, over real HTTP."""

import asyncio
import io
from uuid import UUID

import httpx
import pytest
import soundfile
from sqlalchemy.ext.asyncio import AsyncEngine
from stored_scores import STEMS, store_score

from scorewire.blobs import Blobs, open_blobs
from scorewire.settings import Settings
from scorewire.store.events import append_completed
from scorewire.store.jobs import open_attempt


@pytest.fixture
def blobs(settings: Settings) -> Blobs:
    """The API's storage."""
    return open_blobs(settings.storage_url, settings.data_dir)


@pytest.fixture
async def finished(engine: AsyncEngine, blobs: Blobs, job_id: UUID) -> UUID:
    """A job with a score, a recording and two stems."""
    result = await asyncio.to_thread(store_score, blobs)
    await open_attempt(engine, job_id)
    await append_completed(engine, job_id, result=result)
    return job_id


async def test_the_recording_is_sound(
    client: httpx.AsyncClient, blobs: Blobs, finished: UUID
) -> None:
    """[R2] FLAC that can be decoded, under the job's title; a part of it can be asked for."""
    answer = await client.get(f"/api/v1/jobs/{finished}/recording")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/flac"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-disposition"].endswith("%20No.%201.flac")
    assert answer.content == blobs.get_bytes("audio/x.flac")
    assert soundfile.info(io.BytesIO(answer.content)).samplerate == 44_100


async def test_a_player_jumps(client: httpx.AsyncClient, blobs: Blobs, finished: UUID) -> None:
    """[R2] 206 with exactly the bytes asked for, from the start, the middle and the end."""
    content = blobs.get_bytes("audio/x.flac")
    size = len(content)
    address = f"/api/v1/jobs/{finished}/recording"
    for asked, part in {
        "bytes=0-": slice(0, size),
        "bytes=100-199": slice(100, 200),
        "bytes=-50": slice(size - 50, size),
        f"bytes={size - 1}-{size + 9}": slice(size - 1, size),
    }.items():
        answer = await client.get(address, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, content[part])
        told = f"bytes {part.start}-{part.stop - 1}/{size}"
        assert answer.headers["content-range"] == told
        assert answer.headers["content-length"] == str(part.stop - part.start)


async def test_a_part_behind_the_end_is_refused(client: httpx.AsyncClient, finished: UUID) -> None:
    """[R3] 416 as a problem, with the size in Content-Range."""
    address = f"/api/v1/jobs/{finished}/recording"
    size = (await client.get(address)).headers["content-length"]
    answer = await client.get(address, headers={"Range": f"bytes={size}-"})
    assert (answer.status_code, answer.json()["code"]) == (416, "invalid_request")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-range"] == f"bytes */{size}"


async def test_a_part_of_another_file_is_not_sent(
    client: httpx.AsyncClient, finished: UUID
) -> None:
    """[R2] With an If-Range of another state the whole file comes, with its own the part."""
    address = f"/api/v1/jobs/{finished}/recording"
    whole = await client.get(address)
    asked = {"Range": "bytes=0-9"}
    other = await client.get(address, headers={**asked, "If-Range": '"another"'})
    same = await client.get(address, headers={**asked, "If-Range": whole.headers["etag"]})
    assert (other.status_code, len(other.content)) == (200, len(whole.content))
    assert (same.status_code, len(same.content)) == (206, 10)
    known = await client.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


async def test_each_stem_is_listed_and_sent(
    client: httpx.AsyncClient, blobs: Blobs, finished: UUID
) -> None:
    """[R2] The list leads to each stem's own sound."""
    listed = (await client.get(f"/api/v1/scores/{finished}/stems")).json()["stems"]
    assert {stem["name"] for stem in listed} == set(STEMS)
    for stem in listed:
        answer = await client.get(stem["url"], headers={"Range": "bytes=4-"})
        assert answer.status_code == 206
        assert answer.content == blobs.get_bytes(f"stems/{stem['name']}.flac")[4:]
        assert answer.headers["content-disposition"].endswith(f"%28{stem['name']}%29.flac")


@pytest.mark.parametrize("name", ["vocals", "mix", "drums2", "%2E%2E%2F", "%00"])
async def test_a_stem_that_is_not_there(
    client: httpx.AsyncClient, finished: UUID, name: str
) -> None:
    """[R3] 404, whatever the name."""
    answer = await client.get(f"/api/v1/scores/{finished}/stems/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_no_recording_yet(client: httpx.AsyncClient, job_id: UUID) -> None:
    """[R3] 409 while there is no score."""
    answer = await client.get(f"/api/v1/jobs/{job_id}/recording")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
