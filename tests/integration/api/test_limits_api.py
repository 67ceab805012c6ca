"""Submissions that come too often, over real HTTP."""

import asyncio
from pathlib import Path
from time import time

import httpx
import jwt
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.cli.client import Client
from scorewire.cli.submission import submit
from scorewire.errors import TooManyRequestsError
from scorewire.http.limits import Limits
from scorewire.jobs.job import JobStatus
from scorewire.jobs.options import Options
from scorewire.metrics import Metrics
from scorewire.settings import Settings
from scorewire.store.engine import fetch
from scorewire.store.tables import JobRow

BODY = {"youtube_url": "https://youtu.be/dQw4w9WgXcQ"}
SECRET = "a secret of these tests, as long as it must be"  # noqa: S105 - guards nothing but them


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """Two submissions a minute, and what else the test asks for."""
    changes = {"submissions_per_minute": 2, **getattr(request, "param", {})}
    return settings.model_copy(update=changes)


async def statuses(client: httpx.AsyncClient, times: int, **headers: str) -> list[int]:
    """What so many submissions at once are answered, in order of their status."""
    posts = [client.post("/api/v1/transcribe", json=BODY, headers=headers) for _ in range(times)]
    return sorted([answer.status_code for answer in await asyncio.gather(*posts)])


async def use_up(engine: AsyncEngine) -> None:
    """Submit as often as this machine may, as another process counts it."""
    limits = Limits(
        engine,
        connections_per_minute=0,
        submissions_per_minute=2,
        max_streams=1,
        max_streams_per_address=1,
        refusals=Metrics("test").over_limit,
    )
    for _ in range(2):
        await limits.admit_submission("address:127.0.0.1")


async def test_one_submission_too_many_is_refused(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    """[W7] [R3] Links, uploads and retries count together; the next is 429, and makes no job."""
    submitted = await client.post("/api/v1/transcribe", json=BODY)
    assert submitted.status_code == 201
    status_url = submitted.json()["status_url"]
    assert (await client.post(f"{status_url}/retry")).status_code == 202
    refusals = [
        await client.post("/api/v1/transcribe", json=BODY),
        await client.post("/api/v1/transcribe/upload", files={"file": ("a.wav", b"RIFF")}),
        await client.post(f"{status_url}/retry"),
    ]
    for refused in refusals:
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert 50 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["retryable"] is True
        assert refused.headers["content-type"] == "application/problem+json"
    rows = await fetch(engine, select(func.count(JobRow.id).label("jobs")))
    assert rows[0]["jobs"] == 1
    # Looking is no submission.
    assert (await client.get(status_url)).status_code == 200


async def test_a_refusal_does_not_wait_for_the_body(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    """[W7] A refused upload is answered when none of its bytes has been sent yet."""
    await use_up(engine)
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write(
        b"POST /api/v1/transcribe/upload HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n"
    )
    answer = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    assert answer.split()[1] == b"429"


async def test_a_refused_upload_hears_why(client: httpx.AsyncClient, engine: AsyncEngine) -> None:
    """[W7] A client that sends its whole file before it looks still gets the answer."""
    await use_up(engine)
    files = {"file": ("a.wav", bytes(2_000_000))}
    answer = await client.post("/api/v1/transcribe/upload", files=files)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")


async def test_asking_for_the_methods_is_no_submission(client: httpx.AsyncClient) -> None:
    """[W7] OPTIONS submits nothing, and takes nothing off what may be submitted."""
    asked = [await client.request("OPTIONS", "/api/v1/transcribe") for _ in range(3)]
    assert [answer.status_code for answer in asked] == [204] * 3


async def test_a_stranger_cannot_choose_an_address(client: httpx.AsyncClient) -> None:
    """[W7] Where no proxy is trusted `X-Forwarded-For` changes nothing."""
    told = [
        await statuses(client, 1, **{"X-Forwarded-For": f"203.0.113.{number}"})
        for number in range(3)
    ]
    assert told == [[201], [201], [429]]


@pytest.mark.parametrize("settings", [{"trusted_proxies": ("127.0.0.1",)}], indirect=True)
async def test_clients_behind_a_trusted_proxy_are_told_apart(client: httpx.AsyncClient) -> None:
    """[W7] Each address that the proxy tells has its own; what clients made up does not count."""
    for address in ("203.0.113.1", "203.0.113.2"):
        assert await statuses(client, 3, **{"X-Forwarded-For": address}) == [201, 201, 429]
    assert await statuses(client, 1, **{"X-Forwarded-For": "198.51.100.1, 203.0.113.2"}) == [429]


@pytest.mark.parametrize("settings", [{"jwt_secret": SecretStr(SECRET)}], indirect=True)
async def test_a_token_is_counted_by_its_subject(client: httpx.AsyncClient) -> None:
    """[W7] [A3] Two people at one address have two limits; nobody has none of either's."""
    for subject in ("ann", "bob"):
        token = jwt.encode({"sub": subject, "exp": time() + 60}, SECRET, "HS256")
        headers = {"Authorization": f"Bearer {token}"}
        assert await statuses(client, 3, **headers) == [201, 201, 429]
    assert await statuses(client, 1) == [401]


@pytest.mark.parametrize("settings", [{"submissions_per_minute": 0}], indirect=True)
async def test_zero_is_no_limit(client: httpx.AsyncClient) -> None:
    """[W7] An operator can do without."""
    assert await statuses(client, 5) == [201] * 5


async def test_every_refusal_is_documented(client: httpx.AsyncClient) -> None:
    """[R4] [W7] OpenAPI tells of 429 wherever a submission is counted."""
    paths = (await client.get("/api/openapi/openapi.json")).json()["paths"]
    counted = ("/api/v1/transcribe", "/api/v1/transcribe/upload", "/api/v1/jobs/{job_id}/retry")
    for path in counted:
        content = paths[path]["post"]["responses"]["429"]["content"]
        assert "application/problem+json" in content


async def test_the_command_waits_for_its_turn(
    client: httpx.AsyncClient,
    engine: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """[W7] A submission that comes too soon is sent again when the server said, and says so."""
    monkeypatch.setattr("scorewire.http.limits.WINDOW_S", 2.0)
    await use_up(engine)
    recording = tmp_path / "a.wav"
    recording.write_bytes(b"RIFF")
    outcome = await submit(str(recording), Options(), tmp_path, str(client.base_url))
    assert outcome.status is JobStatus.FAILED  # for there is no Prefect
    assert "The server takes no more jobs for 2 s" in capsys.readouterr().err


async def test_the_command_does_not_wait_for_ever(
    client: httpx.AsyncClient,
    engine: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """[W7] A wait that is too long for a command ends it, in the server's words."""
    monkeypatch.setattr("scorewire.cli.submission._LONGEST_WAIT_S", 10.0)
    await use_up(engine)
    recording = tmp_path / "a.wav"
    recording.write_bytes(b"RIFF")
    with pytest.raises(TooManyRequestsError, match="more than 2 jobs within a minute"):
        await submit(str(recording), Options(), tmp_path, str(client.base_url))


async def test_a_client_knows_when_to_come_again(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    """[W7] The error that a refusal becomes carries the server's time."""
    await use_up(engine)
    async with Client(str(client.base_url)) as command:
        with pytest.raises(TooManyRequestsError) as refused:
            await command.submit_link(BODY["youtube_url"], Options())
    assert 50 <= refused.value.retry_after_s <= 60
