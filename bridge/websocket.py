"""The WebSocket channel: `/api/v1/jobs/{job_id}/stream`."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from litestar import WebSocket, websocket
from typing_extensions import override

from bridge.event import Event, heartbeat_frame
from bridge.protocol import StreamProtocol
from bridge.session import Close, Session, Signal
from bridge.watch import Bridge, parse_event_id, parse_job_id
from bridge.watcher import ReadPage, Watcher
from scorewire.errors import (
    ForeignOriginError,
    InvalidRequestError,
    NotFoundError,
    ScorewireError,
    ServiceUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from scorewire.http.problems import MEDIA_TYPE, scorewire_problem
from scorewire.jobs.closing import CloseCode
from scorewire.logs import bind_job

if TYPE_CHECKING:
    from litestar.types.asgi_types import WebSocketResponseBodyEvent, WebSocketResponseStartEvent

_MAX_REASON_BYTES = 120  # a close frame has room for 123

_CLOSE_CODES: dict[type[ScorewireError], CloseCode] = {
    InvalidRequestError: CloseCode.BAD_REQUEST,
    UnauthenticatedError: CloseCode.NOT_AUTHENTICATED,
    NotFoundError: CloseCode.NO_SUCH_JOB,
    ServiceUnavailableError: CloseCode.GOING_AWAY,
}

Socket = WebSocket[Any, Any, Any]


class SocketWatcher(Watcher):
    """A watcher at the other end of a WebSocket.

    Args:
        connection: the accepted connection.
    """

    channel = "websocket"

    __slots__ = ("_connection", "_writable", "_write")

    def __init__(
        self,
        job_id: UUID,
        session: Session,
        read_page: ReadPage,
        connection: StreamProtocol,
    ) -> None:
        super().__init__(job_id, session, read_page)
        self._connection = connection
        self._write = connection.transport.write
        self._writable = True

    @override
    def announce(self, event_id: int, event: Event | None, now_s: float) -> None:
        if event is not None and self._writable and self._session.pass_on(event, now_s):
            self._write(event.websocket)
        else:
            super().announce(event_id, event, now_s)

    @override
    def flush(self) -> None:
        session = self._session
        now_s = self._loop.time()
        while self._writable or session.closing:
            match session.take(now_s):
                case None:
                    return
                case Event() as event:
                    self._write(event.websocket)
                case Signal.HEARTBEAT:
                    self._write(heartbeat_frame())
                case Close(code, reason):
                    self._connection.close(code, _cut(reason))

    @override
    def blocked(self) -> None:
        self._writable = False
        super().blocked()

    @override
    def unblocked(self) -> None:
        self._writable = True
        super().unblocked()


@websocket("/api/v1/jobs/{job_id:str}/stream")
async def stream(socket: Socket, bridge: Bridge) -> None:
    """Begin to serve one client; the connection then lives on without this call."""
    with bind_job(socket.path_params["job_id"]), ExitStack() as leaving:
        try:
            await bridge.admit(socket, leaving)
        except (TooManyRequestsError, ForeignOriginError) as error:
            bridge.metrics.streams_refused.labels(error.code.value).inc()
            await _refuse(socket, error)
            return
        await socket.accept(subprotocols=bridge.gate.subprotocol(socket))
        try:
            job_id, session = await _session(socket, bridge)
        except ScorewireError as error:
            bridge.metrics.streams_refused.labels(error.code.value).inc()
            await socket.close(code=_CLOSE_CODES[type(error)], reason=_cut(error.message))
            return
        connection = StreamProtocol.of(socket)
        watcher = SocketWatcher(job_id, session, bridge.read_page, connection)
        bridge.hub.add(watcher)
        leaving.callback(bridge.hub.remove, watcher)
        watcher.on_gone(leaving.pop_all().close)
        connection.take_over(watcher)
        watcher.start()


async def _session(socket: Socket, bridge: Bridge) -> tuple[UUID, Session]:
    """Open what a client asks for.

    Raises:
        InvalidRequestError: the address is not what it should be.
        UnauthenticatedError: the client may not watch.
        NotFoundError: there is no such job.
        ServiceUnavailableError: the database cannot be reached.
    """
    caller = bridge.gate.identify(socket, from_query=True)
    job_id = parse_job_id(socket.path_params["job_id"])
    after = socket.query_params.get("after")
    after_id = None if after is None else parse_event_id(after, "after")
    return job_id, await bridge.open(job_id, after_id, caller, answers=True)


async def _refuse(socket: Socket, error: ScorewireError) -> None:
    """Answer with problem details before there is a WebSocket ([W7]; ASGI's denial response)."""
    problem = scorewire_problem(socket, error)
    headers = {"content-type": MEDIA_TYPE, **problem.headers}
    start: WebSocketResponseStartEvent = {
        "type": "websocket.http.response.start",
        "status": problem.content.status,
        "headers": [(name.encode(), str(value).encode()) for name, value in headers.items()],
    }
    body: WebSocketResponseBodyEvent = {
        "type": "websocket.http.response.body",
        "body": msgspec.json.encode(problem.content),
        "more_body": False,
    }
    await socket.send(start)
    await socket.send(body)


def _cut(reason: str) -> str:
    return reason.encode()[:_MAX_REASON_BYTES].decode("utf-8", "ignore")
