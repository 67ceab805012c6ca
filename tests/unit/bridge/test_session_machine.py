"""The session under any history: writers, a lossy listener, slow reads, a moody client."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from bridge.event import Event
from bridge.session import MAX_WAITING, PAGE, STALL_S, Close, Session, Signal
from scorewire.jobs.closing import CloseCode

HEARTBEAT_S = 30.0
GRACE_S = 15.0
PONG = b'{"type": "pong", "timestamp": "2025-01-15T10:30:00Z"}'


class Watching(RuleBasedStateMachine):
    """One session, its job's rows, and all that can happen between them."""

    @initialize(stored=st.integers(0, 250), after=st.integers(0, 5))
    def connect(self, stored: int, after: int) -> None:
        """A client comes to a job with some history."""
        self.now_s = 0.0
        self.heard_at_s = 0.0
        self.stalled_at_s = float("inf")
        self.writable = True
        self.rows: list[Event] = []
        self.announced: list[Event] = []
        self.sent: list[int] = []
        self.heartbeats = 0
        self.closed: Close | None = None
        self.read_after: int | None = None
        self.write(stored, end=None)
        self.announced.clear()
        self.after = min(after, len(self.rows))
        self.session = Session(after=self.after, heartbeat_s=HEARTBEAT_S, now_s=0.0)

    @rule(count=st.integers(1, 250), end=st.sampled_from([None, None, "completed", "error"]))
    def write(self, count: int, end: str | None) -> None:
        """The job makes progress, perhaps comes to an end; a later write is a retry."""
        for number in range(count):
            kind = end if end and number == count - 1 else "progress"
            event = Event(len(self.rows) + 1, kind, "{}")
            self.rows.append(event)
            self.announced.append(event)

    @precondition(lambda self: self.announced)
    @rule(count=st.integers(1, 300), with_text=st.booleans())
    def hear(self, count: int, with_text: bool) -> None:
        """Announcements arrive, in their order."""
        for _ in range(min(count, len(self.announced))):
            event = self.announced.pop(0)
            if with_text and self.writable and self.session.pass_on(event, self.now_s):
                self.sent.append(event.id)
            else:
                self.session.announce(event.id, event if with_text else None, self.now_s)
        self.flush()

    @rule()
    def lose(self) -> None:
        """The listener's connection breaks, and comes back."""
        self.announced.clear()
        self.session.missed()
        self.flush()

    @rule()
    def ask(self) -> None:
        """A read begins."""
        after = self.session.begin_read()
        if after is not None:
            assert self.read_after is None, "two reads at once"
            self.read_after = after

    @precondition(lambda self: self.read_after is not None)
    @rule()
    def answer(self) -> None:
        """The rows of the read arrive, as they are by now."""
        assert self.read_after is not None
        page = self.rows[self.read_after : self.read_after + PAGE]
        self.read_after = None
        self.session.end_read(page, self.now_s)
        self.flush()

    @rule(seconds=st.floats(0, 40))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.now_s += seconds
        self.session.tick(self.now_s)
        self.flush()

    @rule(message=st.sampled_from([PONG, b"nonsense", None]))
    def speak(self, message: bytes | None) -> None:
        """The client sends something."""
        if self.closed is None:
            self.heard_at_s = self.now_s
        self.session.received(message, self.now_s)
        self.flush()

    @rule()
    def stall(self) -> None:
        """The client takes nothing any more."""
        self.writable = False
        if self.closed is None:
            self.stalled_at_s = self.now_s
        self.session.blocked(self.now_s)

    @rule()
    def recover(self) -> None:
        """The client takes what there is."""
        self.writable = True
        self.session.unblocked()
        self.flush()

    def flush(self) -> None:
        """Send what may be sent."""
        while self.writable or self.session.closing:
            output = self.session.take(self.now_s)
            if output is None:
                return
            assert self.closed is None, "something was sent after the close"
            if isinstance(output, Close):
                self.closed = output
                self.closed_at_s = self.now_s
            elif output is Signal.HEARTBEAT:
                self.heartbeats += 1
            else:
                assert isinstance(output, Event)
                self.sent.append(output.id)

    @invariant()
    def ids_rise(self) -> None:
        """[W1] In order, none twice, none that the client has."""
        assert self.sent == sorted(set(self.sent))
        assert not self.sent or self.sent[0] > self.after

    @invariant()
    def no_end_is_skipped(self) -> None:
        """[W2] Of what was passed over, nothing was an end."""
        newest = self.sent[-1] if self.sent else self.after
        ends = {event.id for event in self.rows[self.after : newest] if event.terminal}
        assert ends <= set(self.sent)

    @invariant()
    def the_queue_is_bounded(self) -> None:
        """[W3] However much was written, little waits; only ends can add to it."""
        ends = sum(event.terminal for event in self.rows)
        assert len(self.session._waiting) <= MAX_WAITING + PAGE + ends  # noqa: SLF001 - no other witness

    @invariant()
    def time_moves_on(self) -> None:
        """[M4] No tick is due in the past: a driver would spin."""
        if self.writable and not self.session.closed:
            self.session.tick(self.now_s)
            self.flush()
            assert self.session.closed or self.session.next_tick_s() > self.now_s

    @invariant()
    def every_close_has_its_reason(self) -> None:
        """[W4] [M4] [M5] Closed for the end, for silence, for a stall, or for a flood."""
        if self.closed is None:
            return
        match self.closed.code:
            case CloseCode.DONE:
                assert self.rows[self.sent[-1] - 1].terminal
            case CloseCode.TOO_SLOW:
                silent_s = self.closed_at_s - self.heard_at_s
                stalled_s = self.closed_at_s - self.stalled_at_s
                assert silent_s >= 2 * HEARTBEAT_S + GRACE_S or stalled_s >= STALL_S
            case other:
                assert other is CloseCode.TOO_MANY

    def teardown(self) -> None:
        """[W1] [W6] Once all is heard, read and taken, the client stands where the job does."""
        if not hasattr(self, "session") or self.closed is not None:
            return
        self.recover()
        self.hear(len(self.announced), with_text=True) if self.announced else None
        for _ in range(len(self.rows) + 2):
            if self.read_after is not None:
                self.answer()
            self.ask()
            if self.read_after is None:
                break
        assert self.closed is not None or (self.sent or [self.after])[-1] == len(self.rows)
        self.ids_rise()
        self.no_end_is_skipped()


Watching.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestWatching = Watching.TestCase
TestWatching.__doc__ = "[W1] [W2] [W3] [W4] [W6] [M4] [M5] Hypothesis looks for a history."
