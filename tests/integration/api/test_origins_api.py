"""Foreign web pages and unknown proxies, over real HTTP and real sockets."""

from uuid import UUID

import httpx
import pytest
from serving import Serve
from tokens import SECRET, token
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

LINK = {"youtube_url": "https://youtu.be/dQw4w9WgXcQ"}
EVIL = "http://evil.example"
FRIEND = "https://pages.example"


def websocket_url(client: httpx.AsyncClient, job_id: object) -> str:
    """Where a job is watched."""
    return f"ws://{client.base_url.netloc.decode()}/api/v1/jobs/{job_id}/stream"


async def upgrade(url: str, **headers: str) -> int:
    """The status that a WebSocket handshake is answered with."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        async with connect(url, additional_headers=told):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def test_a_foreign_page_opens_no_socket(client: httpx.AsyncClient, job_id: UUID) -> None:
    """[A1] A page of another site is refused before the upgrade; this server's own is let in."""
    url = websocket_url(client, job_id)
    assert await upgrade(url) == 101
    assert await upgrade(url, Origin=str(client.base_url)) == 101
    for origin in (
        EVIL,
        "null",
        "http://127.0.0.1:1",
        str(client.base_url).replace("http", "https"),
    ):
        assert await upgrade(url, Origin=origin) == 403, origin


async def test_a_foreign_page_changes_nothing(client: httpx.AsyncClient, job_id: UUID) -> None:
    """[A1] [R3] Forms and streams, which no preflight precedes, are refused with a problem."""
    before = (await client.get("/api/v1/jobs")).json()
    for method, path, body in (
        ("POST", "/api/v1/transcribe", {"json": LINK}),
        ("POST", "/api/v1/transcribe/upload", {"files": {"file": ("a.wav", b"RIFF")}}),
        ("POST", f"/api/v1/jobs/{job_id}/retry", {}),
        ("POST", f"/api/v1/jobs/{job_id}/cancel", {}),
        ("DELETE", f"/api/v1/jobs/{job_id}", {}),
        ("GET", f"/api/v1/jobs/{job_id}/events", {}),
    ):
        answer = await client.request(method, path, headers={"Origin": EVIL}, **body)  # type: ignore[arg-type]  # a kind of body each
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin"), path
        assert "access-control-allow-origin" not in answer.headers
    assert (await client.get("/api/v1/jobs")).json() == before


async def test_a_name_made_to_lead_here_is_refused(client: httpx.AsyncClient, job_id: UUID) -> None:
    """[A1] DNS rebinding: the page's name leads here, and so its origin is the same."""
    host = "evil.example"
    headers = {"Host": host, "Origin": f"http://{host}"}
    for path in ("/api/v1/jobs", f"/api/v1/jobs/{job_id}", f"/api/v1/jobs/{job_id}/events"):
        answer = await client.get(path, headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin"), path
    assert (await client.post("/api/v1/transcribe", json=LINK, headers=headers)).status_code == 403
    assert await upgrade(websocket_url(client, job_id), **headers) == 403
    assert (await client.get("/health/ready", headers={"Host": host})).status_code == 503
    assert (await client.get("/api/v1/jobs", headers={"Host": "localhost:1"})).status_code == 200


async def test_no_other_site_reads_answers_by_default(client: httpx.AsyncClient) -> None:
    """[A1] Without allowed origins no answer carries a CORS header, preflight or not."""
    asked = {"Origin": FRIEND, "Access-Control-Request-Method": "POST"}
    for answer in (
        await client.options("/api/v1/transcribe", headers=asked),
        await client.get("/api/v1/jobs", headers={"Origin": FRIEND}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_an_allowed_site_uses_the_api(serve: Serve) -> None:
    """[A2] SCOREWIRE_ALLOWED_ORIGINS: preflight, answers and refusals can be read by that site."""
    client = await serve(jwt_secret=SECRET, allowed_origins=[FRIEND])
    preflight = await client.options(
        "/api/v1/transcribe",
        headers={
            "Origin": FRIEND,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
        },
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == FRIEND
    assert "access-control-allow-credentials" not in preflight.headers
    signed = {"Origin": FRIEND, "Authorization": f"Bearer {token('ada')}"}
    answer = await client.post("/api/v1/transcribe", json=LINK, headers=signed)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (201, FRIEND)
    job_id = answer.json()["job_id"]
    events = f"/api/v1/jobs/{job_id}/events"
    streamed = await client.get(events, params={"token": token("ada")}, headers={"Origin": FRIEND})
    assert (streamed.status_code, streamed.headers["access-control-allow-origin"]) == (200, FRIEND)
    assert (
        await upgrade(f"{websocket_url(client, job_id)}?token={token('ada')}", Origin=FRIEND) == 101
    )
    refused = await client.get("/api/v1/jobs", headers={"Origin": FRIEND})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, FRIEND)
    assert "www-authenticate" in refused.headers["access-control-expose-headers"].lower()


async def test_other_sites_stay_out_beside_an_allowed_one(serve: Serve) -> None:
    """[A2] An allowed origin opens the door to itself alone."""
    client = await serve(allowed_origins=[FRIEND])
    for origin in (EVIL, "https://pages.example.evil.example", "https://xpages.example", "null"):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        preflight = await client.options("/api/v1/transcribe", headers=asked)
        assert "access-control-allow-origin" not in preflight.headers, origin
        answer = await client.post("/api/v1/transcribe", json=LINK, headers={"Origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


@pytest.fixture
async def proxied(serve: Serve) -> httpx.AsyncClient:
    """A client that this server takes for a proxy, beside proxies of the network 10.0.0.0/8."""
    return await serve(
        trusted_proxies=["127.0.0.1", "10.0.0.0/8"],
        allowed_origins=["https://music.example"],
        connections_per_minute=2,
    )


async def test_addresses_are_those_of_the_proxy(proxied: httpx.AsyncClient) -> None:
    """[R1] Behind a proxy with TLS the stream's address is wss."""
    headers = {"Host": "music.example", "X-Forwarded-Proto": "https"}
    answer = await proxied.post("/api/v1/transcribe", json=LINK, headers=headers)
    assert answer.json()["websocket_url"].startswith("wss://music.example/api/v1/jobs/")


async def test_an_unknown_proxy_is_not_believed(client: httpx.AsyncClient) -> None:
    """[A2] Without trusted proxies whatever is forwarded changes nothing."""
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    answer = await client.post("/api/v1/transcribe", json=LINK, headers=headers)
    assert answer.json()["websocket_url"].startswith("ws://127.0.0.1:")


async def test_the_same_site_behind_tls_is_the_same_site(serve: Serve) -> None:
    """[A2] A page at https:// may connect where a trusted proxy says that it serves https."""
    locked = await serve(jwt_secret=SECRET, trusted_proxies=["127.0.0.1"], connections_per_minute=0)
    url = websocket_url(locked, "6f1c2a52-9a0e-4b8e-8a55-111111111111")
    origin = str(locked.base_url).replace("http", "https")
    assert await upgrade(url, Origin=origin, X_Forwarded_Proto="https") == 101  # then 4401
    assert await upgrade(url, Origin=origin) == 403
    assert await upgrade(url, Origin=origin, X_Forwarded_Proto="wss") == 101


async def opened(client: httpx.AsyncClient, forwarded_for: str, times: int) -> list[int]:
    """The statuses of several handshakes in a row."""
    url = websocket_url(client, "6f1c2a52-9a0e-4b8e-8a55-111111111111")
    return [await upgrade(url, X_Forwarded_For=forwarded_for) for _ in range(times)]


async def test_clients_behind_a_proxy_are_told_apart(proxied: httpx.AsyncClient) -> None:
    """[W7] Each address behind a trusted proxy has a rate of its own; so have requests."""
    assert await opened(proxied, "192.0.2.1", 3) == [101, 101, 429]
    assert await opened(proxied, "192.0.2.2", 3) == [101, 101, 429]


async def test_the_right_most_stranger_counts(proxied: httpx.AsyncClient) -> None:
    """[W7] A client that writes X-Forwarded-For itself is still counted by its own address."""
    statuses = []
    for pretended in ("198.51.100.1", "198.51.100.2, 127.0.0.1", "10.0.0.7", "no address"):
        statuses += await opened(proxied, f"{pretended}, 192.0.2.9, 10.1.2.3", 1)
    assert statuses == [101, 101, 429, 429]


async def test_a_client_cannot_pass_for_another(serve: Serve) -> None:
    """[W7] Without trusted proxies X-Forwarded-For gives nobody a fresh rate."""
    client = await serve(connections_per_minute=2)
    url = websocket_url(client, "6f1c2a52-9a0e-4b8e-8a55-111111111111")
    statuses = [await upgrade(url, X_Forwarded_For=f"192.0.2.{number}") for number in range(4)]
    assert statuses == [101, 101, 429, 429]
