"""Who may: open servers, tokens, owners."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from conformance.client import Client
from conformance.deployment import SUBJECT, Deployment, signed
from conformance.jobs import JobMaker
from conformance.scripts import Script

NO_TOKEN: str | None = None
ELSEWHERE = "another secret of thirty-two bytes or more"


@pytest.fixture
async def owner(guarded: Deployment) -> AsyncIterator[Client]:
    """The suite, on a deployment that asks for tokens."""
    async with Client(guarded, guarded.token) as client:
        yield client


@pytest.fixture
async def owners_job(owner: Client) -> AsyncIterator[str]:
    """A job of the suite's, at work on a deployment that asks for tokens."""
    maker = JobMaker(owner)
    yield await maker.working()
    await maker.remove_all()


@pytest.fixture
def secret(guarded: Deployment) -> str:
    """What signs tokens."""
    if guarded.secret is None:
        pytest.skip("the suite was not given the secret that signs tokens")
    return guarded.secret


async def _code(client: Client, job_id: str, query: str = "", **options: Any) -> int | None:
    async with client.watch(job_id, query, **options) as stream:
        return (await stream.rest())[1]


async def test_an_open_deployment_asks_for_no_token(client: Client, jobs: JobMaker) -> None:
    """[A1] Without a secret everyone may submit, watch and list."""
    if client.deployment.guarded:
        pytest.skip("the deployment asks for tokens")
    job_id = await jobs.make(Script.FAILS)
    assert "authorization" not in client.http.headers
    async with client.watch(job_id) as stream:
        assert (await stream.rest())[1] == 1000
    listed = (await client.get("/api/v1/jobs")).raise_for_status().json()["jobs"]
    assert job_id in {job["job_id"] for job in listed}


async def test_without_a_token_nothing_is_told(
    guarded: Deployment, owner: Client, owners_job: str
) -> None:
    """[A2] 401 with `WWW-Authenticate` on REST and SSE, 4401 on the WebSocket."""
    async with Client(guarded, NO_TOKEN) as nobody:
        for method, path in _verbs(owners_job):
            answer = await nobody.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated"), path
            assert answer.headers["www-authenticate"].startswith("Bearer")
        body = {"youtube_url": "https://youtu.be/dQw4w9WgXcQ"}
        assert (await nobody.post("/api/v1/transcribe", json=body)).status_code == 401
        assert await _code(nobody, owners_job) == 4401
    assert await _untouched(owner, owners_job)


async def test_a_token_may_come_by_header_query_or_subprotocol(
    guarded: Deployment, owners_job: str
) -> None:
    """[A2] The WebSocket takes all three, SSE the first two."""
    token = guarded.token
    async with Client(guarded, NO_TOKEN) as client:
        for query, options in (
            ("", {"headers": {"Authorization": f"Bearer {token}"}}),
            (f"?token={token}", {}),
            ("", {"subprotocols": ["scorewire.v1", f"bearer.{token}"]}),
        ):
            async with client.watch(owners_job, query, **options) as stream:
                assert (await stream.next())["job_id"] == owners_job
                chosen = stream.socket.subprotocol
                assert chosen == ("scorewire.v1" if "subprotocols" in options else None)
        async with client.events(owners_job, f"?token={token}") as source:
            assert source.response.status_code == 200
        refused = await client.get(f"/api/v1/jobs/{owners_job}?token={token}")
        assert refused.status_code == 401, "REST takes no token in the address"


async def test_tokens_that_do_not_count(guarded: Deployment, secret: str, owners_job: str) -> None:
    """[A2] Another secret, another algorithm, none at all, no end, an end gone by, no owner."""
    refused = {
        "no token": "nonsense",
        "another secret": signed(ELSEWHERE, sub=SUBJECT),
        "another algorithm": signed(secret * 2, sub=SUBJECT, algorithm="HS512"),
        "the right secret, another algorithm": signed(secret, sub=SUBJECT, algorithm="HS384"),
        "no algorithm": signed("", sub=SUBJECT, algorithm="none"),
        "no end": signed(secret, sub=SUBJECT, exp=None),
        "an end gone by": signed(secret, sub=SUBJECT, life_s=-60),
        "no owner": signed(secret, sub=None),
    }
    for why, token in refused.items():
        async with Client(guarded, NO_TOKEN) as client:
            client.http.headers["Authorization"] = f"Bearer {token}"
            answer = await client.http.get(f"/api/v1/jobs/{owners_job}")
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated"), why
    async with Client(guarded, NO_TOKEN) as client:
        assert await _code(client, owners_job, f"?token={refused['another secret']}") == 4401
        assert await _code(client, owners_job, f"?token={refused['an end gone by']}") == 4401


async def test_a_stream_ends_with_its_token(
    guarded: Deployment, secret: str, owners_job: str
) -> None:
    """[A2] A stream is closed with 4401 when the token that opened it expires, and not before."""
    life_s = 2
    token = signed(secret, sub=SUBJECT, life_s=life_s)
    loop = asyncio.get_running_loop()
    async with Client(guarded, NO_TOKEN) as client:
        opened_s = loop.time()
        async with asyncio.timeout(life_s + 20):
            assert await _code(client, owners_job, f"?token={token}") == 4401
    assert loop.time() - opened_s > life_s - 1.5


@pytest.mark.usefixtures("own")
async def test_tokens_reach_no_log(
    guarded: Deployment, owners_job: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """[A2] Neither one that counts nor one that does not, however it came."""
    tokens = [guarded.token or "", signed(ELSEWHERE, sub=SUBJECT)]
    async with Client(guarded, NO_TOKEN) as client:
        for token in tokens:
            headers = {"Authorization": f"Bearer {token}"}
            await client.http.get(f"/api/v1/jobs/{owners_job}", headers=headers)
            await client.http.get(f"/api/v1/jobs/{owners_job}?token={token}")
            async with client.watch(owners_job, f"?token={token}"):
                pass
            async with client.watch(owners_job, subprotocols=[f"bearer.{token}"]):
                pass
    written = "".join(capfd.readouterr())
    assert not [token for token in tokens if token.rpartition(".")[2] in written]


async def test_a_job_is_its_owners(guarded: Deployment, owner: Client, owners_job: str) -> None:
    """[A3] To another `sub` a job answers on every address as one that does not exist."""
    if guarded.stranger_token is None:
        pytest.skip("the suite was given no token of another sub")
    missing = str(uuid4())
    async with Client(guarded, guarded.stranger_token) as stranger:
        for method, path in _verbs(owners_job):
            if path == "/api/v1/jobs":
                continue
            answer = await stranger.request(method, path)
            unknown = await stranger.request(method, path.replace(owners_job, missing))
            assert (answer.status_code, answer.content) == (404, unknown.content), path
            assert unknown.status_code == 404
        for query in ("", "?after=0"):
            assert await _code(stranger, owners_job, query) == 4404
        listed = (await stranger.get("/api/v1/jobs")).raise_for_status().json()["jobs"]
        assert owners_job not in {job["job_id"] for job in listed}
    assert await _untouched(owner, owners_job)
    listed = (await owner.get("/api/v1/jobs")).raise_for_status().json()["jobs"]
    assert owners_job in {job["job_id"] for job in listed}


async def test_an_idempotency_key_is_its_owners(guarded: Deployment, owner: Client) -> None:
    """[A3] The same key of another `sub` makes another job, and tells nothing of the first."""
    if guarded.stranger_token is None:
        pytest.skip("the suite was given no token of another sub")
    key = {"Idempotency-Key": str(uuid4())}
    async with Client(guarded, guarded.stranger_token) as stranger:
        makers = [JobMaker(owner), JobMaker(stranger)]
        made = [(await maker.submit(Script.FAILS, **key)).json()["job_id"] for maker in makers]
        assert made[0] != made[1]
        for maker in makers:
            await maker.remove_all()


async def _untouched(owner: Client, job_id: str) -> bool:
    """Neither deleted, nor cancelled, nor retried; where limits took long it may have completed."""
    job = await owner.job(job_id)
    return job["status"] in {"processing", "completed"} and job["attempt"] == 1


def _verbs(job_id: str) -> list[tuple[str, str]]:
    return [
        ("GET", "/api/v1/jobs"),
        ("GET", f"/api/v1/jobs/{job_id}"),
        ("GET", f"/api/v1/jobs/{job_id}/events"),
        ("GET", f"/api/v1/scores/{job_id}"),
        ("GET", f"/api/v1/scores/{job_id}/midi"),
        ("POST", f"/api/v1/jobs/{job_id}/retry"),
        ("POST", f"/api/v1/jobs/{job_id}/cancel"),
        ("DELETE", f"/api/v1/jobs/{job_id}"),
    ]
