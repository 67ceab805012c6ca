"""What all stage tasks have in common: retries that are told, results that are kept.

A stage's result is a small mapping of names to blob keys, kept under a key made of everything the
result depends on. Any later run with the same content, of this job or another, finds it instead
of working again.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib.metadata import version
from threading import current_thread, main_thread
from typing import ParamSpec, TypeVar

import msgspec
from prefect import Task, task
from prefect.cache_policies import CacheKeyFnPolicy
from prefect.tasks import exponential_backoff

from flows.failures import retry_transient
from flows.hooks import stage_completed, stage_running
from flows.journal import current_journal
from flows.runtime import runtime
from scorewire.jobs.stages import Stage

P = ParamSpec("P")
R = TypeVar("R", bound=Mapping[str, str])

RETRY_BACKOFF_S = 2.0
RETRY_JITTER = 0.5


def content_key(stage: Stage, *content: object) -> str:
    """Name a result by what it depends on: the stage, its inputs, and our own version."""
    encoded = msgspec.json.encode([version("scorewire"), *content], order="deterministic")
    return f"{stage}-{sha256(encoded).hexdigest()}"


def stage_task(
    stage: Stage, *, retries: int, timeout_s: float
) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a stage's function a Prefect task.

    The function's parameter `key` is the name under which its result is kept.
    """
    return task(
        name=stage.value,
        retries=retries,
        retry_delay_seconds=exponential_backoff(RETRY_BACKOFF_S),
        retry_jitter_factor=RETRY_JITTER,
        retry_condition_fn=retry_transient,
        timeout_seconds=timeout_s,
        persist_result=True,
        result_serializer="json",
        cache_policy=CacheKeyFnPolicy(cache_key_fn=lambda _, parameters: parameters["key"]),
        on_running=[stage_running],
        on_completion=[stage_completed],
    )


def run_stage(stage: Task[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a stage, or take its kept result if every blob that it names is still stored."""
    if current_thread() is not main_thread():
        # Prefect could not interrupt it there, and would say so each time.
        stage = stage.with_options(timeout_seconds=0)
    # Noted before they are looked for: another job that is deleted does not take them along then.
    result = _noted(stage(*args, **kwargs))
    if all(runtime().blobs.exists(key) for key in result.values()):
        return result
    return _noted(stage.with_options(refresh_cache=True)(*args, **kwargs))


def _noted(result: R) -> R:
    current_journal().note_files(result.values())
    return result
