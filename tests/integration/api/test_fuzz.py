"""Schemathesis asks everything that the OpenAPI document allows, and much that it does not."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from conformance.standin_prefect import StandInPrefect
from prefect.settings import PREFECT_API_URL, temporary_settings
from serving import Serve, serving
from sqlalchemy.ext.asyncio import AsyncEngine
from stored_scores import store_score
from tokens import SECRET, token

from api.app import create_app
from scorewire.blobs import open_blobs
from scorewire.errors import ErrorCode
from scorewire.jobs.messages import ErrorDetail
from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource
from scorewire.jobs.stages import Stage
from scorewire.settings import Settings
from scorewire.store.events import append_completed, append_failed, append_progress
from scorewire.store.jobs import create_job

CONFIG = Path(__file__).with_name("schemathesis.toml")
SOUNDLESS = ErrorDetail(message="no notes", retryable=True, stage=None, code=ErrorCode.NO_NOTES)
COMPLETED, FAILED, QUEUED = (UUID(str(digit) * 32) for digit in (1, 2, 3))


async def make_jobs(engine: AsyncEngine, data_dir: Path, owner: str | None) -> None:
    """Make the jobs that schemathesis.toml names, one in each state."""
    source = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
    for job_id in (COMPLETED, FAILED, QUEUED):
        await create_job(
            engine, source=source, options=Options(), owner=owner, title='Ἀ"\r\n€', job_id=job_id
        )
    blobs = open_blobs(None, data_dir)
    result = await asyncio.to_thread(store_score, blobs)
    await append_progress(engine, COMPLETED, progress=30, stage=Stage.SEPARATION, message="third")
    await append_completed(engine, COMPLETED, result=result)
    await append_failed(engine, FAILED, error=SOUNDLESS)


async def fuzz(
    client: httpx.AsyncClient, document: dict[str, Any], folder: Path, *more: str
) -> None:
    """Run schemathesis, and fail with what it found."""
    path = folder / "openapi.json"
    path.write_bytes(msgspec.json.encode(document))
    command = ["--config-file", CONFIG, "--no-color", "run", path, "--url", str(client.base_url)]
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        *command,
        "--generation-deterministic",
        *more,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    told, _ = await process.communicate()
    if process.returncode != 0:
        pytest.fail(told.decode(), pytrace=False)


@pytest.fixture
async def start(settings: Settings, engine: AsyncEngine) -> AsyncIterator[Serve]:
    """Starts an API that counts nobody's requests; every run fails, so that streams end."""
    ending: set[asyncio.Task[bool]] = set()

    def begin(job_id: UUID, _run_id: UUID) -> None:
        ending.add(asyncio.create_task(append_failed(engine, job_id, error=SOUNDLESS)))

    prefect = StandInPrefect(begin, stop=lambda _run_id: None)
    uncounted = {"connections_per_minute": 0, "submissions_per_minute": 0}
    async with AsyncExitStack() as running:
        address = await running.enter_async_context(serving(prefect.app()))
        running.enter_context(temporary_settings({PREFECT_API_URL: f"http://{address}/api"}))

        async def start(**changed: object) -> httpx.AsyncClient:
            app = create_app(Settings.model_validate({**dict(settings), **uncounted, **changed}))
            address = await running.enter_async_context(serving(app))
            client = httpx.AsyncClient(base_url=f"http://{address}")
            return await running.enter_async_context(client)

        yield start
        await asyncio.gather(*ending)


async def test_an_open_server_answers_as_documented(
    start: Serve, engine: AsyncEngine, settings: Settings, tmp_path: Path
) -> None:
    """[R3] [R4] No 5xx, no undocumented status, header, media type or body, whatever is sent."""
    await make_jobs(engine, settings.data_dir, owner=None)
    client = await start()
    document = (await client.get("/api/openapi/openapi.json")).json()
    await fuzz(client, document, tmp_path, "--max-examples=10")


async def test_a_server_with_a_secret_answers_as_documented(
    start: Serve, engine: AsyncEngine, settings: Settings, tmp_path: Path
) -> None:
    """[A2] [R4] Likewise with a token; and what succeeds with it is refused without it."""
    await make_jobs(engine, settings.data_dir, owner="ada")
    client = await start(jwt_secret=SECRET)
    document = (await client.get("/api/openapi/openapi.json")).json()
    for security in _securities(document):
        if security != [{}]:
            security.remove({})  # that an open server asks for no token
    ada = f"--header=Authorization: Bearer {token('ada')}"
    await fuzz(client, document, tmp_path, ada, "--phases=fuzzing,stateful", "--max-examples=10")


def _securities(document: dict[str, Any]) -> list[list[dict[str, Any]]]:
    operations = [
        operation
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    ]
    return [part["security"] for part in (document, *operations) if "security" in part]
