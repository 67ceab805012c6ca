"""Runs that were under way when their worker died: nobody else would ever end them.

Prefect leaves such a run in the state it had. A run that had not begun goes back to its queue; one
that had is ended, and its job with it, so that whoever watches is told and may retry.
"""

import asyncio

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Crashed, Scheduled

from flows.hooks import end_lost_run

UNDER_WAY = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


async def recover(client: PrefectClient, work_pool: str) -> None:
    """End or requeue every run of `work_pool` that is under way.

    Only for the moment before the pool's only worker starts: whatever is under way then is dead.
    """
    runs = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNDER_WAY))
        ),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[work_pool])),
    )
    for run in runs:
        await _recover_run(client, run)


async def _recover_run(client: PrefectClient, run: FlowRun) -> None:
    if run.state_type == StateType.PENDING:
        state: State[None] = Scheduled(message="The worker stopped before the run began.")
    else:
        state = Crashed(message="The worker stopped during the run.")
        await asyncio.to_thread(end_lost_run, run)
    await client.set_flow_run_state(run.id, state, force=True)
