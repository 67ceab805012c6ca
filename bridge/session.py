"""One watcher's connection as a state machine: no sockets, no clock, no event loop.

What is announced, the rows that were read, what the client sends and the time go in; what to send
and why to close come out. The time is any monotonic number of seconds, chosen by the caller.

A session knows the last event that it queued. It takes the next one straight from its announcement;
once one is missing it is *behind*, and asks for rows, page by page as the client takes them, until
nothing is missing any more. Replay on connect, gaps and reconnects are all this one case.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from bridge.event import Event
from scorewire.jobs.closing import CloseCode
from scorewire.jobs.messages import Pong

PAGE = 100
"""Events that are read at once."""

MAX_WAITING = 200
"""Events that wait for a slow client before its waiting progress is merged ([W2])."""

MAX_MESSAGES_PER_SECOND = 20
SILENCE_GRACE_S = 15.0
STALL_S = 30.0
"""How long a client may leave a terminal event waiting ([W3])."""

_PONG = msgspec.json.Decoder(Pong)
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Close:
    """The end of the connection; nothing is sent after it."""

    code: CloseCode
    reason: str


class Signal(Enum):
    """What is sent besides events."""

    HEARTBEAT = auto()


Output = Event | Signal | Close


class Session:
    """What is owed to one watcher of one job.

    Args:
        after: id of the last event that the client has; only later ones are sent.
        heartbeat_s: silence, in either direction, after which a heartbeat is sent ([M4]).
        now_s: the time at which the connection was opened.
        expires_at_s: the time at which the client's permission ends ([A2]).
        answers: whether the channel lets the client answer heartbeats, so that silence means it
            is gone.
    """

    __slots__ = (
        "_announced", "_announced_before", "_answers", "_behind", "_blocked_at_s", "_close",
        "_expires_at_s", "_heard_at_s", "_heartbeat_at_s", "_heartbeat_s", "_missed_again",
        "_queued", "_reading", "_recent", "_sent_at_s", "_terminal_at_s", "_waiting", "closed",
        "ignored_messages",
    )  # fmt: skip

    def __init__(
        self,
        *,
        after: int,
        heartbeat_s: float,
        now_s: float,
        expires_at_s: float | None = None,
        answers: bool = True,
    ) -> None:
        self.closed = False
        self.ignored_messages = 0
        self._queued = self._announced = self._announced_before = after
        self._behind = True
        self._reading = self._missed_again = False
        self._waiting: deque[Event] = deque()
        self._recent: deque[float] | None = None
        self._close: Close | None = None
        self._answers = answers
        self._heartbeat_s = heartbeat_s
        self._expires_at_s = _NEVER if expires_at_s is None else expires_at_s
        self._sent_at_s = self._heard_at_s = self._heartbeat_at_s = now_s
        self._blocked_at_s = self._terminal_at_s = _NEVER

    def greet(self, greeting: Event) -> None:
        """Say where a job stands that has no event yet ([W1])."""
        self._waiting.append(greeting)

    def pass_on(self, event: Event, now_s: float) -> bool:
        """Say whether an announced event is next and nothing stands before it.

        If so it counts as sent: the short way of the many, who keep up.
        """
        if (
            self._behind
            or self._waiting
            or event.id != self._queued + 1
            or event.terminal
            or self._close is not None
        ):
            return False
        self._queued = event.id
        self._sent_at_s = now_s
        return True

    def announce(self, event_id: int, event: Event | None, now_s: float) -> None:
        """Take a live event, or at least the news that there is one."""
        self._announced = max(self._announced, event_id)
        if self._behind or event_id <= self._queued or self._close is not None:
            return
        if event is None or event_id != self._queued + 1:
            self._behind = True
        else:
            self._enqueue(event, now_s)
            if len(self._waiting) > MAX_WAITING:
                self._merge_progress()

    def missed(self) -> None:
        """Learn that events may have been missed."""
        self._behind = True
        self._missed_again = self._reading

    def begin_read(self) -> int | None:
        """Say after which event rows are to be read now; None if no read is needed, or one runs."""
        if not self._behind or self._reading or self._close is not None or self.closed:
            return None
        # A terminal event is held back until it is known whether a retry followed it.
        if self._waiting and not self._holds_back():
            return None
        self._reading = True
        self._missed_again = False
        self._announced_before = self._announced
        return self._queued

    def end_read(self, page: Sequence[Event], now_s: float) -> None:
        """Take the rows that were asked for, at most `PAGE` of them, in order."""
        self._reading = False
        if self._close is not None:
            return
        for event in page:
            self._enqueue(event, now_s)
        # What was announced before the read and is not among the rows was deleted with its job.
        awaited = self._announced > max(self._queued, self._announced_before)
        self._behind = self._missed_again or awaited or len(page) == PAGE

    def take(self, now_s: float) -> Output | None:
        """Return the next thing to send, or None if there is nothing yet; it counts as sent."""
        if self.closed:
            return None
        if self._close is not None:
            self.closed = True
            return self._close
        # Before events: a client for which there are always some must be asked for a sign of life.
        if now_s >= self._heartbeat_due_s:
            self._sent_at_s = self._heartbeat_at_s = now_s
            return Signal.HEARTBEAT
        if self._waiting and not self._holds_back():
            return self._take_event(now_s)
        return None

    def blocked(self, now_s: float) -> None:
        """Learn that the client takes nothing for now."""
        self._blocked_at_s = now_s

    def unblocked(self) -> None:
        """Learn that the client takes more."""
        self._blocked_at_s = _NEVER

    def received(self, message: bytes | None, now_s: float) -> None:
        """Take a sign of life ([M4], [M5]): a message, perhaps a `pong`, or a control frame."""
        self._heard_at_s = now_s
        if self._recent is None:
            self._recent = deque(maxlen=MAX_MESSAGES_PER_SECOND)
        recent = self._recent
        if len(recent) == MAX_MESSAGES_PER_SECOND and now_s - recent[0] < 1.0:
            self.close(CloseCode.TOO_MANY, "more than 20 messages a second")
            return
        recent.append(now_s)
        if message is not None and not _is_pong(message):
            self.ignored_messages += 1

    def close(self, code: CloseCode, reason: str) -> None:
        """End the connection; what still waits is not sent. The first reason counts."""
        if self._close is None:
            self._close = Close(code, reason)
            self._waiting.clear()

    def tick(self, now_s: float) -> None:
        """Close where the client is gone, takes no end, or may no longer watch."""
        if now_s >= self._expires_at_s:
            self.close(CloseCode.NOT_AUTHENTICATED, "the token has expired")
        elif now_s >= self._silent_until_s:
            self.close(CloseCode.TOO_SLOW, "nothing was heard from the client")
        elif now_s >= self._stalled_at_s:
            self.close(CloseCode.TOO_SLOW, "the end of the job was not taken for 30 s")

    def next_tick_s(self) -> float:
        """Say when `tick` or `take` has something to do, if nothing happens before."""
        return min(
            self._heartbeat_due_s, self._silent_until_s, self._stalled_at_s, self._expires_at_s
        )

    def _holds_back(self) -> bool:
        return self._behind and len(self._waiting) == 1 and self._waiting[0].terminal

    def _enqueue(self, event: Event, now_s: float) -> None:
        self._waiting.append(event)
        self._queued = event.id
        if event.terminal:
            self._terminal_at_s = now_s

    def _take_event(self, now_s: float) -> Event:
        event = self._waiting.popleft()
        self._sent_at_s = now_s
        if event.terminal:
            self._terminal_at_s = _NEVER
            if not self._waiting and not self._behind:  # otherwise a retry followed ([W4])
                self.close(CloseCode.DONE, "the job has ended")
        return event

    def _merge_progress(self) -> None:
        newest = self._waiting[-1]
        self._waiting = deque(e for e in self._waiting if e.terminal or e is newest)

    @property
    def closing(self) -> bool:
        """Whether the end is the next thing to send, to a client that takes more or not."""
        return self._close is not None and not self.closed

    @property
    def _heartbeat_due_s(self) -> float:
        if self._blocked_at_s != _NEVER:
            return _NEVER
        if not self._answers:
            return self._sent_at_s + self._heartbeat_s
        # A client that only listens to a busy job must be asked for a sign of life, too.
        unheard_since_s = max(self._heard_at_s, self._heartbeat_at_s)
        return min(self._sent_at_s, unheard_since_s) + self._heartbeat_s

    @property
    def _silent_until_s(self) -> float:
        # Where a client cannot answer, that it takes what is sent is its sign of life.
        last_sign_s = self._heard_at_s if self._answers else self._blocked_at_s
        return last_sign_s + 2 * self._heartbeat_s + SILENCE_GRACE_S

    @property
    def _stalled_at_s(self) -> float:
        if _NEVER in {self._blocked_at_s, self._terminal_at_s}:
            return _NEVER
        return max(self._blocked_at_s, self._terminal_at_s) + STALL_S


def _is_pong(message: bytes) -> bool:
    try:
        _PONG.decode(message)
    except (msgspec.MsgspecError, UnicodeError):
        return False
    return True
