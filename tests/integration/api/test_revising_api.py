"""Rename, revise, estimate, and what a server says of itself, over real HTTP."""

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest
from serving import Serve
from sqlalchemy.ext.asyncio import AsyncEngine
from stored_scores import store_score
from tokens import SECRET, token

from scorewire.blobs import open_blobs
from scorewire.jobs.stages import Stage
from scorewire.settings import Settings
from scorewire.store.events import append_completed, append_progress, events_after
from scorewire.store.jobs import get_request, open_attempt


@pytest.fixture
async def finished(engine: AsyncEngine, settings: Settings, job_id: UUID) -> UUID:
    """A job with a real score."""
    blobs = open_blobs(settings.storage_url, settings.data_dir)
    result = await asyncio.to_thread(store_score, blobs, separated=False)
    await open_attempt(engine, job_id)
    await append_completed(engine, job_id, result=result)
    return job_id


async def test_a_new_name(client: httpx.AsyncClient, engine: AsyncEngine, finished: UUID) -> None:
    """[R2] [P1] The job shows it at once, under another ETag; no event tells of it."""
    before = await client.get(f"/api/v1/jobs/{finished}")
    answer = await client.patch(f"/api/v1/jobs/{finished}", json={"title": "Menuet in G"})
    assert answer.status_code == 200
    polled = await client.get(f"/api/v1/jobs/{finished}")
    assert polled.json() == answer.json() == {**before.json(), "title": "Menuet in G"}
    assert polled.headers["etag"] != before.headers["etag"]
    assert (await get_request(engine, finished)).title == "Menuet in G"
    assert "PATCH" in (await client.options(f"/api/v1/jobs/{finished}")).headers["allow"]


@pytest.mark.parametrize("title", ["", "x" * 201, "a\x00b", None, 5])
async def test_a_name_that_is_none(
    client: httpx.AsyncClient, finished: UUID, title: object
) -> None:
    """[R3] 400 that names the field, for a rename as for a revision."""
    for answer in (
        await client.patch(f"/api/v1/jobs/{finished}", json={"title": title}),
        await client.post(f"/api/v1/jobs/{finished}/revise", json={"title": title}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert answer.json()["errors"][0]["field"] == "title"


async def test_a_revision_opens_the_next_attempt(
    client: httpx.AsyncClient, engine: AsyncEngine, finished: UUID
) -> None:
    """[J3] [R2] 202, an event, and the options changed; the score stays where it was."""
    score = (await client.get(f"/api/v1/scores/{finished}")).content
    known = len(await events_after(engine, finished, 0))
    asked = {"tempo_bpm": 96, "metre": "6/8", "key": "Eb major", "instrument_names": ["", "Cello"]}
    asked |= {"chord_symbols": True, "swing": False}
    answer = await client.post(f"/api/v1/jobs/{finished}/revise", json={**asked, "title": "New"})
    assert (answer.status_code, answer.json()["job_id"]) == (202, str(finished))
    opened = (await events_after(engine, finished, known))[0]
    assert '"Queued for attempt 3"' in opened.frame
    request = await get_request(engine, finished)
    notation = request.options.notation
    assert (notation.tempo_bpm, notation.time_signature, notation.key) == (96, "6/8", "Eb major")
    assert (notation.instrument_names, request.title) == (("", "Cello"), "New")
    assert (notation.chord_symbols, notation.swing) == (True, False)
    job = (await client.get(f"/api/v1/jobs/{finished}")).json()
    # Nobody can be reached who would write it: the revision failed, and the score is there.
    assert (job["status"], job["attempt"], job["completed_at"]) == ("failed", 3, None)
    assert job["error"]["retryable"]
    assert job["result_url"] == f"/api/v1/scores/{finished}"
    assert (await client.get(job["result_url"])).content == score


async def test_what_is_left_out_stays(
    client: httpx.AsyncClient, engine: AsyncEngine, finished: UUID
) -> None:
    """[R2] Each revision changes what it names; null has a thing estimated again."""
    for body in ({"key": "A minor", "tempo_bpm": 80}, {"metre": "3/4"}, {"tempo_bpm": None}, {}):
        answer = await client.post(f"/api/v1/jobs/{finished}/revise", json=body)
        assert answer.status_code == 202
    request = await get_request(engine, finished)
    notation = request.options.notation
    assert (notation.key, notation.time_signature, notation.tempo_bpm) == ("A minor", "3/4", None)
    assert request.title == "Étude: No. 1"


@pytest.mark.parametrize("first", [{"swing": True}, {"metre": "6/8"}, {}])
async def test_swing_and_a_metre_of_eighths_do_not_meet(
    client: httpx.AsyncClient, engine: AsyncEngine, finished: UUID, first: dict
) -> None:
    """[R3] Neither in one revision nor over two; once one is taken back, the other is free."""
    both = {"swing": True, "metre": "6/8"}
    revise = f"/api/v1/jobs/{finished}/revise"
    assert (await client.post(revise, json=first)).status_code == 202
    known = len(await events_after(engine, finished, 0))
    rest = {name: value for name, value in both.items() if name not in first}
    answer = await client.post(revise, json=rest)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "swing"
    assert "not in 6/8" in answer.json()["detail"]
    assert len(await events_after(engine, finished, 0)) == known
    for name in first:
        assert (await client.post(revise, json={**rest, name: None})).status_code == 202


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"swing": 1}, "swing"),
        ({"tempo_bpm": 5}, "tempo_bpm"),
        ({"metre": "5/17"}, "metre"),
        ({"key": "H major"}, "key"),
        ({"instrument_names": ["x" * 61]}, "instrument_names[0]"),
        ({"instrument_names": ["x"] * 8}, "instrument_names"),
        ({"time_signature": "3/4"}, "time_signature"),
    ],
)
async def test_a_revision_that_cannot_be(
    client: httpx.AsyncClient, engine: AsyncEngine, finished: UUID, body: dict, field: str
) -> None:
    """[R3] 400 that names the field; nothing is opened."""
    known = len(await events_after(engine, finished, 0))
    answer = await client.post(f"/api/v1/jobs/{finished}/revise", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == field
    assert len(await events_after(engine, finished, 0)) == known


async def test_only_what_has_a_score_is_revised(
    client: httpx.AsyncClient, engine: AsyncEngine, job_id: UUID
) -> None:
    """[J3] [R3] A job that failed without a score and one at work are 409; none at all is 404."""
    failed = await client.post(f"/api/v1/jobs/{job_id}/revise", json={})
    await open_attempt(engine, job_id)
    queued = await client.post(f"/api/v1/jobs/{job_id}/revise", json={})
    assert [answer.status_code for answer in (failed, queued)] == [409, 409]
    assert ("failed" in failed.text, "queued" in queued.text) == (True, True)
    for method in ("post", "patch"):
        path = f"/api/v1/jobs/{uuid4()}" + ("/revise" if method == "post" else "")
        answer = await client.request(method, path, json={"title": "x"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_an_estimate(client: httpx.AsyncClient, engine: AsyncEngine, job_id: UUID) -> None:
    """[R2] Nulls where nothing is known; the time worked while a job runs; never cached."""
    address = f"/api/v1/jobs/{job_id}/estimate"
    await open_attempt(engine, job_id)
    assert (await client.get(address)).json() == {"remaining_s": None, "elapsed_s": None}
    await append_progress(engine, job_id, progress=30, stage=Stage.SEPARATION, message="third")
    answer = await client.get(address)
    assert answer.json()["elapsed_s"] >= 0
    assert answer.headers["cache-control"] == "no-store"
    assert (await client.get(f"/api/v1/jobs/{uuid4()}/estimate")).status_code == 404


async def test_what_a_server_takes(serve: Serve, settings: Settings) -> None:
    """[A1] [A2] Anyone is told, with a token or without, and whether one is needed."""
    open_server, closed = await serve(), await serve(jwt_secret=SECRET)
    told = (await open_server.get("/api/v1/server")).json()
    assert told["max_upload_bytes"] == settings.max_upload_bytes
    assert told["max_duration_s"] == settings.max_duration_s
    assert told["url_hosts"] == list(settings.url_hosts)
    answer = await closed.get("/api/v1/server")
    assert answer.status_code == 200
    assert answer.json() == {**told, "token_required": True}
    assert told["token_required"] is False


async def test_strangers_find_nothing(serve: Serve) -> None:
    """[A3] To anyone but its owner a job has no pages, sound, estimate or name."""
    client = await serve(jwt_secret=SECRET)
    ada, bob = ({"Authorization": f"Bearer {token(who)}"} for who in ("ada", "bob"))
    body = {"youtube_url": "https://youtu.be/dQw4w9WgXcQ"}
    made = (await client.post("/api/v1/transcribe", json=body, headers=ada)).json()["job_id"]
    reads = ["jobs/{}/recording", "jobs/{}/estimate", "scores/{}/pages", "scores/{}/playback"]
    reads += ["scores/{}/pdf", "scores/{}/stems", "scores/{}/stems/piano"]
    for path in reads:
        address = f"/api/v1/{path.format(made)}"
        assert (await client.get(address, headers=bob)).status_code == 404
        assert (await client.get(address)).status_code == 401
        assert (await client.get(address, headers=ada)).status_code in {200, 409}
    revise, rename = f"/api/v1/jobs/{made}/revise", f"/api/v1/jobs/{made}"
    assert (await client.post(revise, json={}, headers=bob)).status_code == 404
    assert (await client.patch(rename, json={"title": "x"}, headers=bob)).status_code == 404
    assert (await client.patch(rename, json={"title": "x"}, headers=ada)).status_code == 200
