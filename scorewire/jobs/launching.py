"""The flow run that works on an attempt, described once for whoever has to start it."""

from typing import Any, TypedDict
from uuid import UUID

DEPLOYMENT = "transcribe/interactive"
WORK_POOL = "gpu"
INTERACTIVE_QUEUE = "interactive"
BULK_QUEUE = "bulk"
DEFAULT_QUEUE = "default"
"""Of the work pool: what somebody waits for, what nobody does, and what names no queue."""


class RunRequest(TypedDict):
    """Arguments of Prefect's `create_flow_run_from_deployment`."""

    name: str
    parameters: dict[str, Any]
    tags: list[str]
    idempotency_key: str


def run_request(job_id: UUID, title: str | None, *, attempt: int) -> RunRequest:
    """Describe the run of an attempt; asked twice for the same attempt, Prefect creates one."""
    return {
        "name": f"{title or 'Recording'} ({str(job_id)[:8]}, attempt {attempt})",
        "parameters": {"job_id": str(job_id)},
        "tags": ["scorewire", f"job:{job_id}"],
        "idempotency_key": f"{job_id}/{attempt}",
    }
