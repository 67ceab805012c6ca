"""Answers what the API asks of a Prefect server, and hands each run to a worker of the suite.

A real Prefect takes seconds to start, and its runs take theirs; what the contract says of the wire
does not depend on it. End-to-end tests have the real one.
"""

from collections.abc import Callable
from importlib import metadata
from typing import Any
from uuid import UUID, uuid4

from litestar import Litestar, get, post

DEPLOYMENT_ID = uuid4()
FLOW_ID = uuid4()

Begin = Callable[[UUID, UUID], None]
"""Takes a job's id and its run's."""

Stop = Callable[[UUID], None]
"""Takes a run's id."""


class StandInPrefect:
    """Runs, by what they were created for.

    Args:
        begin: called with each new run.
        stop: called with a run that is cancelled.
    """

    def __init__(self, begin: Begin, stop: Stop) -> None:
        self._begin = begin
        self._stop = stop
        self._runs: dict[str, UUID] = {}
        self._parameters: dict[UUID, dict[str, Any]] = {}

    def app(self) -> Litestar:
        """Make the server."""

        @get("/api/health", sync_to_thread=False)
        def health() -> bool:
            return True

        @get("/api/admin/version", sync_to_thread=False)
        def version() -> str:
            return metadata.version("prefect")

        @get("/api/deployments/name/{flow:str}/{name:str}", sync_to_thread=False)
        def deployment(flow: str, name: str) -> dict[str, Any]:
            return {"id": DEPLOYMENT_ID, "name": f"{flow}/{name}", "flow_id": FLOW_ID}

        @post("/api/deployments/{deployment_id:uuid}/create_flow_run")
        async def create(deployment_id: UUID, data: dict[str, Any]) -> dict[str, Any]:
            assert deployment_id == DEPLOYMENT_ID
            key = data["idempotency_key"]
            if key not in self._runs:
                self._runs[key] = uuid4()
                self._parameters[self._runs[key]] = data["parameters"]
                self._begin(UUID(data["parameters"]["job_id"]), self._runs[key])
            return self._run(self._runs[key])

        @get("/api/flow_runs/{run_id:uuid}", sync_to_thread=False)
        def run(run_id: UUID) -> dict[str, Any]:
            return self._run(run_id)

        @post("/api/flow_runs/{run_id:uuid}/set_state")
        async def set_state(run_id: UUID, data: dict[str, Any]) -> dict[str, Any]:
            self._stop(run_id)
            details = {"type": "accept_details"}
            return {"state": data["state"], "status": "ACCEPT", "details": details}

        handlers = [health, version, deployment, create, run, set_state]
        return Litestar(handlers, openapi_config=None, logging_config=None)

    def _run(self, run_id: UUID) -> dict[str, Any]:
        state = {"type": "RUNNING", "name": "Running"}
        parameters = self._parameters[run_id]
        return {"id": run_id, "flow_id": FLOW_ID, "state": state, "parameters": parameters}
