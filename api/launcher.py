"""Starts flow runs by the name of their deployment; knows nothing of what they do.

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

    from prefect.client.orchestration import PrefectClient

TIMEOUT_S = 15.0
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


def _failures() -> tuple[type[Exception], ...]:
    from prefect.exceptions import PrefectException  # noqa: PLC0415 - takes seconds

    # ValueError is what Prefect raises where no API URL is set.
    return (PrefectException, httpx.HTTPError, OSError, ValueError)
