"""What a killed worker, or a killed API, leaves behind, and what the next start makes of it."""

import tempfile
from pathlib import Path
from uuid import UUID

import pytest
from flow_runs import job_of, state_name
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Cancelling, Completed, Pending, Running, State

from flows.bulk import bulk
from flows.journal import Journal
from flows.recovery import recover
from flows.runtime import Runtime
from flows.transcribe import transcribe
from scorewire.jobs.job import JobStatus
from scorewire.jobs.launching import BULK_QUEUE, WORK_POOL, run_request
from scorewire.jobs.stages import Stage
from scorewire.store.events import events_after
from scorewire.store.jobs import unfinished_jobs


@pytest.mark.parametrize(
    ("left", "found", "code"),
    [
        (Running(), "Crashed", "worker_lost"),
        (Cancelling(), "Cancelled", "cancelled"),
        (Completed(), "Completed", "worker_lost"),
        (Cancelled(), "Cancelled", "cancelled"),
    ],
    ids=lambda value: value.name if isinstance(value, State) else None,
)
async def test_a_run_that_cannot_go_on_ends_its_job(
    client: PrefectClient, journal: Journal, left: State, found: str, code: str
):
    """[J5] Whatever state a killed process left, the job gets one retryable error, and only one."""
    await client.set_flow_run_state(journal.flow_run_id, left, force=True)
    await recover(client, WORK_POOL)
    await recover(client, WORK_POOL)
    assert await state_name(client, journal) == found
    error = job_of(journal).error
    assert error is not None
    assert (error.code, error.stage, error.retryable) == (code, Stage.DOWNLOAD, True)
    events = journal.runtime.store(events_after, journal.job_id, 0)
    assert [event.type for event in events] == ["progress", "error"]


async def test_a_run_that_had_not_begun_goes_back_to_its_queue(
    client: PrefectClient, journal: Journal
):
    """A worker that died while it prepared a run costs the job nothing."""
    await client.set_flow_run_state(journal.flow_run_id, Pending(), force=True)
    await recover(client, WORK_POOL)
    assert await state_name(client, journal) == "Scheduled"
    assert job_of(journal).status is JobStatus.PROCESSING


@pytest.mark.usefixtures("deployment_id")
async def test_a_bulk_run_goes_on_by_itself(client: PrefectClient, flow_runtime: Runtime, submit):
    """Its worker died with it; it goes back to its queue and keeps its jobs."""
    flow_id = await client.create_flow(bulk)
    on_demand = await client.create_deployment(
        flow_id, "on-demand", work_pool_name=WORK_POOL, work_queue_name=BULK_QUEUE
    )
    run = await client.create_flow_run_from_deployment(on_demand, parameters={"sources": []})
    journal = Journal(flow_runtime, submit(seed=2), run.id)
    journal.claim()
    await client.set_flow_run_state(run.id, Running(), force=True)
    await recover(client, WORK_POOL)
    assert await state_name(client, journal) == "AwaitingRetry"
    assert job_of(journal).status is JobStatus.QUEUED


async def test_a_job_whose_run_was_deleted_is_ended(client: PrefectClient, journal: Journal):
    """An operator who deletes a run in Prefect's UI does not leave its job waiting for ever."""
    await client.delete_flow_run(journal.flow_run_id)
    await recover(client, WORK_POOL)
    error = job_of(journal).error
    assert error is not None
    assert error.code == "worker_lost"
    with pytest.raises(ObjectNotFound):
        await client.read_flow_run(journal.flow_run_id)


async def test_a_job_that_nobody_launched_is_launched_once(
    client: PrefectClient, deployment_id: UUID, flow_runtime: Runtime, job_id: UUID
):
    """An API that was killed between the job and its run leaves a queued job: it goes on."""
    await recover(client, WORK_POOL)
    await recover(client, WORK_POOL)
    (job,) = flow_runtime.store(unfinished_jobs)
    assert job.flow_run_id is not None
    run = await client.read_flow_run(job.flow_run_id)
    assert (run.state_name, run.deployment_id) == ("Scheduled", deployment_id)
    assert run.parameters == {"job_id": str(job_id)}


async def test_a_launch_that_nobody_noted_is_found(
    client: PrefectClient, deployment_id: UUID, flow_runtime: Runtime, job_id: UUID
):
    """An API that was killed after the launch does not make the job run twice."""
    request = run_request(job_id, "Study", attempt=1)
    launched = await client.create_flow_run_from_deployment(deployment_id, **request)
    await recover(client, WORK_POOL)
    (job,) = flow_runtime.store(unfinished_jobs)
    assert job.flow_run_id == launched.id


async def test_files_of_a_killed_run_are_removed(client: PrefectClient, journal: Journal):
    """What the dead run worked on goes with it; what others work on stays."""
    root = Path(tempfile.gettempdir())
    left = root / f"scorewire-{journal.flow_run_id}-abc"
    other = root / f"scorewire-{journal.job_id}-abc"
    for folder in (left, other):
        folder.mkdir()
        (folder / "audio.flac").write_bytes(b"sound")
    await client.set_flow_run_state(journal.flow_run_id, Running(), force=True)
    await recover(client, WORK_POOL)
    assert not left.exists()
    assert other.exists()


def test_nothing_is_left_where_a_flow_worked(job_id: UUID):
    """A run that ends by itself leaves no file behind."""
    transcribe(job_id)
    assert list(Path(tempfile.gettempdir()).glob("scorewire-*")) == []
