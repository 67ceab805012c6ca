"""The Server-Sent Events channel: `/api/v1/jobs/{job_id}/events` ([S1])."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from litestar.response import Stream
from litestar.status_codes import HTTP_204_NO_CONTENT
from typing_extensions import override

from bridge.event import SSE_HEARTBEAT, Event
from bridge.protocol import HttpProtocol
from bridge.session import Close, Session, Signal
from bridge.watch import MAX_EVENT_ID, Bridge, parse_event_id
from bridge.watcher import ReadPage, Watcher
from scorewire.http.documentation import STREAM_SECURITY, JobId, problems

RECONNECT_MS = 2_000
_OPENING = f"retry: {RECONNECT_MS}\n\n".encode()
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

After = Annotated[
    int | None,
    Parameter(ge=0, le=MAX_EVENT_ID, description="The last event that the client has."),
]
LastEventId = Annotated[
    str | None,
    Parameter(header="Last-Event-ID", description="Likewise; sent by an event source."),
]


class StreamWatcher(Watcher):
    """A watcher that reads an endless answer.

    Args:
        connection: the connection that carries the answer.
    """

    channel = "sse"

    __slots__ = ("_changed", "_connection", "_taking")

    def __init__(
        self, job_id: UUID, session: Session, read_page: ReadPage, connection: HttpProtocol
    ) -> None:
        super().__init__(job_id, session, read_page)
        self._connection = connection
        self._changed = asyncio.Event()
        self._taking = True

    @override
    def flush(self) -> None:
        self._changed.set()
        if self._session.closing and not self._taking:
            self._connection.abort()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the stream, as fast as the client takes it."""
        try:
            chunk: bytes | None = _OPENING
            while chunk is not None:
                self._taking = False
                self._session.blocked(self._loop.time())
                self._arm()
                yield chunk
                self._taking = True
                self._session.unblocked()
                chunk = await self._next_chunk()
        finally:
            self._connection.take_over(None)
            self.gone()

    async def _next_chunk(self) -> bytes | None:
        while True:
            self._changed.clear()
            match self._session.take(self._loop.time()):
                case Event() as event:
                    return event.sse
                case Signal.HEARTBEAT:
                    return SSE_HEARTBEAT
                case Close():
                    return None
                case None:
                    self._catch_up()
                    await self._changed.wait()


@get(
    "/api/v1/jobs/{job_id:str}/events",
    media_type="text/event-stream",
    security=STREAM_SECURITY,
    responses={
        **problems(400, 401, 403, 404, 429),
        204: ResponseSpec(None, description="The job has ended, and the client has all of it"),
    },
    tags=["jobs"],
    summary="Watch a job as Server-Sent Events",
)
async def events(
    request: Request[Any, Any, Any],
    job_id: JobId,
    bridge: Bridge,
    after: After = None,
    last_event_id: LastEventId = None,
) -> Response[Any]:
    """Stream the job's events, each with its `id`, until its terminal one ([S1]).

    The messages are those of the WebSocket. A silent stream has a comment line now and then.
    """
    with ExitStack() as leaving:
        await bridge.admit(request, leaving)
        caller = bridge.gate.identify(request, from_query=True)
        if last_event_id:  # of a reconnect; the address still has the `after` of the first time
            after = parse_event_id(last_event_id, "Last-Event-ID")
        session = await bridge.open(job_id, after, caller, answers=False)
        if session.closing:
            return Response(None, status_code=HTTP_204_NO_CONTENT)
        connection = HttpProtocol.of(request)
        watcher = StreamWatcher(job_id, session, bridge.read_page, connection)
        bridge.hub.add(watcher)
        leaving.callback(bridge.hub.remove, watcher)
        watcher.on_gone(leaving.pop_all().close)
        connection.take_over(watcher)
        watcher.start()
        return Stream(watcher.chunks(), media_type="text/event-stream", headers=_HEADERS)
