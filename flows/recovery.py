"""What was under way when the pool's only worker died: nobody else would ever end it.

Prefect leaves such a run in the state it had. A run that had not begun goes back to its queue, and
so does a bulk run, which finds what it had done; any other is ended, and its job with it, so that
whoever watches is told and may retry. Afterwards every job that has not ended is held against its
run, because a process that is killed may do so between any two steps: a job may have no run yet, or
one that ended without a word.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
    WorkQueueFilter,
    WorkQueueFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed, Scheduled

from flows.hooks import end_cancelled, end_lost
from flows.journal import Journal
from flows.runtime import runtime
from flows.scratch import discard_scratch
from scorewire.jobs.launching import BULK_QUEUE, DEPLOYMENT, run_request
from scorewire.store.jobs import UnfinishedJob, set_flow_run, unfinished_jobs

MAX_STARTS = 20
"""A bulk run that took its worker along as often as this is not started once more."""

UNDER_WAY = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


async def recover(client: PrefectClient, work_pool: str, queues: Sequence[str] = ()) -> None:
    """End or requeue every run of `work_pool` that is under way, and every unfinished job.

    Only for the moment before the only worker of the pool, or of its `queues`, starts: whatever is
    under way there then is dead. The deployment must exist.
    """
    runs = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNDER_WAY))
        ),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[work_pool])),
        work_queue_filter=WorkQueueFilter(name=WorkQueueFilterName(any_=list(queues) or None)),
    )
    for run in runs:
        await client.set_flow_run_state(run.id, _state_after(run), force=True)
        # Its job may have ended long before, given up for its silence.
        await asyncio.to_thread(discard_scratch, run.id)
    for job in await asyncio.to_thread(runtime().store, unfinished_jobs):
        await _recover_job(client, job)


def _state_after(run: FlowRun) -> State[None]:
    match run.state_type:
        case StateType.PENDING:
            return Scheduled(message="The worker stopped before the run began.")
        case StateType.CANCELLING:
            return Cancelled(message="The worker stopped while it cancelled the run.")
        case _ if run.work_queue_name == BULK_QUEUE and run.run_count < MAX_STARTS:
            return Scheduled(name="AwaitingRetry", message="The worker stopped; the run goes on.")
        case _:
            return Crashed(message="The worker stopped during the run.")


async def _recover_job(client: PrefectClient, job: UnfinishedJob) -> None:
    flow_run_id = job.flow_run_id or await _launch(client, job)
    journal = Journal(runtime(), job.job_id, flow_run_id)
    try:
        state = (await client.read_flow_run(flow_run_id)).state
    except ObjectNotFound:
        state = None
    if state is None or (state.is_final() and not state.is_cancelled()):
        await asyncio.to_thread(end_lost, journal)
    elif state.is_cancelled():
        await asyncio.to_thread(end_cancelled, journal)


async def _launch(client: PrefectClient, job: UnfinishedJob) -> UUID:
    """Create the run of a job that nobody launched, or find the one that nobody noted."""
    deployment = await client.read_deployment_by_name(DEPLOYMENT)
    request = run_request(job.job_id, job.title, attempt=job.attempt)
    run = await client.create_flow_run_from_deployment(deployment.id, **request)
    await asyncio.to_thread(runtime().store, set_flow_run, job.job_id, run.id)
    return run.id
