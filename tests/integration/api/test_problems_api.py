"""Every error is a problem document with a stable code, and none tells of the inside."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from litestar import Litestar, get
from litestar.testing import AsyncTestClient

from api.app import create_app
from scorewire.logs import configure
from scorewire.settings import Settings

LINK = "https://youtu.be/dQw4w9WgXcQ"
NO_JOB = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "field"),
    [
        ("GET", "/nothing", None, 404, "not_found", None),
        ("DELETE", "/api/v1/transcribe", None, 405, "invalid_request", None),
        ("GET", "/api/v1/jobs/17", None, 400, "invalid_request", "job_id"),
        ("GET", f"/api/v1/jobs/{NO_JOB}", None, 404, "not_found", "job_id"),
        ("GET", f"/api/v1/scores/{NO_JOB}", None, 404, "not_found", "job_id"),
        ("GET", f"/api/v1/scores/{NO_JOB}/midi?timing=x", None, 400, "invalid_request", "timing"),
        ("POST", "/api/v1/transcribe", b"{", 400, "invalid_request", None),
        ("POST", "/api/v1/transcribe", b"", 400, "invalid_request", ""),
        ("POST", "/api/v1/transcribe", b"[]", 400, "invalid_request", ""),
        ("POST", "/api/v1/transcribe", {}, 400, "invalid_request", "youtube_url"),
        ("POST", "/api/v1/transcribe", {"youtube_url": 1}, 400, "invalid_request", "youtube_url"),
        (
            "POST",
            "/api/v1/transcribe",
            {"youtube_url": LINK, "options": {"notation": {"chord_symbols": 0}}},
            400,
            "invalid_request",
            "options.notation.chord_symbols",
        ),
        (
            "POST",
            "/api/v1/transcribe",
            {
                "youtube_url": LINK,
                "options": {"notation": {"swing": True, "time_signature": "9/8"}},
            },
            400,
            "invalid_request",
            "options.notation",
        ),
        (
            "POST",
            "/api/v1/transcribe",
            {"youtube_url": LINK, "priority": 1},
            400,
            "invalid_request",
            "priority",
        ),
        (
            "POST",
            "/api/v1/transcribe",
            {"youtube_url": LINK, "options": {"decoding": {"threshold": 1}}},
            400,
            "invalid_request",
            "options.decoding.threshold",
        ),
        (
            "POST",
            "/api/v1/transcribe",
            {"youtube_url": LINK, "options": {"start_s": -1}},
            400,
            "invalid_request",
            "options.start_s",
        ),
        (
            "POST",
            "/api/v1/transcribe",
            {"youtube_url": "https://example.com/song"},
            422,
            "unsupported_url",
            "youtube_url",
        ),
        (
            "POST",
            "/api/v1/transcribe",
            {"youtube_url": "https://youtu.be/\x00"},
            422,
            "unsupported_url",
            "youtube_url",
        ),
        ("POST", "/api/v1/transcribe", b" " * 70_000, 413, "too_large", None),
        ("POST", "/api/v1/transcribe", b"[" * 60_000, 400, "invalid_request", None),
        ("GET", "/api/docs/assets/%00", None, 404, "not_found", None),
        ("GET", f"/api/docs/assets/{'a' * 300}", None, 404, "not_found", None),
        ("POST", "/api/v1/transcribe", b'{"youtube_url": "\xff"}', 400, "invalid_request", None),
    ],
)
async def test_errors_are_problems(  # noqa: PLR0913, PLR0917 - a table of cases
    client: httpx.AsyncClient,
    method: str,
    path: str,
    body: Any,
    status: int,
    code: str,
    field: str | None,
) -> None:
    """[R3] Status, code and the field at fault; the sentence tells what to do."""
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = await client.request(method, path, **(sent if body is not None else {}))
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == code
    assert problem["type"] == f"urn:scorewire:error:{code}"
    assert [error["field"] for error in problem["errors"]] == ([] if field is None else [field])
    assert problem["detail"].endswith(".")


async def test_a_wrong_method_is_told_the_right_ones(client: httpx.AsyncClient) -> None:
    """[R3] 405 carries `Allow`."""
    answer = await client.get("/api/v1/transcribe")
    assert "POST" in answer.headers["allow"]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log of a service; Python's own set-up is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("INFO", "json", stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


async def test_a_fault_of_ours_tells_nothing_of_the_inside(
    settings: Settings, log: io.StringIO
) -> None:
    """[R3] An unforeseen exception is one sentence; its trace is in the log alone."""

    @get("/broken")
    async def broken() -> None:
        secret = "a secret of the inside"  # noqa: S105 - no password, a word to look for
        raise RuntimeError(secret)

    app: Litestar = create_app(settings)
    app.register(broken)
    async with AsyncTestClient(app, raise_server_exceptions=False) as client:
        answer = await client.get("/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (line,) = [line for line in lines if line["event"] == "request failed"]
    assert line["path"] == "/broken"
    assert "a secret of the inside" in line["exception"]


async def test_without_a_database(settings: Settings) -> None:
    """[R3] A database out of reach is 503 with `Retry-After`, and the health check says so."""
    away = settings.model_copy(
        update={"database_url": type(settings.database_url)("postgresql://x@127.0.0.1:1/x")}
    )
    async with AsyncTestClient(create_app(away), base_url="http://testserver.localhost") as client:
        answer = await client.get(f"/api/v1/jobs/{NO_JOB}")
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        assert answer.json()["retryable"] is True
        assert int(answer.headers["retry-after"]) > 0
        readiness = await client.get("/health/ready")
        assert (readiness.json()["database"], readiness.json()["listener"]) == (False, False)
