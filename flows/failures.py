"""Which failures pass by themselves, and what a person is told of one."""

from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun

from flows.journal import current_journal
from scorewire.errors import (
    InternalError,
    OutOfMemoryError,
    ScorewireError,
    StageTimeoutError,
    TransientError,
)
from scorewire.jobs.messages import ErrorDetail
from scorewire.jobs.stages import Stage, overall_progress


def as_scorewire_error(failure: object) -> ScorewireError:
    """Put any failure into the error tree; what is not foreseen becomes an `InternalError`."""
    match failure:
        case ScorewireError():
            return failure
        case TimeoutError():
            return StageTimeoutError(
                "This stage took longer than it may; try again, or with a shorter section."
            )
        case MemoryError():
            return OutOfMemoryError(
                "The server ran out of memory; try again, or with a shorter section."
            )
        case _:
            return InternalError(
                "Something went wrong on our side; try again, and tell the operator if it stays."
            )


def error_detail(failure: object, stage: Stage | None) -> ErrorDetail:
    """The wire's account of a failure."""
    error = as_scorewire_error(failure)
    return ErrorDetail(
        message=error.message, retryable=error.retryable, stage=stage, code=error.code
    )


def retry_transient(task: Task[Any, Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Prefect's `retry_condition_fn`: try again what may pass, and say so ([J4]).

    Prefect has no hook for a task that awaits its retry; it asks this function exactly once
    before each one, so the retry is told from here.
    """
    failure = state.data
    if not isinstance(failure, TransientError):
        return False
    stage = Stage(task.name)
    attempt = task_run.run_count
    message = (
        f"{stage.capitalize()} failed: {failure.message.rstrip('.')}; "
        f"retry {attempt + 1} of {task.retries + 1} in about {_delay_s(task, attempt):g} s"
    )
    current_journal().progress(stage, overall_progress(stage, 0), message)
    return True


def _delay_s(task: Task[Any, Any], attempt: int) -> float:
    delays = task.retry_delay_seconds
    return delays[min(attempt, len(delays)) - 1]
