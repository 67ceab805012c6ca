"""Fetching what a finished job made."""

from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.blobs import open_blobs
from scorewire.settings import Settings
from scorewire.store.events import append_completed
from scorewire.store.jobs import open_attempt

RESULT = {
    "musicxml": "results/x/score.musicxml",
    "midi": "results/x/score.mid",
    "performance_midi": "results/x/performance.mid",
}


@pytest.fixture
async def finished(engine: AsyncEngine, settings: Settings, job_id: UUID) -> UUID:
    """A job whose three files say which they are."""
    blobs = open_blobs(settings.storage_url, settings.data_dir)
    for kind, key in RESULT.items():
        blobs.put_bytes(key, kind.encode())
    await open_attempt(engine, job_id)
    await append_completed(engine, job_id, result=RESULT)
    return job_id


@pytest.mark.parametrize(
    ("path", "content", "media_type", "filename"),
    [
        ("", b"musicxml", "application/vnd.recordare.musicxml+xml", "%20No.%201.musicxml"),
        ("/midi", b"midi", "audio/midi", "%20No.%201.mid"),
        ("/midi?timing=quantised", b"midi", "audio/midi", "%20No.%201.mid"),
        ("/midi?timing=performed", b"performance_midi", "audio/midi", "%28performed%29.mid"),
    ],
)
async def test_each_form_of_the_score(  # noqa: PLR0913, PLR0917 - a table of cases
    client: httpx.AsyncClient,
    finished: UUID,
    path: str,
    content: bytes,
    media_type: str,
    filename: str,
) -> None:
    """[R2] The right file, under its media type, with the title as the file's name."""
    answer = await client.get(f"/api/v1/scores/{finished}{path}")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-length"] == str(len(content))
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="_tude- No. 1')
    assert disposition.endswith(filename)


async def test_no_score_yet(client: httpx.AsyncClient, engine: AsyncEngine, job_id: UUID) -> None:
    """[R2] [R3] 409 while the job is under way or failed, naming its status."""
    failed = await client.get(f"/api/v1/scores/{job_id}")
    await open_attempt(engine, job_id)
    queued = await client.get(f"/api/v1/scores/{job_id}/midi")
    assert [answer.json()["code"] for answer in (failed, queued)] == ["conflict", "conflict"]
    assert ("failed" in failed.text, "queued" in queued.text) == (True, True)


async def test_a_file_that_is_gone(
    client: httpx.AsyncClient, settings: Settings, finished: UUID
) -> None:
    """[R3] A blob that is no longer in storage is a 410 problem, not a broken download."""
    open_blobs(settings.storage_url, settings.data_dir).delete(RESULT["midi"])
    answer = await client.get(f"/api/v1/scores/{finished}/midi")
    assert (answer.status_code, answer.json()["code"]) == (410, "not_kept")
