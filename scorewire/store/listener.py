"""Hears of new events, on one connection of its own.

Whatever is said while the connection is down is lost. So the listener says when it is (again)
connected, and who uses it then reads the rows.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec
import structlog

from scorewire.store.appending import CHANNEL
from scorewire.store.subscription import KEEPALIVE_S, Subscription

log = structlog.get_logger(__name__)

DELETED = "deleted"
"""The type of an announcement that a job is no more."""


class Notified(msgspec.Struct, frozen=True):
    """An event was stored.

    Attributes:
        job_id: the job.
        id: its place in the job's history.
        type: the message's type.
        frame: its text; None where it was too long to be sent along.
        timestamp: its own time; likewise.
        attempt: the attempt that it belongs to; likewise.
        stage: the stage that it is about; likewise, and of progress alone.
    """

    job_id: UUID
    id: int
    type: str
    frame: str | None
    timestamp: datetime | None = None
    attempt: int | None = None
    stage: str | None = None


class Reconnected(msgspec.Struct, frozen=True):
    """Events may have been missed: the connection is up, for the first time or again."""


class _Announcement(msgspec.Struct):
    job_id: UUID
    id: int
    type: str
    attempt: int | None = None
    timestamp: datetime | None = None
    stage: str | None = None


class Listener:
    """LISTENs on `job_events`, and reconnects for as long as it is used.

    Args:
        url: the database.
        keepalive_s: how often the connection is tried, and how long an answer may take.
    """

    def __init__(self, url: str, *, keepalive_s: float = KEEPALIVE_S) -> None:
        self._subscription = Subscription(url, CHANNEL, keepalive_s=keepalive_s)

    @property
    def connected(self) -> bool:
        """Whether the connection is up."""
        return self._subscription.connected

    async def run(self, hear: Callable[[Notified | Reconnected], None]) -> None:
        """Pass on what is heard, in its order, until cancelled.

        Args:
            hear: called on the event loop, straight from the connection.
        """
        await self._subscription.run(
            lambda: hear(Reconnected()), lambda payload: hear(_decode(payload))
        )


def _decode(payload: str) -> Notified | Reconnected:
    try:
        told = msgspec.json.decode(payload, type=_Announcement)
    except msgspec.MsgspecError:
        # Anyone who may log in may NOTIFY; the rows know what it was about.
        log.warning("unreadable notification", payload=payload[:200])
        return Reconnected()
    # Every event carries its attempt; a bare announcement does not.
    frame = None if told.attempt is None else payload
    return Notified(
        told.job_id, told.id, told.type, frame, told.timestamp, told.attempt, told.stage
    )
