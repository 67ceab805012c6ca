"""List, cancel, delete, and submit once, over real HTTP."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.blobs import open_blobs
from scorewire.jobs.stages import Stage
from scorewire.settings import Settings
from scorewire.store.engine import fetch
from scorewire.store.events import append_completed, append_progress, events_after
from scorewire.store.files import note_files
from scorewire.store.jobs import get_job, open_attempt

LINK = "/api/v1/transcribe"
UPLOAD = "/api/v1/transcribe/upload"
BODY = {"youtube_url": "https://youtu.be/dQw4w9WgXcQ", "options": {"title": "Song"}}


def _stored(settings: Settings) -> list[Path]:
    return [path for path in (settings.data_dir / "blobs").rglob("*") if path.is_file()]


async def _count(engine: AsyncEngine) -> int:
    return len(await fetch(engine, text("SELECT id FROM jobs")))


@pytest.fixture
async def running_id(engine: AsyncEngine, job_id: UUID) -> UUID:
    """A job in the middle of its separation."""
    await open_attempt(engine, job_id)
    await append_progress(engine, job_id, progress=30, stage=Stage.SEPARATION, message="third")
    return job_id


async def test_the_link_header_leads_through_all_jobs(client: httpx.AsyncClient) -> None:
    """[R2] Newest first, every job once; each page names the next one, with the same filters."""
    made = []
    for number in range(5):
        body = {**BODY, "options": {"title": f"Étude & {number}"}}
        made.append((await client.post(LINK, json=body)).json()["job_id"])
    await client.post(LINK, json=BODY)
    listed: list[str] = []
    page = await client.get("/api/v1/jobs?limit=2&status=failed&status=queued&q=%C3%A9tude %26")
    while True:
        assert page.status_code == 200
        listed += [job["job_id"] for job in page.json()["jobs"]]
        assert (page.json()["next_cursor"] is None) == ("next" not in page.links)
        if "next" not in page.links:
            break
        page = await client.get(page.links["next"]["url"])
    assert listed == made[::-1]


async def test_a_listed_job_is_the_polled_job(client: httpx.AsyncClient, job_id: UUID) -> None:
    """[R2] [P1] The list shows what polling shows, and by status only what has it."""
    listed = (await client.get("/api/v1/jobs?status=failed")).json()
    assert listed["jobs"] == [(await client.get(f"/api/v1/jobs/{job_id}")).json()]
    assert listed["next_cursor"] is None
    assert (await client.get("/api/v1/jobs?status=completed")).json()["jobs"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=nonsense", "cursor"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("status=cancelled", "status[0]"),
        (f"q={'x' * 201}", "q"),
    ],
)
async def test_a_list_that_cannot_be_is_refused(
    client: httpx.AsyncClient, query: str, field: str
) -> None:
    """[R3] 400 that names the parameter at fault."""
    answer = await client.get(f"/api/v1/jobs?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == field


async def test_cancel_ends_a_job_at_once(
    client: httpx.AsyncClient, engine: AsyncEngine, running_id: UUID
) -> None:
    """[R2] [J5] 202 with the job as it now is; a second cancel is 409, and no second event."""
    before = len(await events_after(engine, running_id, 0))
    answer = await client.post(f"/api/v1/jobs/{running_id}/cancel")
    assert answer.status_code == 202
    job = answer.json()
    assert (job["status"], job["last_event_id"]) == ("failed", before + 1)
    error = job["error"]
    assert (error["code"], error["stage"], error["retryable"]) == ("cancelled", "separation", True)
    again = await client.post(f"/api/v1/jobs/{running_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert len(await events_after(engine, running_id, 0)) == before + 1


async def test_prefect_out_of_reach_does_not_stop_a_cancel(
    client: httpx.AsyncClient, engine: AsyncEngine, running_id: UUID
) -> None:
    """[J5] The job ends although nobody can be told to stop; its run has lost it."""
    run = uuid4()
    await fetch(
        engine,
        text("UPDATE jobs SET flow_run_id = :run WHERE id = :id RETURNING id").bindparams(
            run=run, id=running_id
        ),
    )
    answer = await client.post(f"/api/v1/jobs/{running_id}/cancel")
    assert (answer.status_code, answer.json()["error"]["code"]) == (202, "cancelled")
    assert not await append_completed(engine, running_id, result={}, flow_run_id=run)


async def test_a_completed_job_is_not_cancelled(
    client: httpx.AsyncClient, engine: AsyncEngine, running_id: UUID
) -> None:
    """[J3] A job that has its score keeps it; one that does not exist is 404."""
    await append_completed(engine, running_id, result={"musicxml": "key"})
    answer = await client.post(f"/api/v1/jobs/{running_id}/cancel")
    assert answer.status_code == 409
    job = await get_job(engine, running_id)
    assert job is not None
    assert job.status == "completed"
    assert (await client.post(f"/api/v1/jobs/{uuid4()}/cancel")).status_code == 404


async def test_delete_removes_the_rows_and_the_files(
    client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings
) -> None:
    """[R2] 204: recording, results and history are gone, but for what another job uses."""
    jobs = []
    for name in ("a.wav", "b.wav"):
        answer = await client.post(UPLOAD, files={"file": (name, name.encode())})
        jobs.append(UUID(answer.json()["job_id"]))
    first, second = jobs
    blobs = open_blobs(settings.storage_url, settings.data_dir)
    for key in ("stems/shared.flac", "scores/first.musicxml"):
        blobs.put_bytes(key, b"sound")
    await note_files(engine, first, ["stems/shared.flac", "scores/first.musicxml"])
    await note_files(engine, second, ["stems/shared.flac"])

    answer = await client.delete(f"/api/v1/jobs/{first}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert {path.name for path in _stored(settings)} == {"b.wav", "shared.flac"}
    assert await events_after(engine, first, 0) == []
    for gone in (client.delete, client.get):
        assert (await gone(f"/api/v1/jobs/{first}")).status_code == 404

    assert (await client.delete(f"/api/v1/jobs/{second}")).status_code == 204
    assert _stored(settings) == []
    assert await _count(engine) == 0


async def test_a_running_job_is_cancelled_before_it_is_deleted(
    client: httpx.AsyncClient, engine: AsyncEngine, running_id: UUID
) -> None:
    """[R2] [J3] What works on it finds no job to report to any more."""
    assert (await client.delete(f"/api/v1/jobs/{running_id}")).status_code == 204
    assert not await append_progress(
        engine, running_id, progress=50, stage=Stage.SEPARATION, message="still there"
    )
    assert await _count(engine) == 0


async def test_a_repeat_returns_the_first_job(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    """[R1] 201 with the same job, marked as a replay; nothing is started, though it failed."""
    first = await client.post(LINK, json=BODY, headers={"Idempotency-Key": "one"})
    again = await client.post(LINK, json=BODY, headers={"Idempotency-Key": '"one"'})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["status"] == "failed"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await _count(engine) == 1
    assert len(await events_after(engine, UUID(first.json()["job_id"]), 0)) == 1


async def test_a_key_of_another_request_is_refused(client: httpx.AsyncClient) -> None:
    """[R1] [R3] 422 with its code; a new key is all it takes."""
    key = {"Idempotency-Key": "one"}
    await client.post(LINK, json=BODY, headers=key)
    other = {**BODY, "options": {"title": "Another"}}
    answer = await client.post(LINK, json=other, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert (await client.post(LINK, json=other)).status_code == 201


@pytest.mark.parametrize("key", ["", '""', "two words", "x" * 256, "sch\xf6n"])
async def test_a_key_that_is_none_is_refused(
    client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings, key: str
) -> None:
    """[R3] 400 that names the header, before anything is stored."""
    headers = {"Idempotency-Key": key.encode("latin-1")}
    link = client.build_request("POST", LINK, json=BODY, headers=headers)  # type: ignore[arg-type] # bytes, for letters outside ASCII
    upload = client.build_request("POST", UPLOAD, files={"file": ("a.wav", b"a")}, headers=headers)  # type: ignore[arg-type] # as above
    for request in (link, upload):
        answer = await client.send(request)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert await _count(engine) == 0
    assert _stored(settings) == []


async def test_a_repeated_upload_leaves_no_second_file(
    client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings
) -> None:
    """[R1] Same file, name and options: the first job; another of them: refused. One file stays."""

    async def send(name: str, content: bytes, options: bytes) -> httpx.Response:
        form = [("file", (name, content)), ("options", (None, options))]
        return await client.post(UPLOAD, files=form, headers={"Idempotency-Key": "up"})

    first = await send("a.wav", b"sound", b"{}")
    again = await send("a.wav", b"sound", b"{}")
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    for other in (
        await send("a.wav", b"noise", b"{}"),
        await send("b.wav", b"sound", b"{}"),
        await send("a.wav", b"sound", b'{"start_s": 1}'),
    ):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await _count(engine) == 1
    (path,) = _stored(settings)
    assert first.json()["job_id"] in str(path)


async def test_repeats_that_race_make_one_job(
    client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings
) -> None:
    """[R1] Ten uploads with one key, sent at once: one job, one file, one that is no replay."""

    async def send() -> httpx.Response:
        return await client.post(
            UPLOAD, files={"file": ("a.wav", b"sound")}, headers={"Idempotency-Key": "race"}
        )

    answers = await asyncio.gather(*(send() for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await _count(engine) == 1
    assert len(_stored(settings)) == 1


async def test_the_verbs_are_described(client: httpx.AsyncClient) -> None:
    """[R4] OpenAPI names their answers, and the headers that carry keys, replays and pages."""
    document = (await client.get("/api/openapi/openapi.json")).json()
    paths = document["paths"]
    cancel = paths["/api/v1/jobs/{job_id}/cancel"]["post"]["responses"]
    delete = paths["/api/v1/jobs/{job_id}"]["delete"]["responses"]
    assert {"202", "404", "409"} <= set(cancel)
    assert {"204", "404"} <= set(delete)
    assert "Link" in paths["/api/v1/jobs"]["get"]["responses"]["200"]["headers"]
    for path in (LINK, UPLOAD):
        submission = paths[path]["post"]
        assert "Idempotency-Key" in [parameter["name"] for parameter in submission["parameters"]]
        assert "Idempotency-Replayed" in submission["responses"]["201"]["headers"]
