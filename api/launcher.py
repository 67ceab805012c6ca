"""Starts flow runs by the name of their deployment, and cancels them; knows not what they do.

Prefect takes seconds to import, so it is imported in a thread when it is first needed.
"""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import structlog

from scorewire.errors import ServiceUnavailableError
from scorewire.jobs.launching import DEPLOYMENT, run_request

if TYPE_CHECKING:
    from types import ModuleType

    from prefect import State
    from prefect.client.orchestration import PrefectClient

TIMEOUT_S = 15.0
CANCEL_TIMEOUT_S = 3.0
HEALTH_TIMEOUT_S = 3.0

log = structlog.get_logger(__name__)


class Launcher:
    """A connection to the Prefect API that the environment names (`PREFECT_API_URL`)."""

    def __init__(self) -> None:
        self._client: PrefectClient | None = None
        self._opening = asyncio.Lock()

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
        try:
            async with asyncio.timeout(TIMEOUT_S):
                client = await self._open()
                deployment = await client.read_deployment_by_name(DEPLOYMENT)
                run = await client.create_flow_run_from_deployment(
                    deployment.id, **run_request(job_id, title, attempt=attempt)
                )
        except _failures() as error:
            log.warning("flow run not created", job_id=str(job_id), error=repr(error))
            message = "The transcription service cannot be reached; retry in a moment."
            raise ServiceUnavailableError(message) from error
        return run.id

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
            if _is_missing(error):
                return
            log.warning("flow run not cancelled", flow_run_id=str(flow_run_id), error=repr(error))
            message = "The transcription service cannot be reached; retry in a moment."
            raise ServiceUnavailableError(message) from error

    async def check(self) -> None:
        """Ask Prefect for a sign of life.

        Raises:
            ServiceUnavailableError: it gives none.
        """
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                client = await self._open()
                failure = await client.api_healthcheck()
        except _failures() as error:
            failure = error
        if failure is not None:
            message = "The transcription service cannot be reached; see its log."
            raise ServiceUnavailableError(message) from failure

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


def _is_missing(error: Exception) -> bool:
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415 - takes seconds

    return isinstance(error, ObjectNotFound)


def _failures() -> tuple[type[Exception], ...]:
    from prefect.exceptions import PrefectException  # noqa: PLC0415 - takes seconds

    # ValueError is what Prefect raises where no API URL is set.
    return (PrefectException, httpx.HTTPError, OSError, ValueError)
