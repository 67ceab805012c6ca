"""One watcher's connection as a state machine: no sockets, no clock, no event loop.

Events, what the client sends, and the time go in; frames to send and the reason to close come out.
The time is any monotonic number of seconds, chosen by the caller.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from scorewire.jobs.closing import CloseCode
from scorewire.jobs.messages import TERMINAL_TYPES, Heartbeat, Pong

MAX_MESSAGE_BYTES = 16 * 1024
MAX_MESSAGES_PER_SECOND = 20
SILENCE_GRACE_S = 15.0

_PONG = msgspec.json.Decoder(Pong)


@dataclass(frozen=True)
class Send:
    """A text frame for the client."""

    frame: str


@dataclass(frozen=True)
class Close:
    """The end of the connection; nothing is sent after it."""

    code: CloseCode
    reason: str


Action = Send | Close


class Session:
    """What is owed to one watcher of one job.

    Args:
        after: id of the last event that the client has; only later ones are sent.
        heartbeat_s: silence, in either direction, after which a heartbeat is sent ([M4]).
        now_s: the time at which the connection was opened.
    """

    def __init__(self, *, after: int, heartbeat_s: float, now_s: float) -> None:
        self.last_id = after
        self.ignored_messages = 0
        self._heartbeat_s = heartbeat_s
        self._sent_at_s = now_s
        self._heard_at_s = now_s
        self._heartbeat_at_s = now_s
        self._recent: deque[float] = deque(maxlen=MAX_MESSAGES_PER_SECOND)

    def greet(self, frame: str, now_s: float) -> Sequence[Action]:
        """Say where a job stands that has no event yet ([W1])."""
        self._sent_at_s = now_s
        return [Send(frame)]

    def event(
        self, event_id: int, event_type: str, frame: str, *, newest: bool, now_s: float
    ) -> Sequence[Action]:
        """Pass an event on; the terminal one ends the connection if no retry followed it ([W4])."""
        if event_id <= self.last_id:
            return []
        self.last_id = event_id
        self._sent_at_s = now_s
        if newest and event_type in TERMINAL_TYPES:
            return [Send(frame), Close(CloseCode.DONE, "the job has ended")]
        return [Send(frame)]

    def received(self, message: str | bytes, now_s: float) -> Sequence[Action]:
        """Take what the client sent: a sign of life, and perhaps a `pong` ([M4], [M5])."""
        self._heard_at_s = now_s
        recent = self._recent
        if len(recent) == MAX_MESSAGES_PER_SECOND and now_s - recent[0] < 1.0:
            return [Close(CloseCode.TOO_MANY, "more than 20 messages a second")]
        recent.append(now_s)
        size_bytes = len(message.encode()) if isinstance(message, str) else len(message)
        if size_bytes > MAX_MESSAGE_BYTES:
            return [Close(CloseCode.MESSAGE_TOO_BIG, "a message of more than 16 KiB")]
        if isinstance(message, bytes) or not _is_pong(message):
            self.ignored_messages += 1
        return []

    def tick(self, now_s: float, utc: datetime) -> Sequence[Action]:
        """Send what is due: a heartbeat after a silence, or the end of a client that is gone.

        `utc` is the time of day that the heartbeat tells.
        """
        if now_s >= self._silent_until_s:
            return [Close(CloseCode.TOO_SLOW, "nothing was heard from the client")]
        if now_s >= self._heartbeat_due_s:
            self._sent_at_s = self._heartbeat_at_s = now_s
            return [Send(msgspec.json.encode(Heartbeat(timestamp=utc)).decode())]
        return []

    def next_tick_s(self) -> float:
        """Say when `tick` has something to do, if nothing happens before."""
        return min(self._heartbeat_due_s, self._silent_until_s)

    @property
    def _heartbeat_due_s(self) -> float:
        # A client that only listens to a busy job must be asked for a sign of life, too.
        unheard_since_s = max(self._heard_at_s, self._heartbeat_at_s)
        return min(self._sent_at_s, unheard_since_s) + self._heartbeat_s

    @property
    def _silent_until_s(self) -> float:
        return self._heard_at_s + 2 * self._heartbeat_s + SILENCE_GRACE_S


def _is_pong(message: str) -> bool:
    try:
        _PONG.decode(message)
    except (msgspec.MsgspecError, UnicodeError):
        return False
    return True
