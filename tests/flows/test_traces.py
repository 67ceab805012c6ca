"""One trace from the request to the last delivery, over every process that has a part in it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp import Collector, collecting
from sounds import write_study
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from scorewire.jobs.stages import Stage
from scorewire.settings import inherited_environment
from scorewire.stack.config import StackConfig, StackUrls
from scorewire.stack.ports import free_port
from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.stack.services import Services

ENDED_S = 180.0
SENT_S = 30.0
SEND_EVERY_MS = 100


@dataclass(frozen=True)
class Traced:
    """A stack whose every part sends its traces here.

    Attributes:
        api: its address, `host:port`.
        collector: what has arrived.
        folder: for recordings.
    """

    api: str
    collector: Collector
    folder: Path


@pytest.fixture(scope="module")
async def traced(
    postgres: EmbeddedPostgres,
    open_folder: Path,
    demucs_folder: Path,
    _prefect_urls: StackUrls,
    _prefect_server: None,
) -> AsyncIterator[Traced]:
    """An API and a warm worker, started as a stack does, with OpenTelemetry's own variables set."""
    await postgres.create_databases("traced")
    with collecting() as collector:
        environment = {
            **inherited_environment(),
            "SCOREWIRE_DEMUCS_FOLDER": str(demucs_folder),
            "OMP_NUM_THREADS": "1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": str(SEND_EVERY_MS),
        }
        config = StackConfig(open_folder / "traced", environment=environment, worker="warm")
        for folder in (config.data_dir, config.logs, config.scratch):
            folder.mkdir()
        api = f"127.0.0.1:{free_port()}"
        urls = replace(_prefect_urls, database=postgres.url("traced"), api=f"http://{api}")
        services = Services(config, urls)
        await services.migrate()
        parts = [services.worker(), services.api()]
        for part in parts:
            await part.start()
        try:
            yield Traced(api, collector, config.data_dir)
        finally:
            for part in reversed(parts):
                await part.stop()


async def transcribe(traced: Traced, seed: int) -> str:
    """Submit a recording, watch it to its end, and return its id."""
    recording = write_study(traced.folder / f"study-{seed}.flac", seed)
    async with httpx.AsyncClient(base_url=f"http://{traced.api}", timeout=60) as http:
        files = {"file": ("study.flac", recording.read_bytes())}
        options = json.dumps({"separation": "demucs", "title": "Study"})
        answer = await http.post(
            "/api/v1/transcribe/upload", files=files, data={"options": options}
        )
    assert answer.status_code == 201, answer.text
    async with asyncio.timeout(ENDED_S), connect(answer.json()["websocket_url"]) as stream:
        messages = []
        try:
            while True:
                messages.append(json.loads(await stream.recv()))
        except ConnectionClosed:
            pass
    assert messages[-1]["type"] == "completed", messages[-1]
    return str(answer.json()["job_id"])


def first_span(collector: Collector, job_id: str) -> Span:
    """The one that the API made of the job's submission."""
    (found,) = [
        span
        for _, span in collector.spans
        if span.name == "submit"
        and any(one.value.string_value == job_id for one in span.attributes)
    ]
    return found


async def test_one_trace_from_the_request_to_the_delivered_end(traced: Traced) -> None:
    """Three processes, one trace: every span hangs below the submission, none is cut off."""
    job_id = await transcribe(traced, seed=500)
    root = first_span(traced.collector, job_id)
    assert not root.parent_span_id
    until_s = time.monotonic() + SENT_S
    wanted = {"append completed", "deliver completed"}
    while not wanted <= {span.name for _, span in traced.collector.of(root.trace_id)}:
        assert time.monotonic() < until_s, {span.name for _, span in traced.collector.spans}
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)  # the run's process sends the rest when it ends
    spans = traced.collector.of(root.trace_id)
    assert {service for service, _ in spans} == {"scorewire-api", "scorewire-flow"}
    ids = {span.span_id for _, span in spans}
    assert [span.name for _, span in spans if span.parent_span_id not in ids] == ["submit"]
    names = [span.name for _, span in spans]
    for stage in Stage:
        assert any(name.startswith(stage.value) for name in names), names
    assert names.count("deliver completed") == 1
    assert 1 <= names.count("deliver progress") <= len(Stage) + 1
    delivered = next(span for _, span in spans if span.name == "deliver completed")
    appended = next(span for _, span in spans if span.name == "append completed")
    assert root.start_time_unix_nano <= appended.start_time_unix_nano
    assert delivered.start_time_unix_nano <= delivered.end_time_unix_nano


async def test_each_job_has_a_trace_of_its_own(traced: Traced) -> None:
    """A worker that forks does not mix up the traces of its runs."""
    jobs = [await transcribe(traced, seed=seed) for seed in (501, 502)]
    traces = {first_span(traced.collector, job).trace_id for job in jobs}
    assert len(traces) == len(jobs)
