"""uvicorn's protocols, with a way past ASGI for what is sent a thousand times.

ASGI carries one message to one connection: a task, an awaited call and a new frame each time. A
stream of events is the other way round: the same bytes, to many. So the handshake, the parsing of
what comes in, the closing handshake and all of HTTP stay the library's, and a stream that has begun
gets its transport: an event is framed once and the same bytes are written to every watcher.
"""

from typing import TYPE_CHECKING, Any, Protocol, Self

from litestar.connection import ASGIConnection
from typing_extensions import override
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

from bridge.requests import BoundedHttpProtocol
from scorewire.errors import StackFailedError

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent

EXTENSION = "scorewire"
"""The key of a scope's `extensions` under which a handler finds its connection."""

MAX_UNSENT_BYTES = 32 * 1024
"""What a transport may hold for a client that does not take it; events wait in its session."""

CLOSE_TIMEOUT_S = 30.0
"""How long a client has to take what was sent before the close, and to answer it."""

LINGER_S = 2.0
"""How long a client that broke the protocol may go on sending, so that it reads why."""

BITE_BYTES = 4 * 1024
"""What is parsed at once, so that who sends too much is stopped before all of it was parsed."""

MAX_AFTER_CLOSE_BYTES = 16 * 1024
"""What a client may still send after the close, and have it parsed; its answer has to be there."""

Connection = ASGIConnection[Any, Any, Any, Any]


class Streaming(Protocol):
    """What a connection tells whoever streams over it."""

    def received(self, message: bytes | None) -> None:
        """The client sent a message, or (None) a control frame, which is a sign of life too."""

    def blocked(self) -> None:
        """The transport is full."""

    def unblocked(self) -> None:
        """The transport takes more."""

    def going_away(self) -> None:
        """The server stops."""

    def gone(self) -> None:
        """The connection has ended."""


class _Found:
    """Lets a handler find the protocol instance behind its connection."""

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Return the protocol instance behind a connection of the application.

        Raises:
            StackFailedError: the server runs without these protocols.
        """
        extensions: dict[str, Any] = connection.scope.get("extensions") or {}
        found = extensions.get(EXTENSION, {}).get("is")
        if not isinstance(found, cls):
            message = "Streams need the protocols of python -m bridge.server; start it with that."
            raise StackFailedError(message)
        return found


class StreamProtocol(_Found, WebSocketsSansIOProtocol):
    """A WebSocket connection that can be handed to a stream for the rest of its life."""

    _stream: Streaming | None = None
    _after_close_bytes = 0

    @override
    def handle_connect(self, event: Request) -> None:
        """Read on only once there is a stream to count what comes, or a close to be answered."""
        super().handle_connect(event)
        if not self.transport.is_closing():
            self.read_paused = True
            self.transport.pause_reading()

    @override
    async def receive(self) -> "ASGIReceiveEvent":
        """Return the next event; unlike uvicorn's own, leave reading paused."""
        return await self.queue.get()

    @override
    async def run_asgi(self) -> None:
        """Call the application; unlike uvicorn's own, leave the connection to its stream."""
        self.scope["extensions"] = {**(self.scope["extensions"] or {}), EXTENSION: {"is": self}}
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except Exception:
            self.logger.exception("the application failed")
            self.send_500_response()
        if self._stream is None and self.close_timer is None:
            self.transport.close()

    def take_over(self, stream: Streaming) -> None:
        """Hand the accepted connection to a stream; the application need not stay for it."""
        if self.disconnected:  # uvloop lets nobody touch a transport that has ended
            stream.gone()
            return
        self._stream = stream
        self.transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)
        if self.read_paused and not self.transport.is_closing():
            self.read_paused = False
            self.transport.resume_reading()
        # Thousands of idle connections need not remember how they began.
        del self.scope, self.request, self.response

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake; a client that does not take part is cut off."""
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self._write_output()
        self.close_sent = True
        self.close_timer = self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)

    @override
    def data_received(self, data: bytes) -> None:
        """Parse what comes, in bites; not what a client goes on to send after the close."""
        for start in range(0, len(data), BITE_BYTES):
            bite = data[start : start + BITE_BYTES]
            if self.close_sent:
                if self._after_close_bytes > MAX_AFTER_CLOSE_BYTES:
                    return
                self._after_close_bytes += len(bite)
                if self._after_close_bytes > MAX_AFTER_CLOSE_BYTES:
                    self.loop.call_later(LINGER_S, self.transport.abort)
            super().data_received(bite)

    @override
    def send_receive_event_to_app(self) -> None:
        """Pass a whole message on; text that is none fails the connection (RFC 6455, 8.1)."""
        message = b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        try:
            if self.curr_msg_data_type == "text":
                message.decode()
        except UnicodeDecodeError:
            self.conn.fail(CloseCode.INVALID_DATA)
            self.handle_parser_exception()
        else:
            self._received(message)

    @override
    def handle_cont(self, event: Frame) -> None:
        """Take a part of a message, and count it: an empty one costs as much as a message."""
        super().handle_cont(event)
        if not event.fin:
            self._received(None)

    @override
    def handle_ping(self) -> None:
        """Answer, as far as the client takes answers, and count: one costs as much as a message."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()
        self._received(None)

    @override
    def handle_pong(self, event: Frame) -> None:
        """Take it as a sign of life."""
        super().handle_pong(event)
        self._received(None)

    def _received(self, message: bytes | None) -> None:
        if self._stream is not None and not self.close_sent:
            self._stream.received(message)

    @override
    def handle_close(self, event: Frame) -> None:
        """Answer; a client that says goodbye but takes nothing is cut off."""
        super().handle_close(event)
        if self._stream is not None:
            self._stream.gone()
            self.loop.call_later(LINGER_S, self.transport.abort)

    @override
    def eof_received(self) -> None:
        """Close; a client that says nothing more, and takes nothing either, is cut off."""
        if self._stream is not None:
            self._stream.gone()
            self.loop.call_later(LINGER_S, self.transport.abort)

    @override
    def handle_parser_exception(self) -> None:
        """Say what was wrong, and discard what still comes: a reset would take the reason along."""
        if self._stream is None:
            super().handle_parser_exception()
        elif not self.close_sent:
            self._write_output()
            self.close_sent = True
            self.close_timer = self.loop.call_later(LINGER_S, self.transport.abort)
            self._stream.gone()

    @override
    def pause_writing(self) -> None:
        """Tell the stream that the transport is full."""
        super().pause_writing()
        if self._stream is not None:
            self._stream.blocked()

    @override
    def resume_writing(self) -> None:
        """Tell the stream that the transport takes more."""
        super().resume_writing()
        if self._stream is not None:
            self._stream.unblocked()

    @override
    def shutdown(self) -> None:
        """Let a stream say goodbye in its own way."""
        if self._stream is None:
            super().shutdown()
        else:
            self._stream.going_away()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the stream that it is over."""
        super().connection_lost(exc)
        if self._stream is not None:
            self._stream.gone()

    def _write_output(self) -> None:
        self.transport.write(b"".join(self.conn.data_to_send()))


class HttpProtocol(_Found, BoundedHttpProtocol):
    """An HTTP connection whose long answer hears of the server's end, and can be cut off."""

    _stream: Streaming | None = None

    @override
    def on_message_begin(self) -> None:
        """Let the handler find its connection."""
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"is": self}}

    def take_over(self, stream: Streaming | None) -> None:
        """Tell a stream from now on what happens; None ends that."""
        self._stream = stream

    def abort(self) -> None:
        """Cut the connection off, with what the client did not take."""
        self.transport.abort()

    @override
    def shutdown(self) -> None:
        """Let a stream end its answer; the connection then closes by itself."""
        super().shutdown()
        if self._stream is not None:
            self._stream.going_away()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Tell a stream that it is over."""
        super().connection_lost(exc)
        if self._stream is not None:
            self._stream.gone()
