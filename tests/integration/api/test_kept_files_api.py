"""What is left of a job whose files are no longer kept, and of an upload that was cut."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from stored_scores import store_score

from scorewire.blobs import open_blobs
from scorewire.settings import Settings
from scorewire.store.events import append_completed
from scorewire.store.jobs import open_attempt

BOUNDARY = "cut"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/scores/{0}",
        "/api/v1/scores/{0}/midi",
        "/api/v1/scores/{0}/pdf",
        "/api/v1/scores/{0}/pages",
        "/api/v1/scores/{0}/playback",
        "/api/v1/scores/{0}/stems/bass",
        "/api/v1/jobs/{0}/recording",
    ],
)
async def test_a_file_that_is_not_kept_is_410(
    client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings, job_id: UUID, path: str
) -> None:
    """[R3] The job is there as before, and each of its files says plainly that it is not."""
    blobs = open_blobs(settings.storage_url, settings.data_dir)
    result = await asyncio.to_thread(store_score, blobs)
    await open_attempt(engine, job_id)
    await append_completed(engine, job_id, result=result)
    for key in result.values():
        blobs.delete(key)
    answer = await client.get(path.format(job_id))
    assert answer.status_code == 410
    problem = answer.json()
    assert (problem["code"], problem["retryable"]) == ("not_kept", False)
    assert "no longer kept" in problem["detail"]
    job = (await client.get(f"/api/v1/jobs/{job_id}")).json()
    assert (job["status"], job["result_url"]) == ("completed", f"/api/v1/scores/{job_id}")


async def test_an_upload_that_is_cut_after_its_file_leaves_nothing(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    """The file is stored whole; then the client leaves in the middle of the options."""
    folder = settings.data_dir / "blobs"

    def stored() -> list[Path]:
        return [path for path in folder.rglob("*") if path.is_file()]

    async def body() -> AsyncIterator[bytes]:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"'
        yield f"{head}\r\n\r\n".encode() + bytes(100_000)
        yield (
            f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="options"\r\n\r\n'
        ).encode()
        while not stored():  # noqa: ASYNC110 - what is waited for is a file
            await asyncio.sleep(0.02)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await client.post("/api/v1/transcribe/upload", content=body(), headers=FORM)
    async with asyncio.timeout(10):
        while stored():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)
