"""Who may ask a server that has a key, over real HTTP and real sockets."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from litestar.routes import HTTPRoute, WebSocketRoute
from serving import Serve
from sqlalchemy.ext.asyncio import AsyncEngine
from tokens import EC_KEY, RSA_KEY, SECRET, jwk, token, write_keys
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.app import create_app
from scorewire.cli.client import Client
from scorewire.errors import UnauthenticatedError
from scorewire.jobs.messages import Failed
from scorewire.jobs.options import Options
from scorewire.jobs.stages import Stage
from scorewire.settings import Settings
from scorewire.store.events import append_completed, append_progress
from scorewire.store.jobs import open_attempt

LINK = {"youtube_url": "https://youtu.be/dQw4w9WgXcQ"}
OPEN_PATHS = {"/api/v1/schema/messages.json", "/api/v1/server"}
"""What under /api/v1 answers everyone: what a client has to know first, and no one's jobs."""


def bearer(subject: str, **claims: object) -> dict[str, str]:
    """The header of a person."""
    return {"Authorization": f"Bearer {token(subject, **claims)}"}  # type: ignore[arg-type]  # claims of any kind


@pytest.fixture
async def locked(serve: Serve) -> httpx.AsyncClient:
    """A client of an API with a secret."""
    return await serve(jwt_secret=SECRET, connections_per_minute=0)


@pytest.fixture
async def ada_s_job(locked: httpx.AsyncClient, engine: AsyncEngine) -> UUID:
    """A job that Ada submitted, and that is done."""
    answer = await locked.post("/api/v1/transcribe", json=LINK, headers=bearer("ada"))
    assert answer.status_code == 201
    job_id = UUID(answer.json()["job_id"])
    await open_attempt(engine, job_id)
    await append_progress(engine, job_id, progress=30, stage=Stage.SEPARATION, message="third")
    await append_completed(engine, job_id, result={"musicxml": "nowhere", "midi": "nowhere"})
    return job_id


def websocket_url(client: httpx.AsyncClient, job_id: object, query: str = "") -> str:
    """Where a job is watched."""
    return f"ws://{client.base_url.netloc.decode()}/api/v1/jobs/{job_id}/stream{query}"


async def watched(url: str, **options: object) -> tuple[list[str], int | None]:
    """All messages of a stream until its end, and the code it ended with."""
    messages: list[str] = []
    async with asyncio.timeout(20), connect(url, **options) as socket:  # type: ignore[arg-type]  # as connect takes them
        try:
            while True:
                messages.append(str(await socket.recv()))
        except ConnectionClosed:
            return messages, socket.close_code


async def test_no_route_was_forgotten(settings: Settings, serve: Serve) -> None:
    """[A2] Everything under /api/v1 asks for a token, before it looks at anything else."""
    locked = await serve(jwt_secret=SECRET, connections_per_minute=0)
    app = create_app(settings)
    asked = set()
    for route in app.routes:
        path = re.sub(r"{\w+:\w+}", "6f1c2a52-9a0e-4b8e-8a55-111111111111", route.path)
        if not path.startswith("/api/v1") or path in OPEN_PATHS:
            continue
        if isinstance(route, WebSocketRoute):
            url = f"ws://{locked.base_url.netloc.decode()}{path}"
            assert await watched(url) == ([], 4401), path
            asked.add(("WS", path))
        elif isinstance(route, HTTPRoute):
            for method in set(route.methods) - {"OPTIONS"}:
                for headers in ({}, {"Authorization": "Bearer wrong"}):
                    answer = await locked.request(method, path, headers=headers, content=b"\xff")
                    assert answer.status_code == 401, (method, path)
                    assert answer.json()["code"] == "not_authenticated"
                    assert answer.headers["www-authenticate"] == "Bearer"
                asked.add((method, path))
    assert len(asked) >= 11  # the walk found the routes that there are


@pytest.mark.parametrize(
    "path",
    ["/health/live", "/api/openapi/openapi.json", "/api/docs", "/api/v1/schema/messages.json"],
)
async def test_health_and_documents_are_open(locked: httpx.AsyncClient, path: str) -> None:
    """[A2] [R4] What says nothing of anyone's jobs needs no token."""
    assert (await locked.get(path)).status_code == 200


async def test_a_token_opens_the_door(locked: httpx.AsyncClient, ada_s_job: UUID) -> None:
    """[A2] By header everywhere; by address or subprotocol for streams."""
    assert (await locked.get(f"/api/v1/jobs/{ada_s_job}", headers=bearer("ada"))).status_code == 200
    plain = websocket_url(locked, ada_s_job)
    in_address = websocket_url(locked, ada_s_job, f"?token={token('ada')}")
    offer = f"bearer.{token('ada')}"
    for url, options in (
        (plain, {"additional_headers": bearer("ada")}),
        (in_address, {}),
        (plain, {"subprotocols": ["scorewire.v1", offer]}),
        (plain, {"subprotocols": [offer]}),
    ):
        messages, code = await watched(url, **options)
        assert (len(messages), code) == (1, 1000)
        assert '"completed"' in messages[0]
    events = f"/api/v1/jobs/{ada_s_job}/events"
    for answer in (
        await locked.get(events, headers=bearer("ada")),
        await locked.get(events, params={"token": token("ada")}),
    ):
        assert answer.status_code == 200
        assert "event: completed" in answer.text


async def test_an_address_opens_nothing_but_streams(
    locked: httpx.AsyncClient, ada_s_job: UUID
) -> None:
    """[A2] `?token=` is refused where headers can be sent: addresses are remembered and shared."""
    for path in (f"/api/v1/jobs/{ada_s_job}", f"/api/v1/scores/{ada_s_job}", "/api/v1/jobs"):
        answer = await locked.get(path, params={"token": token("ada")})
        assert answer.status_code == 401, path


async def test_the_chosen_subprotocol_is_told(locked: httpx.AsyncClient, ada_s_job: UUID) -> None:
    """[A2] A browser needs one of the subprotocols that it offered (RFC 6455, clause 4.1)."""
    offer = f"bearer.{token('ada')}"
    for offered, chosen in ((["scorewire.v1", offer], "scorewire.v1"), ([offer], offer)):
        url = websocket_url(locked, ada_s_job)
        async with connect(url, subprotocols=offered) as socket:  # type: ignore[arg-type]  # plain words
            assert socket.subprotocol == chosen


async def test_another_s_job_does_not_exist(locked: httpx.AsyncClient, ada_s_job: UUID) -> None:
    """[A3] To anyone but its owner a job is what an unknown id is, down to the last letter."""
    unknown = "6f1c2a52-9a0e-4b8e-8a55-111111111111"
    requests = [
        ("GET", "/api/v1/jobs/{}"),
        ("GET", "/api/v1/jobs/{}/events"),
        ("GET", "/api/v1/scores/{}"),
        ("GET", "/api/v1/scores/{}/midi"),
        ("GET", "/api/v1/scores/{}/midi?timing=performed"),
        ("POST", "/api/v1/jobs/{}/retry"),
        ("POST", "/api/v1/jobs/{}/cancel"),
        ("DELETE", "/api/v1/jobs/{}"),
    ]
    for method, path in requests:
        theirs = await locked.request(method, path.format(ada_s_job), headers=bearer("eve"))
        nobody_s = await locked.request(method, path.format(unknown), headers=bearer("eve"))
        assert theirs.status_code == 404, (method, path)
        assert theirs.text.replace(str(ada_s_job), "") == nobody_s.text.replace(unknown, "")
    for job_id in (ada_s_job, unknown):
        url = websocket_url(locked, job_id)
        assert await watched(url, additional_headers=bearer("eve")) == ([], 4404)
    listed = (await locked.get("/api/v1/jobs", headers=bearer("eve"))).json()
    assert listed["jobs"] == []
    mine = await locked.get(f"/api/v1/jobs/{ada_s_job}", headers=bearer("ada"))
    assert mine.json()["status"] == "completed"


async def test_a_job_of_an_open_time_is_nobody_s(
    serve: Serve, job_id: UUID, locked: httpx.AsyncClient
) -> None:
    """[A3] What was made before there was a key belongs to no token; an open server shows all."""
    answer = await locked.get(f"/api/v1/jobs/{job_id}", headers=bearer("ada"))
    assert answer.status_code == 404
    opened = await serve()
    assert (await opened.get(f"/api/v1/jobs/{job_id}")).status_code == 200


async def test_an_expiring_token_ends_its_stream(
    locked: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    """[A2] A stream lasts no longer than the token that opened it: 4401."""
    answer = await locked.post("/api/v1/transcribe", json=LINK, headers=bearer("ada"))
    job_id = UUID(answer.json()["job_id"])
    await open_attempt(engine, job_id)
    begun_s = time.monotonic()
    url = websocket_url(locked, job_id, f"?token={token('ada', lives_s=2)}")
    messages, code = await watched(url)
    assert (len(messages), code) == (1, 4401)
    assert time.monotonic() - begun_s < 5


async def test_a_refused_upload_is_answered(locked: httpx.AsyncClient) -> None:
    """[A2] Who sends a large file without a token reads the refusal, and no broken connection."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield bytes(64 * 1024)

    answer = await locked.post(
        "/api/v1/transcribe/upload",
        content=endless(),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 401


async def test_keys_are_exchanged_without_a_restart(serve: Serve, tmp_path: Path) -> None:
    """[A2] A running server takes a new key, and forgets an old one, when the file changes."""
    old, new = jwk(RSA_KEY.public_key(), kid="old"), jwk(EC_KEY.public_key(), kid="ec")
    path = write_keys(tmp_path / "keys.json", old)
    client = await serve(jwt_algorithm="RS256", jwt_keys=path)

    async def status(**how: object) -> int:
        headers = {"Authorization": f"Bearer {token('ada', **how)}"}  # type: ignore[arg-type]  # claims of any kind
        return (await client.get("/api/v1/jobs", headers=headers)).status_code

    signed = {"key": RSA_KEY, "algorithm": "RS256"}
    assert await status(**signed, kid="old") == 200
    assert await status(**signed, kid="new") == 401
    write_keys(path, old, jwk(RSA_KEY.public_key(), kid="new"))
    assert await status(**signed, kid="new") == 200
    write_keys(path, jwk(RSA_KEY.public_key(), kid="new"), new)
    assert await status(**signed, kid="new") == 200
    assert await status(**signed, kid="old") == 401
    assert await status(key=EC_KEY, algorithm="ES256", kid="ec") == 401
    path.write_text("spoilt")
    assert await status(**signed, kid="new") == 200


async def test_strange_tokens_break_nothing(locked: httpx.AsyncClient) -> None:
    """[A2] [R3] Whatever stands in the place of a token is a 401."""
    url = websocket_url(locked, "6f1c2a52-9a0e-4b8e-8a55-111111111111")
    for strange in ("a", "a.b.c", "." * 100, "x" * 60_000, "eyJ" * 9, "[" * 5_000):
        answer = await locked.get("/api/v1/jobs", headers={"Authorization": f"Bearer {strange}"})
        assert answer.status_code == 401, strange[:10]
        if len(strange) < 6_000:
            assert await watched(f"{url}?token={strange}") == ([], 4401)
    for query in ("token=%ff%fe", "token=%ed%a0%80", "token=", "token=a&token=b"):
        assert await watched(f"{url}?{query}") == ([], 4401)


async def test_the_command_line_shows_its_token(locked: httpx.AsyncClient) -> None:
    """[A2] `scorewire transcribe` is served with a token, and hears without one what to set."""
    link, options = LINK["youtube_url"], Options(title="Song")
    server = str(locked.base_url)
    async with Client(server, token("ada")) as client:
        accepted = await client.submit_link(link, options)
        stream = client.stream(accepted.websocket_url, after=0)
        assert [type(event) async for event in stream] == [Failed]  # as Prefect is away
        assert (await client.job(accepted.job_id)).title == "Song"
    async with Client(server) as client:
        with pytest.raises(UnauthenticatedError, match=r"asks for a token.*SCOREWIRE_TOKEN"):
            await client.submit_link(link, options)
