"""Submitting, polling and retrying over real HTTP."""

import shutil
from pathlib import Path
from uuid import UUID, uuid4

import httpx
from serving import Serve
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.jobs.source import LinkSource
from scorewire.jobs.stages import Stage
from scorewire.store.events import append_completed, append_progress
from scorewire.store.jobs import get_job, get_request, open_attempt

URL = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


async def test_a_submission_is_kept_and_answered(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    """[R1] 201 with the job, and the addresses at the host that the client spoke to."""
    body = {"youtube_url": URL, "options": {"title": "Song", "recording": "solo"}}
    answer = await client.post(
        "/api/v1/transcribe", json=body, headers={"Host": "music.localhost:7000"}
    )
    assert answer.status_code == 201
    told = answer.json()
    job_id = UUID(told["job_id"])
    assert told["websocket_url"] == f"ws://music.localhost:7000/api/v1/jobs/{job_id}/stream"
    assert told["status_url"] == f"/api/v1/jobs/{job_id}"
    assert told["events_url"] == f"/api/v1/jobs/{job_id}/events"
    assert told["created_at"].endswith("Z")
    request = await get_request(engine, job_id)
    assert (request.source, request.title) == (LinkSource(url=URL), "Song")
    assert request.options.recording == "solo"


async def test_prefect_out_of_reach_fails_the_job_retryably(
    client: httpx.AsyncClient, job_id: UUID
) -> None:
    """[J4] [R1] The job is there, failed and retryable: what was sent is not lost."""
    job = (await client.get(f"/api/v1/jobs/{job_id}")).json()
    assert job["status"] == "failed"
    assert (job["error"]["code"], job["error"]["retryable"]) == ("service_unavailable", True)


async def test_polling_shows_the_whole_job(
    client: httpx.AsyncClient, engine: AsyncEngine, job_id: UUID
) -> None:
    """[P1] All fields of the contract, as new as the event that was just written."""
    await open_attempt(engine, job_id)
    await append_progress(engine, job_id, progress=30, stage=Stage.SEPARATION, message="third")
    job = (await client.get(f"/api/v1/jobs/{job_id}")).json()
    assert job.pop("created_at").endswith("Z")
    assert job.pop("started_at").endswith("Z")
    assert job == {
        "job_id": str(job_id),
        "status": "processing",
        "progress": 30,
        "stage": "separation",
        "message": "third",
        "attempt": 2,
        "completed_at": None,
        "failed_at": None,
        "duration_seconds": None,
        "result_url": None,
        "error": None,
        "last_event_id": 3,
        "flow_run_id": None,
        "title": "Étude: No. 1",
    }
    await append_completed(engine, job_id, result={"musicxml": "key"})
    job = (await client.get(f"/api/v1/jobs/{job_id}")).json()
    assert (job["status"], job["progress"], job["last_event_id"]) == ("completed", 100, 4)
    assert job["result_url"] == f"/api/v1/scores/{job_id}"


async def test_an_unchanged_job_is_not_sent_again(
    client: httpx.AsyncClient, engine: AsyncEngine, job_id: UUID
) -> None:
    """[P1] `If-None-Match` answers 304 until the next event, and then in full."""
    url = f"/api/v1/jobs/{job_id}"
    etag = (await client.get(url)).headers["etag"]
    for condition in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        unchanged = await client.get(url, headers={"If-None-Match": condition})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == etag
    await open_attempt(engine, job_id)
    changed = await client.get(url, headers={"If-None-Match": etag})
    assert (changed.status_code, changed.json()["attempt"]) == (200, 2)
    assert changed.headers["etag"] != etag


async def test_retry_opens_an_attempt(
    client: httpx.AsyncClient, engine: AsyncEngine, job_id: UUID
) -> None:
    """[R2] [J3] 202 for a failed job, 409 for any other, 404 for none."""
    answer = await client.post(f"/api/v1/jobs/{job_id}/retry")
    assert (answer.status_code, answer.json()["job_id"]) == (202, str(job_id))
    job = await get_job(engine, job_id)
    assert job is not None
    assert job.attempt == 2
    await open_attempt(engine, job_id)
    refused = await client.post(f"/api/v1/jobs/{job_id}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    unknown = await client.post(f"/api/v1/jobs/{uuid4()}/retry")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_health(client: httpx.AsyncClient) -> None:
    """Alive at once; ready only with everything there, and saying what is not."""
    assert (await client.get("/health/live")).json() == {"status": "ok"}
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    told = {"ready": False, "database": True, "listener": True, "prefect": False}
    assert answer.json() == told | {"storage": True, "worker": False}
    # What is there can be shown without Prefect.
    assert (await client.get("/health/serving")).status_code == 200


async def test_openapi_describes_every_route(client: httpx.AsyncClient) -> None:
    """[R4] All addresses are there, with the upload's form and the shape of errors."""
    document = (await client.get("/api/openapi/openapi.json")).json()
    paths = document["paths"]
    assert set(paths) == {
        "/api/v1/transcribe",
        "/api/v1/transcribe/upload",
        "/api/v1/jobs",
        "/api/v1/jobs/{job_id}",
        "/api/v1/jobs/{job_id}/cancel",
        "/api/v1/jobs/{job_id}/events",
        "/api/v1/jobs/{job_id}/retry",
        "/api/v1/scores/{job_id}",
        "/api/v1/scores/{job_id}/midi",
        "/health/live",
        "/health/ready",
        "/health/serving",
        "/api/v1/schema/messages.json",
        "/api/asyncapi/asyncapi.json",
        "/api/v1/jobs/{job_id}/estimate",
        "/api/v1/jobs/{job_id}/recording",
        "/api/v1/jobs/{job_id}/revise",
        "/api/v1/scores/{job_id}/pages",
        "/api/v1/scores/{job_id}/pdf",
        "/api/v1/scores/{job_id}/playback",
        "/api/v1/scores/{job_id}/stems",
        "/api/v1/scores/{job_id}/stems/{name}",
        "/api/v1/server",
    }
    upload = paths["/api/v1/transcribe/upload"]["post"]
    form = upload["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {"file", "options"}
    assert "application/problem+json" in upload["responses"]["413"]["content"]


async def test_a_storage_that_cannot_be_written_is_told(serve: Serve, tmp_path: Path) -> None:
    """Not ready, and saying which part it is."""
    client = await serve(storage_url=(tmp_path / "stored").as_uri())
    assert (await client.get("/health/ready")).json()["storage"]
    shutil.rmtree(tmp_path / "stored")
    (tmp_path / "stored").write_text("a file where the folder was")
    assert not (await client.get("/health/ready")).json()["storage"]
