"""Uploads over real HTTP: streamed to storage, refused in time, nothing left behind."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.jobs.source import UploadSource
from scorewire.settings import Settings
from scorewire.store.engine import fetch
from scorewire.store.jobs import get_request

UPLOAD = "/api/v1/transcribe/upload"
FORM = {"Content-Type": "multipart/form-data; boundary=limit"}


def _stored(settings: Settings) -> list[Path]:
    return [path for path in (settings.data_dir / "blobs").rglob("*") if path.is_file()]


async def _jobs(engine: AsyncEngine) -> int:
    return len(await fetch(engine, text("SELECT id FROM jobs")))


@pytest.mark.parametrize("options_first", [True, False])
async def test_an_upload_is_stored_whole(
    client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings, *, options_first: bool
) -> None:
    """[R1] The file's bytes, name and options arrive, whichever comes first in the form."""
    content = bytes(range(256)) * 8_000
    file = ("file", ("Für Elise.WAV", content))
    options = ("options", (None, b'{"start_s": 1.5}'))
    form = [options, file] if options_first else [file, options]
    answer = await client.post(UPLOAD, files=form)
    assert answer.status_code == 201
    job_id = UUID(answer.json()["job_id"])
    request = await get_request(engine, job_id)
    assert request.source == UploadSource(
        blob_key=f"uploads/{job_id}/Fur-Elise.WAV",
        sha256=hashlib.sha256(content).hexdigest(),
        filename="Für Elise.WAV",
    )
    assert (request.title, request.options.start_s) == ("Für Elise", 1.5)
    (path,) = _stored(settings)
    assert path.read_bytes() == content


async def test_a_large_file_is_refused(
    client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings
) -> None:
    """[R1] [R3] 413 by Content-Length alone, with nothing stored."""
    answer = await client.post(UPLOAD, files={"file": ("big.wav", bytes(9_000_000))})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["errors"][0]["field"] == "file"
    assert _stored(settings) == []
    assert await _jobs(engine) == 0


async def test_a_large_stream_is_refused(
    client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings
) -> None:
    """[R1] [R3] 413 also where no length was announced; no byte over the limit stays."""

    async def body() -> AsyncIterator[bytes]:
        yield b'--limit\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        for _ in range(40):
            yield bytes(100_000)
        yield b"\r\n--limit--\r\n"

    answer = await client.post(UPLOAD, content=body(), headers=FORM)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["errors"][0]["field"] == "file"
    assert _stored(settings) == []
    assert await _jobs(engine) == 0


@pytest.mark.parametrize(
    ("form", "status", "code", "field"),
    [
        ({"file": ("a.wav", b"")}, 422, "empty_audio", "file"),
        ({"options": (None, b"{}")}, 400, "invalid_request", "file"),
        (
            {"file": ("a.wav", b"x"), "options": (None, b'{"stat_s": 1}')},
            400,
            "invalid_request",
            "options.stat_s",
        ),
        (
            {"file": ("a.wav", b"x"), "options": (None, b'{"notation": {"tempo_bpm": 5}}')},
            400,
            "invalid_request",
            "options.notation.tempo_bpm",
        ),
        ({"file": ("a.wav", b"x"), "options": (None, b"{")}, 400, "invalid_request", "options"),
        ({"file": ("a.wav", b"x"), "more": (None, b"1")}, 400, "invalid_request", "more"),
        (
            {"file": ("a.wav", b"x"), "options": (None, b" " * 70_000)},
            413,
            "too_large",
            "options",
        ),
    ],
)
async def test_a_bad_form_names_its_field(  # noqa: PLR0913, PLR0917 - a table of cases
    client: httpx.AsyncClient,
    settings: Settings,
    form: dict[str, tuple[str | None, bytes]],
    status: int,
    code: str,
    field: str,
) -> None:
    """[R3] The field at fault is named, and the file that came with it is not kept."""
    answer = await client.post(UPLOAD, files=form)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert _stored(settings) == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=" + "x" * 300, b""),
        ("multipart/form-data; boundary=limit", b"no form at all"),
        ("multipart/form-data; boundary=limit", b""),
        (
            "multipart/form-data; boundary=limit",
            b'--limit\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nhalf',
        ),
    ],
)
async def test_a_malformed_form_is_refused(
    client: httpx.AsyncClient, settings: Settings, content_type: str, body: bytes
) -> None:
    """[R3] What is no form, or half of one, is 400 and leaves nothing."""
    answer = await client.post(UPLOAD, content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert _stored(settings) == []
