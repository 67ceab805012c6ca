"""Submit, list, cancel, retry, delete, fetch; what a refusal says; what describes it all."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from conformance.client import Client
from conformance.jobs import JobMaker
from conformance.life import Life
from conformance.scripts import Script

LINK = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
MUSICXML_TYPE = "application/vnd.recordare.musicxml+xml"


def _assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:scorewire:error:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in answer.text
    return problem


async def test_an_upload_is_accepted(client: Client, life: Life) -> None:
    """[R1] 201 tells the job and where it can be watched, at the host that was asked."""
    told = life.accepted
    host = client.http.base_url.netloc.decode()
    scheme = "wss" if client.http.base_url.scheme == "https" else "ws"
    assert told["websocket_url"] == f"{scheme}://{host}/api/v1/jobs/{life.job_id}/stream"
    assert told["events_url"].endswith(f"/api/v1/jobs/{life.job_id}/events")
    assert told["status"] in {"queued", "processing"}
    assert told["created_at"] == life.final["created_at"]


async def test_a_link_is_accepted(client: Client) -> None:
    """[R1] `youtube_url` and options make a job, which need not come to anything."""
    body = {"youtube_url": LINK, "options": {"end_s": 1.0, "title": Script.WAITS.title}}
    answer = await client.post("/api/v1/transcribe", json=body)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert {"job_id", "status", "created_at", "websocket_url", "events_url"} <= told.keys()
    assert (await client.job(told["job_id"]))["job_id"] == told["job_id"]
    assert (await client.request("DELETE", f"/api/v1/jobs/{told['job_id']}")).status_code == 204


async def test_a_repeat_returns_the_first_job(client: Client, jobs: JobMaker) -> None:
    """[R1] The same request with the same `Idempotency-Key` makes no second job."""
    key = {"Idempotency-Key": str(uuid4())}
    first, second = await jobs.submit(Script.FAILS, **key), await jobs.submit(Script.FAILS, **key)
    assert first.json()["job_id"] == second.json()["job_id"]
    other = await client.post("/api/v1/transcribe", json={"youtube_url": LINK}, headers=key)
    _assert_problem(other, 422, "idempotency_key_reused")


async def test_the_score_is_served(client: Client, life: Life) -> None:
    """[R2] MusicXML under its media type, and MIDI."""
    score = await client.get(f"/api/v1/scores/{life.job_id}")
    assert score.status_code == 200
    assert score.headers["content-type"].split(";")[0] == MUSICXML_TYPE
    assert b"<score-partwise" in score.content
    midi = await client.get(f"/api/v1/scores/{life.job_id}/midi")
    assert (midi.status_code, midi.content[:4]) == (200, b"MThd")


async def test_a_job_without_score_has_none(client: Client, working: str) -> None:
    """[R2] [R3] 409 while there is no score, and 404 for no job."""
    for ending in ("", "/midi"):
        _assert_problem(await client.get(f"/api/v1/scores/{working}{ending}"), 409, "conflict")
        missing = await client.get(f"/api/v1/scores/{uuid4()}{ending}")
        _assert_problem(missing, 404, "not_found")


async def test_retry_is_for_failed_jobs(client: Client, jobs: JobMaker, working: str) -> None:
    """[R2] 202 and the next attempt for a failed job; 409 for another, 404 for none."""
    _assert_problem(await jobs.retry(working), 409, "conflict")
    _assert_problem(await jobs.retry(str(uuid4())), 404, "not_found")
    await jobs.cancel(working)
    answer = await jobs.retry(working)
    assert (answer.status_code, answer.json()["job_id"]) == (202, working)
    assert (await client.job(working))["attempt"] == 2


async def test_cancel_is_for_jobs_that_run(jobs: JobMaker, working: str) -> None:
    """[R2] 202 once; 409 for a job that has ended, 404 for none."""
    assert (await jobs.cancel(working)).status_code == 202
    _assert_problem(await jobs.cancel(working), 409, "conflict")
    _assert_problem(await jobs.cancel(str(uuid4())), 404, "not_found")


async def test_jobs_are_listed_newest_first(client: Client, jobs: JobMaker) -> None:
    """[R2] Page by page, each job once, also by status."""
    made = [await jobs.ended(Script.FAILS) for _ in range(3)]
    listed: list[dict[str, Any]] = []
    cursor: str | None = None
    while not set(made) <= {job["job_id"] for job in listed}:
        query = {"limit": 2, "status": "failed", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/api/v1/jobs", params=query)).raise_for_status().json()
        assert len(page["jobs"]) <= 2
        listed += page["jobs"]
        cursor = page["next_cursor"]
        assert cursor is not None or set(made) <= {job["job_id"] for job in listed}
    ids = [job["job_id"] for job in listed]
    assert len(ids) == len(set(ids))
    assert [job_id for job_id in ids if job_id in made] == made[::-1]
    assert {job["status"] for job in listed} == {"failed"}
    times = [job["created_at"] for job in listed]
    assert times == sorted(times, reverse=True)


async def test_a_deleted_job_is_gone(client: Client, jobs: JobMaker) -> None:
    """[R2] 204, then 404 on every address; who watches is sent away with 4404."""
    job_id = await jobs.working()
    async with client.watch(job_id) as stream:
        await stream.next()
        assert (await client.request("DELETE", f"/api/v1/jobs/{job_id}")).status_code == 204
        _, code = await stream.rest()
    assert code in {4404, 1000}, "1000 where the stream was quick to tell that it was cancelled"
    for path in (f"/api/v1/jobs/{job_id}", f"/api/v1/scores/{job_id}"):
        _assert_problem(await client.get(path), 404, "not_found")
    gone = await client.request("DELETE", f"/api/v1/jobs/{job_id}")
    _assert_problem(gone, 404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "youtube_url"),
        ({"youtube_url": 7}, "youtube_url"),
        ({"youtube_url": LINK, "options": {"start_s": -1}}, "options.start_s"),
        ({"youtube_url": LINK, "options": {"tempo": 120}}, "options.tempo"),
        ({"youtube_url": LINK, "priority": 1}, "priority"),
    ],
)
async def test_a_bad_field_is_named(client: Client, body: dict[str, Any], field: str) -> None:
    """[R3] 400 names the field at fault."""
    problem = _assert_problem(
        await client.post("/api/v1/transcribe", json=body), 400, "invalid_request"
    )
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_bad_upload_is_named(client: Client) -> None:
    """[R3] A form without a file, or with options that are none, names the field too."""
    for files, data, field in (
        ({"options": (None, "{}")}, None, "file"),
        ({"file": ("a.wav", b"RIFF")}, {"options": json.dumps({"end_s": 0})}, "options.end_s"),
    ):
        answer = await client.post("/api/v1/transcribe/upload", files=files, data=data)
        problem = _assert_problem(answer, 400, "invalid_request")
        assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize(
    "path", ["/api/v1/jobs/none", "/api/v1/jobs?limit=x", "/api/v1/jobs?cursor=x"]
)
async def test_a_bad_address_is_a_problem(client: Client, path: str) -> None:
    """[R3] So is an address with an id or a parameter that is none."""
    problem = _assert_problem(await client.get(path), 400, "invalid_request")
    assert len(problem["errors"]) == 1


async def test_nothing_there_is_a_problem(client: Client) -> None:
    """[R3] An unknown address is 404, a wrong method 405 with `Allow`, and no trace leaves."""
    _assert_problem(await client.get("/api/v1/nothing"), 404, "not_found")
    refused = await client.request("PUT", "/api/v1/transcribe")
    _assert_problem(refused, 405, "invalid_request")
    assert "POST" in refused.headers["allow"]


async def test_openapi_describes_the_api(client: Client) -> None:
    """[R4] Every address of the contract with its methods, and the shape of refusals."""
    document = (await client.get("/api/openapi/openapi.json")).raise_for_status().json()
    assert document["openapi"].startswith("3.1")
    paths = {path: set(methods) for path, methods in document["paths"].items()}
    expected = {
        "/api/v1/transcribe": {"post"},
        "/api/v1/transcribe/upload": {"post"},
        "/api/v1/jobs": {"get"},
        "/api/v1/jobs/{job_id}": {"get", "delete"},
        "/api/v1/jobs/{job_id}/events": {"get"},
        "/api/v1/jobs/{job_id}/retry": {"post"},
        "/api/v1/jobs/{job_id}/cancel": {"post"},
        "/api/v1/scores/{job_id}": {"get"},
        "/api/v1/scores/{job_id}/midi": {"get"},
    }
    assert {
        path: paths.get(path, set()) & methods for path, methods in expected.items()
    } == expected
    for path in expected:
        for operation in document["paths"][path].values():
            kinds = [answer.get("content", {}) for answer in operation["responses"].values()]
            assert any("application/problem+json" in kind for kind in kinds), path


async def test_the_api_can_be_browsed(client: Client) -> None:
    """[R4] A page for people that loads nothing from another host."""
    page = await client.get("/api/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert 'src="http' not in page.text
    assert 'href="http' not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
