"""The flow run that works on an attempt, described once for whoever has to start it."""

from typing import Any, NotRequired, TypedDict
from uuid import UUID

DEPLOYMENT = "transcribe/interactive"
WORK_POOL = "gpu"
HOUSEKEEPING_QUEUE = "housekeeping"
INTERACTIVE_QUEUE = "interactive"
BULK_QUEUE = "bulk"
"""Of the work pool: what nobody sees, what somebody waits for, and what nobody does."""

RESULTS_BLOCK = "scorewire-stage-results/shared"
"""What Prefect knows the storage of the stages' results by."""

TRACE_LABEL = "__OTEL_TRACEPARENT"
"""The label from which Prefect takes the trace that a run belongs to."""


class RunRequest(TypedDict):
    """Arguments of Prefect's `create_flow_run_from_deployment`."""

    name: str
    parameters: dict[str, Any]
    tags: list[str]
    idempotency_key: str
    labels: NotRequired[dict[str, bool | int | float | str]]


def run_request(
    job_id: UUID, title: str | None, *, attempt: int, traceparent: str | None = None
) -> RunRequest:
    """Describe the run of an attempt; asked twice for the same attempt, Prefect creates one.

    Args:
        job_id: the job.
        title: what the score is called.
        attempt: the attempt, from 1.
        traceparent: the span that the run's own goes below; it stays with the run when that is
            retried.
    """
    request: RunRequest = {
        "name": f"{title or 'Recording'} ({str(job_id)[:8]}, attempt {attempt})",
        "parameters": {"job_id": str(job_id)},
        "tags": ["scorewire", f"job:{job_id}"],
        "idempotency_key": f"{job_id}/{attempt}",
    }
    if traceparent is not None:
        request["labels"] = {TRACE_LABEL: traceparent}
    return request
