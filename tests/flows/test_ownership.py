"""A run shows that it lives, whatever its main thread is busy with."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import onnxruntime
import pytest
import torch
from basic_pitch import FilenameSuffix, build_icassp_2022_model_path
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from flows.journal import Journal
from flows.ownership import CHECK_EVERY_S, ending_with_its_job
from flows.runtime import Runtime
from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource
from scorewire.store.engine import fetch
from scorewire.store.jobs import create_job
from scorewire.store.silence import database_time

LONG_S = 2.5 * CHECK_EVERY_S
"""So long that at least one look falls into it."""

WINDOW_SAMPLES = 43_844


def begin(flow_runtime: Runtime) -> Journal:
    """A run at work on a job."""
    source = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
    job = flow_runtime.store(create_job, source=source, options=Options())
    journal = Journal(flow_runtime, job.job_id, uuid4())
    journal.claim()
    return journal


def fall_silent(journal: Journal) -> None:
    """Make the last sign of life an hour old."""
    hour = text(
        "UPDATE jobs SET seen_at = clock_timestamp() - interval '1 h' WHERE id = :id RETURNING id"
    )
    journal.runtime.store(fetch, hour.bindparams(id=journal.job_id))


def seen_at(journal: Journal) -> datetime:
    """When the run last showed life."""

    async def read(engine: AsyncEngine, job_id: UUID) -> Any:
        statement = text("SELECT seen_at FROM jobs WHERE id = :id").bindparams(id=job_id)
        return (await fetch(engine, statement))[0]["seen_at"]

    moment: datetime = journal.runtime.store(read, journal.job_id)
    return moment


def torch_call(size: int) -> Callable[[], object]:
    """One call of torch; the larger, the longer."""
    matrix = torch.rand(600 * size, 600)
    return lambda: torch.linalg.svd(matrix, full_matrices=False)


def onnxruntime_call(size: int) -> Callable[[], object]:
    """One call of the transcriber's model on many windows at once."""
    model = build_icassp_2022_model_path(FilenameSuffix.onnx)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    windows = np.zeros((16 * size, WINDOW_SAMPLES, 1), np.float32)
    (entry,) = session.get_inputs()
    return lambda: session.run(None, {entry.name: windows})


@pytest.mark.parametrize("prepare", [torch_call, onnxruntime_call])
def test_a_long_call_of_a_library_does_not_silence_a_run(
    flow_runtime: Runtime, prepare: Callable[[int], Callable[[], object]]
) -> None:
    """[J6] The watch writes while the main thread sits in one call of C code for seconds."""
    size, took_s = 2, 0.0
    while took_s < LONG_S:
        size += size // 2
        call = prepare(size)
        journal = begin(flow_runtime)
        fall_silent(journal)
        with ending_with_its_job(journal):
            began_at, began_s = journal.runtime.store(database_time), time.monotonic()
            call()
            took_s = time.monotonic() - began_s
    # Held up until the call returned, the sign would be later than its end.
    assert 0 < (seen_at(journal) - began_at).total_seconds() < took_s


def test_a_run_shows_life_until_its_end_is_told(flow_runtime: Runtime) -> None:
    """[J6] Between the work and the hook that tells of it, Prefect may be away for minutes."""
    journal = begin(flow_runtime)
    with ending_with_its_job(journal):
        pass
    fall_silent(journal)
    silent_since = seen_at(journal)
    until_s = time.monotonic() + 30
    while seen_at(journal) == silent_since:
        assert time.monotonic() < until_s
        time.sleep(0.1)
