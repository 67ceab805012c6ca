"""A client of the wire that believes nothing: whatever it is sent must fit the served schema."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Any, Self

import httpx
from jsonschema import Draft202012Validator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from conformance.deployment import Deployment
from conformance.event_stream import Block, blocks

Message = dict[str, Any]

WAIT_S = 300.0
"""How long a real job may be silent, in a queue or at work."""

_SCHEMA_PATH = "/api/v1/schema/messages.json"


class Stream:
    """One open WebSocket.

    Attributes:
        heartbeats: those that came.
        answering: whether heartbeats are answered.
    """

    def __init__(self, socket: ClientConnection, check: Callable[[Message], None]) -> None:
        self.socket = socket
        self.heartbeats: list[Message] = []
        self.answering = True
        self._check = check

    @property
    def close_code(self) -> int | None:
        """The code that the server closed with, if it did."""
        return self.socket.protocol.close_rcvd.code if self.socket.protocol.close_rcvd else None

    async def next(self) -> Message:
        """Return the next event.

        Raises:
            ConnectionClosed: the server ended the stream.
        """
        while True:
            message = await self.receive()
            if message["type"] != "heartbeat":
                return message

    async def events(self) -> AsyncIterator[Message]:
        """Yield events until the server ends the stream."""
        try:
            while True:
                yield await self.next()
        except ConnectionClosed:
            return

    async def receive(self) -> Message:
        """Return the next message, and answer it if it is a heartbeat."""
        async with asyncio.timeout(WAIT_S):
            frame = await self.socket.recv()
        assert isinstance(frame, str), "messages are text frames"
        message: Message = json.loads(frame)
        self._check(message)
        if message["type"] == "heartbeat":
            self.heartbeats.append(message)
            if self.answering:
                # Events may stand between a heartbeat and the close that has come since.
                with contextlib.suppress(ConnectionClosed):
                    await self.socket.send(json.dumps({**message, "type": "pong"}))
        return message

    async def rest(self) -> tuple[list[Message], int | None]:
        """Return all events until the server closes, and the code it closes with."""
        messages = [message async for message in self.events()]
        return messages, self.close_code


class EventSource:
    """One answer of Server-Sent Events.

    Attributes:
        response: its status and headers.
        blocks: what it says.
    """

    def __init__(self, response: httpx.Response, check: Callable[[Message], None]) -> None:
        self.response = response
        self.blocks = self._checked(blocks(response.aiter_bytes()))
        self._check = check

    async def events(self) -> list[Block]:
        """Return the blocks that carry events, until the server ends the stream."""
        return [block async for block in self.blocks if block.data is not None]

    async def _checked(self, source: AsyncIterator[Block]) -> AsyncIterator[Block]:
        async for block in source:
            if block.data is not None:
                message = block.message
                self._check(message)
                assert (block.id, block.event) == (str(message["id"]), message["type"])
            yield block


class Client:
    """Everything that a deployment offers, to whoever has a token.

    It waits where it is told to (429 and Retry-After), so that limits do not fail the suite.

    Args:
        deployment: what to talk to.
        token: what to show it; the deployment's own token by default.
    """

    def __init__(self, deployment: Deployment, token: str | None) -> None:
        self.deployment = deployment
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.http = httpx.AsyncClient(
            base_url=deployment.base_url, headers=self.headers, timeout=WAIT_S
        )
        self._validator: Draft202012Validator | None = None

    async def __aenter__(self) -> Self:
        schema = (await self.get(_SCHEMA_PATH)).raise_for_status().json()
        server_message = {"$ref": "#/$defs/ServerMessage", "$defs": schema["$defs"]}
        self._validator = Draft202012Validator(server_message)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request, as often as the server asks for patience."""
        while True:
            response = await self.http.request(method, path, **options)
            if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                return response
            await _wait_out(response.headers)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """Read something."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        """Ask for something."""
        return await self.request("POST", path, **options)

    async def job(self, job_id: str) -> dict[str, Any]:
        """Poll a job."""
        response = await self.get(f"/api/v1/jobs/{job_id}")
        found: dict[str, Any] = response.raise_for_status().json()
        return found

    @contextlib.asynccontextmanager
    async def watch(self, job_id: str, query: str = "", **options: Any) -> AsyncIterator[Stream]:
        """Open a job's WebSocket.

        Args:
            job_id: the job.
            query: `?after=` and the like.
            options: of the connection; `subprotocols`, or `headers` other than the client's.
        """
        url = f"{self.deployment.ws_url}/api/v1/jobs/{job_id}/stream{query}"
        socket = await self.open(url, **options)
        try:
            yield Stream(socket, self.check)
        finally:
            await socket.close()

    async def open(
        self, url: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> ClientConnection:
        """Open any WebSocket, waiting where the server asks for it."""
        offered = [Subprotocol(name) for name in options.pop("subprotocols", ())]
        while True:
            try:
                return await connect(
                    url,
                    additional_headers=self.headers if headers is None else headers,
                    subprotocols=offered or None,
                    ping_interval=None,
                    **options,
                )
            except InvalidStatus as refused:
                if refused.response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                    raise
                await _wait_out(refused.response.headers)

    @contextlib.asynccontextmanager
    async def events(
        self, job_id: str, query: str = "", **options: Any
    ) -> AsyncIterator[EventSource]:
        """Open a job's Server-Sent Events; `options` are httpx's."""
        while True:
            path = f"/api/v1/jobs/{job_id}/events{query}"
            async with self.http.stream("GET", path, **options) as response:
                if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                    yield EventSource(response, self.check)
                    return
            await _wait_out(response.headers)

    def check(self, message: Message) -> None:
        """Fail where a message is not as the served schema has it ([M6])."""
        assert self._validator is not None, "the client was not entered"
        self._validator.validate(message)


async def _wait_out(headers: Any) -> None:
    await asyncio.sleep(int(headers["Retry-After"]))
