"""A plain client of the service, as a stranger would write it from docs/protocol.md."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

TIMEOUT_S = 180.0


@dataclass
class Watched:
    """Everything that one connection was sent, and how it ended."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    close_code: int | None = None

    @property
    def ids(self) -> list[int]:
        """The event ids, in the order of arrival."""
        return [message["id"] for message in self.messages]

    @property
    def last(self) -> dict[str, Any]:
        """The message before the close."""
        return self.messages[-1]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one type."""
        return [message for message in self.messages if message["type"] == kind]


class Client:
    """REST and WebSocket of one running stack."""

    def __init__(self, api_url: str) -> None:
        self._http = httpx.Client(base_url=api_url, timeout=30)
        self._ws_url = api_url.replace("http", "ws", 1)

    def upload(self, path: Path, **options: object) -> str:
        """Submit a file; returns the job's id."""
        with path.open("rb") as file:
            response = self._http.post(
                "/api/v1/transcribe/upload",
                files={"file": (path.name, file)},
                data={"options": json.dumps(options)},
            )
        assert response.status_code == httpx.codes.CREATED, response.text
        return str(response.json()["job_id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """The polling view."""
        response = self._http.get(f"/api/v1/jobs/{job_id}")
        assert response.status_code == httpx.codes.OK, response.text
        found: dict[str, Any] = response.json()
        return found

    def retry(self, job_id: str) -> None:
        """Ask for the next attempt."""
        response = self._http.post(f"/api/v1/jobs/{job_id}/retry")
        assert response.status_code == httpx.codes.ACCEPTED, response.text

    def cancel(self, job_id: str) -> dict[str, Any]:
        """End a job; returns it as it then is."""
        response = self._http.post(f"/api/v1/jobs/{job_id}/cancel")
        assert response.status_code == httpx.codes.ACCEPTED, response.text
        ended: dict[str, Any] = response.json()
        return ended

    def delete(self, job_id: str) -> None:
        """Remove a job."""
        response = self._http.delete(f"/api/v1/jobs/{job_id}")
        assert response.status_code == httpx.codes.NO_CONTENT, response.text

    def get(self, path: str) -> httpx.Response:
        """Any other resource."""
        return self._http.get(path)

    def connect(self, job_id: str, *, after: int | None = None) -> ClientConnection:
        """Open a job's stream."""
        query = "" if after is None else f"?after={after}"
        return connect(f"{self._ws_url}/api/v1/jobs/{job_id}/stream{query}")

    def watch(self, job_id: str, *, after: int | None = None) -> Watched:
        """Follow a job until the server closes the stream."""
        with self.connect(job_id, after=after) as socket:
            return drain(socket)


def drain(socket: ClientConnection) -> Watched:
    """Read a stream to its end, answering heartbeats."""
    watched = Watched()
    while True:
        try:
            message = json.loads(socket.recv(timeout=TIMEOUT_S))
        except ConnectionClosed as closed:
            watched.close_code = closed.rcvd.code if closed.rcvd else None
            return watched
        if message["type"] == "heartbeat":
            socket.send(json.dumps({"type": "pong", "timestamp": message["timestamp"]}))
        else:
            watched.messages.append(message)
