"""An HTTP connection that neither waits forever for a request nor keeps all that comes of it.

uvicorn leaves both to a proxy in front, and nobody need have one.
"""

import asyncio
from http import HTTPStatus

import msgspec
from typing_extensions import override
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from scorewire.errors import ErrorCode
from scorewire.http.problems import MEDIA_TYPE, problem

MAX_HEAD_BYTES = 64 * 1024
"""What may come before a body begins, or after it ended; browsers and proxies send 16 KiB."""

HEAD_TIMEOUT_S = 30.0
"""How long a client has to send a request's head, the first one after it connected."""

BODY_TIMEOUT_S = 60.0
"""How long a client may be silent in the middle of a body."""

LINGER_S = 2.0
"""How long a client that was refused may go on sending, so that it reads why."""

_NEVER = float("inf")
_OF_BODIES = {b"content-length", b"transfer-encoding"}


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with limits, and problem details for what is not HTTP ([R3])."""

    _timer: asyncio.TimerHandle | None = None
    _due_s = _NEVER
    _unused_bytes = 0
    _refused = False
    _running: RequestResponseCycle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._expect_within(HEAD_TIMEOUT_S)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        self._end_running()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        # What leads to no body: a head without an end, trailers, extensions of chunks.
        self._unused_bytes += len(data)
        super().data_received(data)
        if self._unused_bytes > MAX_HEAD_BYTES:
            self._refuse(431, "The request's head is too long; send fewer or shorter headers.")

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_within(HEAD_TIMEOUT_S)

    @override
    def on_headers_complete(self) -> None:
        self._unused_bytes = 0
        self._expect_within(BODY_TIMEOUT_S)
        super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        self._unused_bytes = 0
        self._expect_within(BODY_TIMEOUT_S)
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._unused_bytes = 0
        self._due_s = _NEVER
        super().on_message_complete()

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    @override
    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, unless the library would leave it without an answer."""
        self._expect_nothing()
        named = dict(self.headers)
        readable = all(
            value.isascii() for name, value in self.headers if name.startswith(b"sec-websocket-")
        )
        if self.scope["method"] != "GET" or not readable or named.keys() & _OF_BODIES:
            self.send_400_response("")
        else:
            super().handle_websocket_upgrade()

    @override
    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "The request is not HTTP that this server reads; correct it.")

    def _expect_within(self, time_s: float) -> None:
        self._due_s = self.loop.time() + time_s
        if self._timer is not None:
            if self._timer.when() <= self._due_s:  # one that is early only looks again
                return
            self._timer.cancel()
        self._timer = self.loop.call_at(self._due_s, self._look)

    def _expect_nothing(self) -> None:
        self._due_s = _NEVER
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._due_s == _NEVER:
            return
        now_s = self.loop.time()
        if self.flow.read_paused:  # it is us who do not listen
            self._expect_within(BODY_TIMEOUT_S)
        elif now_s < self._due_s:
            self._timer = self.loop.call_at(self._due_s, self._look)
        else:
            self._refuse(408, "The request did not come to its end in time; send it again.")

    def _end_running(self) -> None:
        # uvicorn tells the request that came last; behind a pipelined one another may still run.
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer, unless another answer is under way, and close."""
        if self._refused or self.transport.is_closing():
            return
        self._expect_nothing()
        running = self._running
        if running is not None and running.response_started and not running.response_complete:
            self.transport.close()
            return
        self._end_running()
        told = msgspec.json.encode(problem(status, ErrorCode.INVALID_REQUEST, detail))
        headers = [
            *self.server_state.default_headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(told)).encode()),
            (b"connection", b"close"),
        ]
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        head += b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(head + b"\r\n" + told)
        # What still comes is discarded for a while: a reset would take the answer along.
        self._refused = True
        self.transport.write_eof()
        self.flow.resume_reading()
        self._timer = self.loop.call_later(LINGER_S, self.transport.abort)
