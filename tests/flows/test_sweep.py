"""What a sweep finds while workers are at work, and that it touches nothing that lives."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flow_runs import job_of, state_name
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.flow_engine import run_flow
from prefect.states import Cancelled, Cancelling, Completed, Pending, Running, Scheduled, State
from sqlalchemy import text

from flows.journal import Journal
from flows.runtime import Runtime
from flows.sweep import Patience, reconcile, sweep
from scorewire.jobs.job import JobStatus
from scorewire.jobs.launching import WORK_POOL
from scorewire.store.engine import Engine, fetch
from scorewire.store.events import events_after
from scorewire.store.jobs import unfinished_jobs
from scorewire.store.silence import show_life

NONE = Patience(pending_s=0, claim_s=0, cancelling_s=0, hook_s=0, launch_s=0, heartbeat_s=0)
"""Whatever could still come is not waited for."""

SILENCE_S = 1.0
SCHEDULED_S = 90.0


async def last_seen(journal: Journal, ago_s: float | None) -> None:
    """Set the job's last sign of life back; None takes it away."""
    ago = text(
        "UPDATE jobs SET seen_at = clock_timestamp() - make_interval(secs => :ago_s) RETURNING id"
    )

    async def write(engine: Engine) -> None:
        await fetch(engine, ago, {"ago_s": ago_s})

    await asyncio.to_thread(journal.runtime.store, write)


async def leave(client: PrefectClient, journal: Journal, state: State) -> None:
    """Put the run into a state; on the way through Running, as Prefect cancels others at once."""
    await client.set_flow_run_state(journal.flow_run_id, Running(), force=True)
    await client.set_flow_run_state(journal.flow_run_id, state, force=True)


async def swept(client: PrefectClient, patience: Patience = NONE) -> dict[str, int]:
    """Reconcile; returns what was done, without what was not."""
    done = await reconcile(client, WORK_POOL, silence_s=SILENCE_S, patience=patience)
    return {name: count for name, count in done.items() if count}


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
async def test_a_run_that_is_dead_ends_here_and_in_prefect(
    client: PrefectClient, journal: Journal, left: State, found: str, code: str
):
    """[J5] Whatever state it was left in, the job gets one retryable error, and only one."""
    await leave(client, journal, left)
    await last_seen(journal, None)  # it never claimed its job, so no silence counts against it
    await swept(client)
    assert await swept(client) == {}
    assert await state_name(client, journal) == found
    error = job_of(journal).error
    assert error is not None
    assert (error.code, error.retryable) == (code, True)
    events = journal.runtime.store(events_after, journal.job_id, 0)
    assert [event.type for event in events] == ["progress", "error"]


@pytest.mark.parametrize(
    "left", [Pending(), Running(), Cancelling(), Completed()], ids=lambda state: state.name
)
async def test_a_run_whose_job_shows_life_is_left_alone(
    client: PrefectClient, journal: Journal, left: State
):
    """Whatever Prefect says, and however impatient the sweep: a sign of life decides."""
    await leave(client, journal, left)
    await last_seen(journal, 0)
    assert await swept(client) == {}
    assert await state_name(client, journal) == left.name
    assert job_of(journal).status is JobStatus.PROCESSING


@pytest.mark.parametrize("left", [Pending(), Running(), Cancelling(), Completed()])
async def test_what_may_still_come_is_waited_for(
    client: PrefectClient, journal: Journal, left: State
):
    """A run that was taken, began, or ended a moment ago is another process's for now."""
    await leave(client, journal, left)
    await last_seen(journal, None)
    assert await swept(client, Patience()) == {}
    assert await state_name(client, journal) == left.name


async def test_a_run_that_had_not_begun_goes_back_to_its_queue(
    client: PrefectClient, journal: Journal
):
    """A worker that died while it prepared a run costs the job nothing."""
    await client.set_flow_run_state(journal.flow_run_id, Pending(), force=True)
    await last_seen(journal, None)
    assert await swept(client) == {"runs_requeued": 1}
    assert await state_name(client, journal) == "Scheduled"
    assert job_of(journal).status is JobStatus.PROCESSING


async def test_a_silent_job_is_ended_without_the_api(client: PrefectClient, journal: Journal):
    """[J6] Without the API and the bridge the sweep ends it, and its run in Prefect."""
    await client.set_flow_run_state(journal.flow_run_id, Running(), force=True)
    await last_seen(journal, 60)
    assert await swept(client) == {"jobs_ended": 1, "runs_ended": 1}
    error = job_of(journal).error
    assert error is not None
    assert error.code == "worker_lost"
    assert await state_name(client, journal) == "Crashed"


async def test_a_silence_that_ends_while_it_is_looked_at_is_none(
    client: PrefectClient, journal: Journal
):
    """After an outage everyone seems silent; who then speaks up goes on."""
    await client.set_flow_run_state(journal.flow_run_id, Running(), force=True)
    await last_seen(journal, 60)

    async def speak_up() -> None:
        await asyncio.sleep(SILENCE_S / 2)
        sign = journal.runtime.start(show_life, journal.job_id, journal.flow_run_id)
        await asyncio.wrap_future(sign)

    speaking = asyncio.create_task(speak_up())
    assert await swept(client) == {}
    await speaking
    assert job_of(journal).status is JobStatus.PROCESSING


async def test_a_run_that_could_not_say_that_it_completed(client: PrefectClient, journal: Journal):
    """Prefect died between the score and the run's last word: it shows as completed."""
    await client.set_flow_run_state(journal.flow_run_id, Running(), force=True)
    await asyncio.to_thread(journal.completed, {"musicxml": "scores/a.musicxml"})
    assert await swept(client) == {"runs_ended": 1}
    assert await state_name(client, journal) == "Completed"
    assert job_of(journal).status is JobStatus.COMPLETED


async def test_a_job_whose_run_was_deleted_is_ended(client: PrefectClient, journal: Journal):
    """An operator who deletes a run in Prefect's UI does not leave its job waiting for ever."""
    await client.delete_flow_run(journal.flow_run_id)
    await last_seen(journal, None)
    assert await swept(client) == {"jobs_ended": 1}
    error = job_of(journal).error
    assert error is not None
    assert error.code == "worker_lost"


async def test_a_job_that_nobody_launched_is_launched_once(
    client: PrefectClient, deployment_id: UUID, flow_runtime: Runtime, job_id: UUID
):
    """An API that was killed between the job and its run leaves a queued job: it goes on."""
    assert await swept(client, replace(NONE, launch_s=60)) == {}
    assert await swept(client) == {"jobs_launched": 1}
    assert await swept(client) == {}
    (job,) = flow_runtime.store(unfinished_jobs)
    assert job.flow_run_id is not None
    run = await client.read_flow_run(job.flow_run_id)
    assert (run.state_name, run.deployment_id) == ("Scheduled", deployment_id)
    assert run.parameters == {"job_id": str(job_id)}


@pytest.mark.usefixtures("flow_runtime")
async def test_a_run_without_a_job_lives_by_its_heartbeat(
    client: PrefectClient, deployment_id: UUID
):
    """Housekeeping and bulk runs have no job of their own; silent in Prefect as well, they end."""
    run = await client.create_flow_run_from_deployment(deployment_id)
    await client.set_flow_run_state(run.id, Running(), force=True)
    assert await swept(client, Patience()) == {}
    assert await swept(client) == {"runs_ended": 1}
    assert (await client.read_flow_run(run.id)).state_name == "Crashed"


@pytest.mark.usefixtures("flow_runtime")
async def test_sweeps_that_were_due_do_not_pile_up(client: PrefectClient):
    """After an hour without a worker one sweep runs, and the late ones are gone."""
    flow_id = await client.create_flow(sweep)
    deployment = await client.create_deployment(flow_id, "late", work_pool_name=WORK_POOL)
    now = datetime.now(UTC)
    for minute in range(-60, 3):
        due = Scheduled(scheduled_time=now + timedelta(minutes=minute, seconds=30))
        await client.create_flow_run_from_deployment(deployment, state=due)
    mine = await client.create_flow_run_from_deployment(deployment)
    run = await client.read_flow_run(mine.id)
    counts = await run_flow(sweep, flow_run=run, parameters={})
    assert counts["late_sweeps_skipped"] == 60
    left = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    )
    assert sorted(str(other.state_name) for other in left) == ["Completed", *["Scheduled"] * 3]


@pytest.mark.usefixtures("flow_runtime")
async def test_a_schedule_becomes_runs(client: PrefectClient):
    """The libraries that we lock let Prefect's server schedule: a sweep a minute, by itself."""
    flow_id = await client.create_flow(sweep)
    every_minute = DeploymentScheduleCreate(
        schedule=IntervalSchedule(interval=timedelta(minutes=1))
    )
    deployment = await client.create_deployment(
        flow_id, "scheduled", work_pool_name=WORK_POOL, schedules=[every_minute]
    )
    own = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    async with asyncio.timeout(SCHEDULED_S):
        while not await client.read_flow_runs(flow_run_filter=own):  # noqa: ASYNC110 - Prefect's server does it
            await asyncio.sleep(0.5)
    await client.delete_deployment(deployment)
