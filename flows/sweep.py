"""Reconciles our jobs with Prefect's runs while workers are at work: nothing may stay stuck.

What ends a job that died is elsewhere, and quicker: state hooks, the run itself, the API and the
bridge by its silence. This is the second line, and the only one for what Prefect shows: a run whose
worker died stays *Running* there for ever, one that died before it began stays *Pending*.

Several machines may work on the pool, so whatever may be alive is left alone. A run lives while its
job shows signs of life; one that shows none yet gets as long as any start takes.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog
from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.events.filters import (
    EventFilter,
    EventNameFilter,
    EventOccurredFilter,
    EventResourceFilter,
)
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed

from flows.recovery import end_job, end_run, is_over, launch, runs_under_way, state_after, state_of
from flows.runtime import runtime
from scorewire.jobs.job import JobStatus
from scorewire.jobs.launching import WORK_POOL
from scorewire.store.jobs import UnfinishedJob, get_job, unfinished_jobs
from scorewire.store.silence import (
    LOOKS_WITHIN_A_SILENCE,
    Witness,
    database_time,
    end_silent_jobs,
    forgotten_jobs,
)

TIMEOUT_S = 300
"""Long after a sweep should have ended; then the next one may try."""

ENDED = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]
KEEP_HISTORY = timedelta(days=1)
HEARTBEAT = "prefect.flow-run.heartbeat"

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long whatever may still come is waited for, in seconds.

    Attributes:
        pending_s: for a run that a worker has taken to begin.
        claim_s: for a run that has begun to take its job.
        cancelling_s: for a worker to end a run.
        hook_s: for the hook of a run that has ended to say so.
        launch_s: for the API to launch a job.
        heartbeat_s: for a run that has no job of its own to give a sign of life.
    """

    pending_s: float = 180.0
    claim_s: float = 120.0
    cancelling_s: float = 120.0
    hook_s: float = 60.0
    launch_s: float = 90.0
    heartbeat_s: float = 600.0


@flow(timeout_seconds=TIMEOUT_S, retries=0, persist_result=False)
async def sweep() -> dict[str, int]:
    """End or start whatever nobody else will; returns how many of each."""
    async with get_client() as client:
        skipped = await clear_other_sweeps(client)
        silence_s = runtime().settings.job_silence_s
        done = await reconcile(client, WORK_POOL, silence_s=silence_s)
    counts = {"late_sweeps_skipped": skipped, **done}
    log.info("swept", **counts)
    return counts


async def reconcile(
    client: PrefectClient, work_pool: str, *, silence_s: float, patience: Patience | None = None
) -> dict[str, int]:
    """Hold the runs of a pool and the jobs that have not ended against each other.

    Args:
        client: of the Prefect server.
        work_pool: whose runs are looked at.
        silence_s: silence of a run after which it counts as dead.
        patience: how long other things may take.

    Returns:
        How many jobs were ended and launched, and how many runs ended and put back.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    counts: Counter[str] = Counter(jobs_ended=0, jobs_launched=0, runs_ended=0, runs_requeued=0)
    counts["jobs_ended"] += await _end_silent_jobs(silence_s)
    look = _Look(client, silence_s, patience or Patience(), counts)
    # The runs first: a job that is made or claimed in between is then known to its run, at least.
    runs = [run async for run in runs_under_way(client, work_pool)]
    jobs = await _ask(runtime().start(unfinished_jobs))
    for run in runs:
        await look.at_run(run, jobs)
    for job in jobs:
        await look.at_job(job)
    for waiting in await _ask(runtime().start(forgotten_jobs, waited_s=look.patience.launch_s)):
        log.warning("job launched: it was left without a run", job_id=str(waiting.job_id))
        forgotten = UnfinishedJob(waiting.job_id, waiting.title, waiting.attempt, None, None)
        await launch(client, forgotten)
        counts["jobs_launched"] += 1
    return dict(counts)


async def clear_other_sweeps(client: PrefectClient) -> int:
    """Delete the sweeps that were due while no worker ran, and those of more than a day ago.

    This one does the work of all that were due. Returns how many it took the place of.
    """
    context = FlowRunContext.get()
    run = None if context is None else context.flow_run
    if run is None or run.deployment_id is None:
        return 0
    now = datetime.now(UTC)
    late = await _sweeps(client, run.deployment_id, [StateType.SCHEDULED], before=now)
    past = await _sweeps(client, run.deployment_id, ENDED, before=now - KEEP_HISTORY)
    for other in [*late, *past]:
        if other.id != run.id:
            with suppress(ObjectNotFound):
                await client.delete_flow_run(other.id)
    return sum(other.id != run.id for other in late)


async def _sweeps(
    client: PrefectClient, deployment_id: UUID, states: list[StateType], *, before: datetime
) -> list[FlowRun]:
    due = FlowRunFilterExpectedStartTime.model_validate({"before_": before})
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=[deployment_id]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
            expected_start_time=due,
        )
    )


class _Look:
    """One pass over runs and jobs.

    Args:
        client: of the Prefect server.
        silence_s: silence of a run after which it counts as dead.
        patience: how long other things may take.
        counts: of what was done, added to.
    """

    def __init__(
        self, client: PrefectClient, silence_s: float, patience: Patience, counts: Counter[str]
    ) -> None:
        self.patience = patience
        self._client = client
        self._silence_s = silence_s
        self._counts = counts
        self._states: dict[UUID, State[Any] | None] = {}

    async def at_run(self, run: FlowRun, jobs: Collection[UnfinishedJob]) -> None:
        """End a run, or put it back, if nobody works on it any more."""
        own = [job for job in jobs if job.flow_run_id == run.id]
        if any(self._shows_life(job) for job in own):
            return
        job_id = _job_of(run)
        match run.state_type:
            case StateType.PENDING:
                dead = _age_s(run) > self.patience.pending_s
            case StateType.CANCELLING:
                dead = _age_s(run) > self.patience.cancelling_s
            case _ if job_id is None:
                dead = _age_s(run) > self.patience.heartbeat_s and not await self._beats(run)
            case _:
                dead = _age_s(run) > self.patience.claim_s
        if not dead:
            return
        state = await self._settled(run, job_id)
        log.warning("run settled: nobody works on it", flow_run=str(run.id), state=state.name)
        await end_run(self._client, run, state)
        self._counts["runs_requeued" if state.is_scheduled() else "runs_ended"] += 1
        if state.is_final():
            for job in own:
                await self._end(job, run.id, state)

    async def at_job(self, job: UnfinishedJob) -> None:
        """End a job whose run is over without a word."""
        if job.flow_run_id is None or self._shows_life(job):
            return
        if job.flow_run_id not in self._states:
            self._states[job.flow_run_id] = await state_of(self._client, job.flow_run_id)
        state = self._states[job.flow_run_id]
        if not is_over(state):
            return
        if state is not None and _since_s(state.timestamp) <= self.patience.hook_s:
            return
        await self._end(job, job.flow_run_id, state)

    def _shows_life(self, job: UnfinishedJob) -> bool:
        return job.silent_s is not None and job.silent_s <= self._silence_s

    async def _beats(self, run: FlowRun) -> bool:
        """Whether Prefect heard of a run of late, which has no job that would show it."""
        since = datetime.now(UTC) - timedelta(seconds=self.patience.heartbeat_s)
        heard = await self._client.read_events(
            EventFilter(
                occurred=EventOccurredFilter.model_validate({"since": since}),
                event=EventNameFilter(name=[HEARTBEAT]),
                resource=EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]),
            ),
            limit=1,
        )
        return bool(heard.events)

    async def _settled(self, run: FlowRun, job_id: UUID | None) -> State[None]:
        if run.state_type is StateType.RUNNING and job_id is not None:
            job = await _ask(runtime().start(get_job, job_id))
            if job is not None and job.status is JobStatus.COMPLETED:
                return Completed(message="The score is ready; its run could not say so.")
        return state_after(run)

    async def _end(self, job: UnfinishedJob, flow_run_id: UUID, state: State[Any] | None) -> None:
        log.warning("job ended: its run is over", job_id=str(job.job_id))
        await end_job(job.job_id, flow_run_id, state)
        self._counts["jobs_ended"] += 1


async def _end_silent_jobs(silence_s: float) -> int:
    """End jobs whose run is silent, as the API and the bridge do, where neither is there to do so.

    A silence counts only where we were there for all of it, so this waits, but only where there is
    something to wait for.
    """
    every_s = silence_s / LOOKS_WITHIN_A_SILENCE
    witness = Witness(silence_s=silence_s, gap_s=2 * every_s)
    while True:
        jobs = await _ask(runtime().start(unfinished_jobs))
        if not any(job.silent_s is not None and job.silent_s > silence_s for job in jobs):
            return 0
        now = await _ask(runtime().start(database_time))
        if witness.believes(now):
            ended = await _ask(runtime().start(end_silent_jobs, now=now, silence_s=silence_s))
            for job_id in ended:
                log.warning("job given up: its process is silent", job_id=str(job_id))
            return len(ended)
        await asyncio.sleep(every_s)


def _job_of(run: FlowRun) -> UUID | None:
    """The one job that a run was launched for; None for a run of another kind."""
    given: Mapping[str, object] = run.parameters
    return UUID(str(given["job_id"])) if "job_id" in given else None


def _age_s(run: FlowRun) -> float:
    return _since_s(run.state.timestamp if run.state is not None else run.created)


def _since_s(moment: datetime | None) -> float:
    return 0.0 if moment is None else (datetime.now(UTC) - moment).total_seconds()


async def _ask(answer: Future[T]) -> T:
    return await asyncio.wrap_future(answer)
