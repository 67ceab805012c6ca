"""A server that follows a script: each connection to the stream gets the next scene.

Real sockets, HTTP and WebSocket on one port, so the client under test runs as it does in life.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Request, Response, Server, ServerConnection, serve
from websockets.datastructures import Headers

JOB_ID = "5f0c7cbc-5e8a-4c1c-9f0e-3d3d1f5f2a11"
NOW = "2026-01-01T00:00:00Z"


@dataclass
class Scene:
    """What one connection gets.

    Attributes:
        messages: what is sent.
        close_code: how it is closed afterwards; None cuts the line without a word.
        refuse: answer the handshake with this status instead.
        retry_after: what a refusal says of when to come again.
    """

    messages: list[dict[str, Any]] = field(default_factory=list)
    close_code: int | None = 1000
    refuse: HTTPStatus | None = None
    retry_after: str | None = None


@dataclass
class ScriptedServer:
    """What the server shows, and what it has seen.

    Attributes:
        scenes: for the connections to come.
        job: the polling view.
        asked_after: the `after` of each connection.
        received: what clients sent over the stream.
        paths: the HTTP requests that were not for the stream.
        url: the server's address.
        status: what those requests are answered with.
    """

    scenes: list[Scene]
    job: dict[str, Any]
    asked_after: list[int] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    url: str = ""
    status: HTTPStatus = HTTPStatus.OK

    @property
    def websocket_url(self) -> str:
        """Where the job's stream is."""
        return f"{self.url.replace('http', 'ws', 1)}/api/v1/jobs/{JOB_ID}/stream"

    def answer(self, _connection: ServerConnection, request: Request) -> Response | None:
        """Answer plain HTTP; None goes on with the WebSocket handshake."""
        path = urlsplit(request.path)
        if not path.path.endswith("/stream"):
            self.paths.append(path.path)
            return _json(self.status, self.job)
        self.asked_after.append(int(parse_qs(path.query)["after"][0]))
        if self.scenes and (status := self.scenes[0].refuse):
            retry_after = self.scenes.pop(0).retry_after
            response = _json(status, {})
            if retry_after is not None:
                response.headers["Retry-After"] = retry_after
            return response
        return None

    async def play(self, connection: ServerConnection) -> None:
        """Play the next scene."""
        scene = self.scenes.pop(0)
        for message in scene.messages:
            await connection.send(json.dumps(message))
            if message["type"] == "heartbeat":
                self.received.append(json.loads(await connection.recv()))
        if scene.close_code is None:
            connection.transport.abort()
        else:
            await connection.close(scene.close_code)


def _json(status: HTTPStatus, body: dict[str, Any]) -> Response:
    content = json.dumps(body).encode()
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(content))})
    return Response(status.value, status.phrase, headers, content)


@asynccontextmanager
async def scripted(*scenes: Scene, **job: object) -> AsyncIterator[ScriptedServer]:
    """Run a server for the length of the block."""
    server = ScriptedServer(list(scenes), job_view(**job))
    listener: Server
    async with serve(server.play, "127.0.0.1", 0, process_request=server.answer) as listener:
        port = next(iter(listener.sockets)).getsockname()[1]
        server.url = f"http://127.0.0.1:{port}"
        yield server


def job_view(**changes: object) -> dict[str, Any]:
    """The polling view of a running job."""
    return {
        "job_id": JOB_ID, "status": "processing", "progress": 0, "stage": None, "message": "",
        "attempt": 1, "created_at": NOW, "started_at": NOW, "completed_at": None,
        "failed_at": None, "duration_seconds": None, "result_url": None, "error": None,
        "last_event_id": 0, "title": None,
    } | changes  # fmt: skip


def progress(event_id: int, percent: int, stage: str = "separation") -> dict[str, Any]:
    """A progress event."""
    return _event(event_id, "progress", progress=percent, stage=stage, message=f"at {percent}")


def completed(event_id: int) -> dict[str, Any]:
    """The event that ends a job well."""
    return _event(
        event_id, "completed", progress=100, result_url="/api/v1/scores/x", duration_seconds=2.5
    )


def heartbeat() -> dict[str, Any]:
    """A heartbeat, which is no event."""
    return {"type": "heartbeat", "timestamp": NOW}


def _event(event_id: int, kind: str, **body: object) -> dict[str, Any]:
    head = {"type": kind, "job_id": JOB_ID, "id": event_id, "attempt": 1, "timestamp": NOW}
    return head | body
