"""What a process that died left under way: nobody else would ever end it.

Prefect leaves such a run in the state it had. A run that had not begun goes back to its queue, and
so does a bulk run, which finds what it had done; any other is ended, and its job with it, so that
whoever watches is told and may retry. Afterwards every job that has not ended is held against its
run, because a process that is killed may do so between any two steps: a job may have no run yet, or
one that ended without a word.

Here it is done for the moment before the pool's only worker starts, when nobody lives;
`flows.sweep` does it while workers are at work.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed, Scheduled

from flows.hooks import end_cancelled, end_lost
from flows.journal import Journal
from flows.runtime import runtime, traces
from flows.scratch import discard_scratch
from scorewire.jobs.launching import BULK_QUEUE, DEPLOYMENT, run_request
from scorewire.store.jobs import UnfinishedJob, set_flow_run, unfinished_jobs

MAX_STARTS = 20
"""A bulk run that took its worker along as often as this is not started once more."""

UNDER_WAY = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
_PAGE = 200
"""As many runs as Prefect gives at once."""


async def recover(client: PrefectClient, work_pool: str) -> None:
    """End or requeue every run of `work_pool` that is under way, and every unfinished job.

    Only for the moment before the pool's only worker starts: whatever is under way then is dead.
    The deployment must exist.
    """
    for run in [run async for run in runs_under_way(client, work_pool)]:
        await end_run(client, run, state_after(run))
    for job in await asyncio.to_thread(runtime().store, unfinished_jobs):
        flow_run_id = job.flow_run_id or await launch(client, job)
        if is_over(state := await state_of(client, flow_run_id)):
            await end_job(job.job_id, flow_run_id, state)


async def runs_under_way(client: PrefectClient, work_pool: str) -> AsyncIterator[FlowRun]:
    """Every run of a pool that a worker has taken and that has not ended, the oldest first."""
    offset = 0
    while True:
        page = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNDER_WAY))
            ),
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[work_pool])),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=_PAGE,
            offset=offset,
        )
        for run in page:
            yield run
        if len(page) < _PAGE:
            return
        offset += _PAGE


def state_after(run: FlowRun) -> State[None]:
    """The state that a run without a process belongs in."""
    match run.state_type:
        case StateType.PENDING:
            return Scheduled(message="The worker stopped before the run began.")
        case StateType.CANCELLING:
            return Cancelled(message="The worker stopped while it cancelled the run.")
        case _ if run.work_queue_name == BULK_QUEUE and run.run_count < MAX_STARTS:
            return Scheduled(name="AwaitingRetry", message="The worker stopped; the run goes on.")
        case _:
            return Crashed(message="The worker stopped during the run.")


async def end_run(client: PrefectClient, run: FlowRun, state: State[None]) -> None:
    """Tell Prefect what became of a run without a process, and clean up after it."""
    await client.set_flow_run_state(run.id, state, force=True)
    # Its job may have ended long before, given up for its silence.
    await asyncio.to_thread(discard_scratch, run.id)


async def state_of(client: PrefectClient, flow_run_id: UUID) -> State[Any] | None:
    """The state that Prefect has a run in; None for a run that it does not know (any more)."""
    try:
        return (await client.read_flow_run(flow_run_id)).state
    except ObjectNotFound:
        return None


def is_over(state: State[Any] | None) -> bool:
    """Whether a run in this state will never do anything."""
    return state is None or state.is_final()


async def end_job(job_id: UUID, flow_run_id: UUID, state: State[Any] | None) -> None:
    """Say what its run, which is over, did not: with one terminal event, unless there is one."""
    journal = Journal(runtime(), job_id, flow_run_id)
    cancelled = state is not None and state.is_cancelled()
    await asyncio.to_thread(end_cancelled if cancelled else end_lost, journal)


async def launch(client: PrefectClient, job: UnfinishedJob) -> UUID:
    """Create the run of a job that nobody launched, or find the one that nobody noted."""
    deployment = await client.read_deployment_by_name(DEPLOYMENT)
    traced = traces().traceparent(job.job_id, job.attempt)
    request = run_request(job.job_id, job.title, attempt=job.attempt, traceparent=traced)
    run = await client.create_flow_run_from_deployment(deployment.id, **request)
    await asyncio.to_thread(runtime().store, set_flow_run, job.job_id, run.id)
    return run.id
