"""Starts flow runs by the name of their deployment, and cancels them; knows not what they do.

Prefect takes seconds to import, so it is imported in a thread when it is first needed.
"""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import structlog

from scorewire.errors import ServiceUnavailableError
from scorewire.jobs.launching import DEPLOYMENT, WORK_POOL, RunRequest, run_request
from scorewire.traces import Traces

if TYPE_CHECKING:
    from types import ModuleType

    from prefect import State
    from prefect.client.orchestration import PrefectClient

TIMEOUT_S = 15.0
CANCEL_TIMEOUT_S = 3.0
HEALTH_TIMEOUT_S = 3.0

log = structlog.get_logger(__name__)


class Launcher:
    """A connection to the Prefect API that the environment names (`PREFECT_API_URL`).

    Args:
        traces: where attempts are traced.
    """

    def __init__(self, traces: Traces) -> None:
        self._traces = traces
        self._client: PrefectClient | None = None
        self._opening = asyncio.Lock()
        self._deployment_id: UUID | None = None

    async def warm_up(self) -> None:
        """Do the slow import ahead of the first request."""
        await asyncio.to_thread(_orchestration)

    async def launch(self, job_id: UUID, title: str | None, *, attempt: int) -> UUID:
        """Create the flow run of an attempt; asked twice for the same attempt, it creates one.

        Returns:
            The id of the flow run.

        Raises:
            ServiceUnavailableError: Prefect cannot be reached, or lacks the deployment.
        """
        traced = self._traces.traceparent(job_id, attempt)
        request = run_request(job_id, title, attempt=attempt, traceparent=traced)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                client = await self._open()
                try:
                    return await self._create_run(client, request)
                except _missing():
                    # The deployment that was known is gone; another may have its name.
                    self._deployment_id = None
                    return await self._create_run(client, request)
        except _failures() as error:
            log.warning("flow run not created", job_id=str(job_id), error=repr(error))
            message = "The transcription service cannot be reached; retry in a moment."
            raise ServiceUnavailableError(message) from error

    async def _create_run(self, client: "PrefectClient", request: RunRequest) -> UUID:
        if self._deployment_id is None:
            self._deployment_id = (await client.read_deployment_by_name(DEPLOYMENT)).id
        return (await client.create_flow_run_from_deployment(self._deployment_id, **request)).id

    async def cancel(self, flow_run_id: UUID, job_id: UUID) -> None:
        """Let a job's run that waits never start; one that has ended, or is gone, is left alone.

        So is a run that has other jobs as well, as a bulk run does: it drops this one by itself.
        A running one ends its own process as soon as it sees that its job was taken from it. It is
        not set to Cancelling, where Prefect would first wait for the process to heed a SIGTERM.

        Raises:
            ServiceUnavailableError: Prefect cannot be reached.
        """
        try:
            async with asyncio.timeout(CANCEL_TIMEOUT_S):
                client = await self._open()
                from prefect.states import Cancelled  # noqa: PLC0415 - the client is open by now

                run = await client.read_flow_run(flow_run_id)
                if run.parameters.get("job_id") != str(job_id):
                    return
                if run.state is None or not run.state.is_final():
                    state: State[None] = Cancelled(message="The job was cancelled.")
                    await client.set_flow_run_state(flow_run_id, state)
        except _failures() as error:
            if isinstance(error, _missing()):
                return
            log.warning("flow run not cancelled", flow_run_id=str(flow_run_id), error=repr(error))
            message = "The transcription service cannot be reached; retry in a moment."
            raise ServiceUnavailableError(message) from error

    async def check(self) -> None:
        """Ask Prefect for a sign of life, and for the deployment that jobs are launched by.

        Raises:
            ServiceUnavailableError: it gives none, or lacks the deployment.
        """
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                client = await self._open()
                failure = await client.api_healthcheck()
                if failure is None:
                    await client.read_deployment_by_name(DEPLOYMENT)
        except _failures() as error:
            failure = error
        if failure is not None:
            message = "The transcription service cannot be reached; see its log."
            raise ServiceUnavailableError(message) from failure

    async def has_worker(self) -> bool:
        """Whether a worker of the pool has been heard of lately, as Prefect judges it."""
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                client = await self._open()
                workers = await client.read_workers_for_work_pool(WORK_POOL)
        except _failures():
            return False
        return any(worker.status == "ONLINE" for worker in workers)

    async def aclose(self) -> None:
        """Close the connection, if one was opened."""
        if self._client is not None:
            await self._client.__aexit__(None, None, None)
            self._client = None

    async def _open(self) -> "PrefectClient":
        async with self._opening:
            if self._client is None:
                orchestration = await asyncio.to_thread(_orchestration)
                client: PrefectClient = orchestration.get_client()
                # Held open for the life of the service: aclose() is its end.
                self._client = await client.__aenter__()
            return self._client


def _orchestration() -> "ModuleType":
    from prefect.client import orchestration  # noqa: PLC0415 - takes seconds

    return orchestration


def _missing() -> type[Exception]:
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415 - takes seconds

    return ObjectNotFound


def _failures() -> tuple[type[Exception], ...]:
    from prefect.exceptions import PrefectException  # noqa: PLC0415 - takes seconds

    # ValueError is what Prefect raises where no API URL is set.
    return (PrefectException, httpx.HTTPError, OSError, ValueError)
