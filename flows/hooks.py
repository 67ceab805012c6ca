"""Prefect's state hooks: how the states of tasks and flows become the job's events.

A hook may be called twice for one state (Prefect repeats `on_running` around a crash) and, for a
crash, in a process other than the flow's. The store therefore decides: it never lets progress
fall, takes one terminal event an attempt, and refuses runs that do not own the job. For the same
reason a run claims its job in the flow's body, not in a hook.
"""

from typing import Any

from prefect import Flow, Task
from prefect.client.schemas.objects import FlowRun, State, TaskRun

from flows.failures import error_detail
from flows.journal import Journal, current_journal
from flows.runtime import runtime
from flows.scratch import discard_scratch
from flows.showing import show_first_page
from scorewire.jobs.stages import Stage, overall_progress
from scorewire.store.bulk import end_jobs_of
from scorewire.store.ending import CANCELLED
from scorewire.store.silence import LOST

STARTED = {
    Stage.DOWNLOAD: "Fetching the recording",
    Stage.SEPARATION: "Separating the instruments",
    Stage.TRANSCRIPTION: "Listening for notes",
    Stage.MUSICXML: "Writing the score",
}
FINISHED = {
    Stage.DOWNLOAD: "The recording is here",
    Stage.SEPARATION: "Separation done",
    Stage.TRANSCRIPTION: "The notes are found",
    Stage.MUSICXML: "The score is written",
}


def stage_running(task: Task[Any, Any], task_run: TaskRun, state: State[Any]) -> None:
    """A stage begins, or is tried again."""
    stage = Stage(task.name)
    message = STARTED[stage]
    if state.name == "Retrying":
        message = f"{message} (try {task_run.run_count} of {task.retries + 1})"
    current_journal().progress(stage, overall_progress(stage, 0), message)


def stage_completed(task: Task[Any, Any], task_run: TaskRun, state: State[Any]) -> None:
    """A stage is done, or its result is kept from an earlier run."""
    stage = Stage(task.name)
    kept = state.name == "Cached"
    message = f"{FINISHED[stage]} (kept from an earlier run)" if kept else FINISHED[stage]
    current_journal().progress(stage, overall_progress(stage, 1), message)


def flow_completed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """The score is ready."""
    journal, result = Journal.of(flow_run), state.result()
    journal.completed(result)
    show_first_page(journal, result["musicxml"])


def flow_failed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A stage failed for good."""
    journal = Journal.of(flow_run)
    failure = state.result(raise_on_failure=False)
    journal.failed(error_detail(failure, journal.stage()))


def flow_crashed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """The flow's process died; this runs in the worker."""
    end_lost(Journal.of(flow_run))


def flow_cancelled(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A person stopped the run in Prefect; this runs in the worker."""
    end_cancelled(Journal.of(flow_run))


def bulk_ended(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A bulk run stopped before its end: its process died, it was cancelled, or it failed.

    Whatever it was at is taken up by the next run of the same sources.
    """
    discard_scratch(flow_run.id)
    stopped = state.is_cancelled() or state.is_cancelling()
    error = CANCELLED if stopped else LOST
    runtime().store(end_jobs_of, flow_run.id, error)


def end_lost(journal: Journal) -> None:
    """Tell that a run's process is gone, and clean up after it."""
    discard_scratch(journal.flow_run_id)
    journal.failed(error_detail(LOST, journal.stage()))


def end_cancelled(journal: Journal) -> None:
    """Tell that a person stopped the job ([J5]), and clean up after its run."""
    discard_scratch(journal.flow_run_id)
    journal.failed(error_detail(CANCELLED, journal.stage()))
