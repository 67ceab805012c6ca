"""How often a client may open a stream."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from uuid import uuid4

import httpx
import pytest
from conformance.deployment import Deployment
from conformance.local import Local
from conformance.patience import Patience
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

LIMIT = 10


@pytest.fixture
async def limited(local: Local | None, deployment: Deployment) -> AsyncIterator[Deployment]:
    """A deployment with the limit that is the default."""
    if local is not None:
        async with local.serve(connections_per_minute=LIMIT) as limited:
            yield limited
    elif deployment.connections_per_minute == 0:
        pytest.skip("the deployment has no limit: SCOREWIRE_CONNECTIONS_PER_MINUTE is 0")
    else:
        yield deployment


async def _knock(deployment: Deployment, **headers: str) -> Response | None:
    """Open a stream of no job; returns the refusal, if it is refused before the upgrade."""
    token = {} if deployment.token is None else {"Authorization": f"Bearer {deployment.token}"}
    url = f"{deployment.ws_url}/api/v1/jobs/{uuid4()}/stream"
    try:
        async with connect(url, additional_headers={**token, **headers}):
            return None
    except InvalidStatus as refused:
        return refused.response


async def test_the_connection_beyond_the_limit_is_refused(
    limited: Deployment, patience: Patience
) -> None:
    """[W7] No later than one beyond the limit: HTTP 429 with Retry-After, before the upgrade.

    `X-Forwarded-For` of a client that is no proxy does not help, SSE counts alike, REST does not.
    """
    opened = 0
    while (refusal := await _knock(limited, **{"X-Forwarded-For": f"10.9.8.{opened}"})) is None:
        opened += 1
        assert opened <= limited.connections_per_minute, "more were let in than the limit"
    assert refusal.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert 1 <= int(refusal.headers["Retry-After"]) <= patience.window_s
    assert refusal.headers["Content-Type"] == "application/problem+json"
    assert b'"too_many_requests"' in (refusal.body or b"")
    headers = {} if limited.token is None else {"Authorization": f"Bearer {limited.token}"}
    async with httpx.AsyncClient(base_url=limited.base_url, headers=headers) as http:
        events = await http.get(f"/api/v1/jobs/{uuid4()}/events")
        assert (events.status_code, events.json()["code"]) == (429, "too_many_requests")
        assert int(events.headers["retry-after"]) >= 1
        assert (await http.get(f"/api/v1/jobs/{uuid4()}")).status_code == 404


async def test_who_waits_as_told_is_let_in(limited: Deployment, patience: Patience) -> None:
    """[W7] After Retry-After the next connection is accepted."""
    async with asyncio.timeout(patience.window_s + 30):
        while (refusal := await _knock(limited)) is None:
            pass
        await asyncio.sleep(int(refusal.headers["Retry-After"]))
        assert await _knock(limited) is None


async def test_forwarded_addresses_count_from_proxies_alone(own: Local) -> None:
    """[W7] Behind a configured proxy each client has a limit of its own."""
    proxies = {"trusted_proxies": ("127.0.0.1",)}
    async with own.serve(connections_per_minute=1, **proxies) as deployment:
        first = {"X-Forwarded-For": f"10.0.0.{uuid4().int % 250}"}
        second = {"X-Forwarded-For": f"10.0.1.{uuid4().int % 250}"}
        assert await _knock(deployment, **first) is None
        assert await _knock(deployment, **second) is None
        for client in (first, second):
            refusal = await _knock(deployment, **client)
            assert refusal is not None
            assert refusal.status_code == HTTPStatus.TOO_MANY_REQUESTS
