"""One event, encoded once for all who watch its job."""

from datetime import UTC, datetime
from functools import cached_property

import msgspec
from websockets.frames import Frame, Opcode

from scorewire.jobs.messages import TERMINAL_TYPES, Heartbeat

SSE_HEARTBEAT = b": heartbeat\n\n"
"""A comment, which an event source ignores ([S1])."""


def text_frame(message: bytes) -> bytes:
    """Frame a text message (RFC 6455, clause 5.2); what a server sends is not masked."""
    return Frame(Opcode.TEXT, message).serialize(mask=False)


def heartbeat_frame() -> bytes:
    """Frame a heartbeat of this moment ([M4])."""
    return text_frame(msgspec.json.encode(Heartbeat(timestamp=datetime.now(UTC))))


class Event:
    """A message on its way to watchers, in the bytes of either channel.

    Args:
        id: its place in the job's history; 0 for what is no part of it.
        type: the message's `type`.
        text: the message as it stands in its row.
    """

    def __init__(self, id: int, type: str, text: str) -> None:  # noqa: A002 - the wire's own names
        self.id = id
        self.terminal = type in TERMINAL_TYPES
        self._type = type
        self._text = text

    @cached_property
    def websocket(self) -> bytes:
        """The frame that every WebSocket gets."""
        return text_frame(self._text.encode())

    @cached_property
    def sse(self) -> bytes:
        """The event that every event source gets (WHATWG HTML, clause 9.2).

        JSON from Postgres has no line breaks, so one `data` line holds it.
        """
        return f"id: {self.id}\nevent: {self._type}\ndata: {self._text}\n\n".encode()
