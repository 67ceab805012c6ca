"""Starts a deployment's run on a Prefect server, and reads what it tells; over Prefect's REST API.

For operators: who reaches that API may start anything, so there is nothing to ask a token for.
"""

from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx
import msgspec

from scorewire.errors import ServiceUnavailableError, SetupError

_TIMEOUT_S = 30.0
_FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


class Run(msgspec.Struct, frozen=True):
    """Where a flow run stands.

    Attributes:
        state_type: its state, as Prefect calls it.
        message: what Prefect says of it.
    """

    state_type: str
    message: str | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.state_type in _FINAL

    @property
    def completed(self) -> bool:
        """Whether it came to its end."""
        return self.state_type == "COMPLETED"


class Artifact(msgspec.Struct, frozen=True):
    """What a run shows under a key."""

    key: str | None
    created: str
    description: str | None
    data: Any

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Those of a table, which Prefect keeps as text."""
        return msgspec.json.decode(self.data, type=list[dict[str, Any]])


class PrefectServer:
    """A connection to a Prefect server; an async context manager.

    Args:
        api_url: its address, with `/api`.
        login: `user:password`, for one that asks for it.

    Every call raises ServiceUnavailableError where the server cannot be reached, or refuses.
    """

    def __init__(self, api_url: str, login: str | None) -> None:
        self._url = api_url.rstrip("/")
        user, _, password = (login or "").partition(":")
        auth = httpx.BasicAuth(user, password) if login else None
        self._http = httpx.AsyncClient(base_url=self._url, auth=auth, timeout=_TIMEOUT_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def start(self, deployment: str, name: str, parameters: dict[str, Any]) -> UUID:
        """Start a run of a deployment; returns its id.

        Raises:
            SetupError: the server has no such deployment.
        """
        answer = await self._send("GET", f"/deployments/name/{deployment}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            msg = f"Prefect at {self._url} has no deployment {deployment}: `scorewire up` makes it."
            raise SetupError(msg)
        found = self._checked(answer).json()
        body = {"name": name, "parameters": parameters}
        created = await self._send("POST", f"/deployments/{found['id']}/create_flow_run", body)
        return UUID(self._checked(created).json()["id"])

    async def run(self, flow_run_id: UUID) -> Run:
        """Where a run stands."""
        answer = self._checked(await self._send("GET", f"/flow_runs/{flow_run_id}")).json()
        state = answer.get("state") or {}
        return Run(str(answer["state_type"]), state.get("message"))

    async def artifacts(self, flow_run_id: UUID) -> dict[str, Artifact]:
        """What a run shows, by key: of several with the same, the newest."""
        body = {
            "artifacts": {"flow_run_id": {"any_": [str(flow_run_id)]}},
            "sort": "CREATED_DESC",
            "limit": 100,
        }
        answer = self._checked(await self._send("POST", "/artifacts/filter", body))
        found = msgspec.json.decode(answer.content, type=list[Artifact])
        return {artifact.key: artifact for artifact in reversed(found) if artifact.key is not None}

    async def _send(self, method: str, path: str, body: object = None) -> httpx.Response:
        try:
            return await self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            msg = f"Prefect at {self._url} does not answer ({why})."
            raise ServiceUnavailableError(msg) from error

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if not answer.is_success:
            hint = (
                ": put its login into PREFECT_API_AUTH_STRING"
                if answer.status_code == httpx.codes.UNAUTHORIZED
                else f" ({answer.text[:200]})"
            )
            msg = f"Prefect at {self._url} answered {answer.status_code}{hint}."
            raise ServiceUnavailableError(msg)
        return answer
