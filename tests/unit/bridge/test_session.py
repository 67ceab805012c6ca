"""The session in virtual time: what is owed to a watcher, and when the connection ends."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.session import Close, Send, Session
from scorewire.jobs.closing import CloseCode

NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)
HEARTBEAT_S = 30.0
PONG = '{"type": "pong", "timestamp": "2025-01-15T10:30:00Z"}'


def _session(after: int = 0) -> Session:
    return Session(after=after, heartbeat_s=HEARTBEAT_S, now_s=0.0)


def test_events_are_passed_on_unchanged() -> None:
    """[W2] The frame that goes out is the one that came in."""
    actions = _session().event(1, "progress", "frame 1", newest=True, now_s=1)
    assert actions == [Send("frame 1")]


def test_no_event_is_sent_twice() -> None:
    """[W1] What the client has already, or was sent already, is left out."""
    session = _session(after=3)
    sent = [
        session.event(event_id, "progress", str(event_id), newest=True, now_s=1)
        for event_id in (2, 3, 4, 4, 5)
    ]
    assert [actions[0] for actions in sent if actions] == [Send("4"), Send("5")]


@pytest.mark.parametrize("terminal", ["completed", "error"])
def test_the_newest_terminal_event_is_the_end(terminal: str) -> None:
    """[W4] It is sent, then the connection closes with 1000; one that a retry followed is not."""
    session = _session()
    assert session.event(1, terminal, "end 1", newest=False, now_s=1) == [Send("end 1")]
    sent, closed = session.event(2, terminal, "end 2", newest=True, now_s=1)
    assert sent == Send("end 2")
    assert isinstance(closed, Close)
    assert closed.code == CloseCode.DONE


def test_a_heartbeat_follows_a_silence() -> None:
    """[M4] [M2] After 30 s without a frame a heartbeat goes out, with the time in UTC."""
    session = _session()
    session.event(1, "progress", "frame", newest=True, now_s=10)
    session.received(PONG, 10)
    assert session.next_tick_s() == 40
    assert session.tick(39.9, NOON) == []
    (heartbeat,) = session.tick(40, NOON)
    assert isinstance(heartbeat, Send)
    assert json.loads(heartbeat.frame) == {"type": "heartbeat", "timestamp": "2025-01-15T12:00:00Z"}
    assert session.tick(40.1, NOON) == []


def test_a_client_that_only_listens_is_asked_for_a_sign_of_life() -> None:
    """[M4] A busy job must not starve a healthy client of the heartbeats that it answers."""
    session = _session()
    asked = 0
    for second in range(1, 200):
        session.event(second, "progress", "frame", newest=True, now_s=second)
        for action in session.tick(second, NOON):
            assert isinstance(action, Send), "a client that answers was closed"
            asked += 1
            session.received(PONG, second)
    assert asked == 6


def test_a_client_that_is_gone_is_given_up() -> None:
    """[M4] Nothing heard for two intervals and 15 s closes with 4408, not a moment earlier."""
    session = _session()
    session.received("anything", 5)
    session.tick(35, NOON)
    session.tick(65, NOON)
    assert all(isinstance(action, Send) for action in session.tick(79.9, NOON))
    (closed,) = session.tick(80, NOON)
    assert isinstance(closed, Close)
    assert closed.code == CloseCode.TOO_SLOW


@pytest.mark.parametrize(
    "message", ["", "{", "null", "[]", '{"type": "ping"}', '{"type": "pong"}', b"\xff"]
)
def test_nonsense_is_ignored_and_counted(message: str | bytes) -> None:
    """[M5] What is no valid pong changes nothing, but counts as a sign of life."""
    session = _session()
    assert session.received(message, 50) == []
    assert session.ignored_messages == 1
    assert not any(isinstance(action, Close) for action in session.tick(120, NOON))


def test_a_pong_is_not_nonsense() -> None:
    """[M5] The seed's pong, with fields of a later client added, is taken."""
    session = _session()
    session.received(PONG, 1)
    session.received('{"type": "pong", "timestamp": "2025-01-15T10:30:00.123Z", "more": 1}', 1)
    assert session.ignored_messages == 0


@pytest.mark.parametrize("message", ["x" * 16_385, "𝄞" * 4_097, b"x" * 16_385])
def test_long_messages_close(message: str | bytes) -> None:
    """[M5] More than 16 KiB closes with 1009; 16 KiB does not."""
    session = _session()
    assert session.received("x" * 16_384, 1) == []
    (closed,) = session.received(message, 1)
    assert isinstance(closed, Close)
    assert closed.code == CloseCode.MESSAGE_TOO_BIG


def test_a_flood_closes() -> None:
    """[M5] The 21st message within a second closes with 4429; a steady 16 a second do not."""
    calm = _session()
    for number in range(200):
        assert calm.received(PONG, number / 16) == []
    flooded = _session()
    for _ in range(20):
        assert flooded.received(PONG, 1.0) == []
    (closed,) = flooded.received(PONG, 1.9)
    assert isinstance(closed, Close)
    assert closed.code == CloseCode.TOO_MANY


steps = st.lists(
    st.tuples(
        st.floats(0, 40),
        st.one_of(
            st.tuples(st.just("event"), st.integers(1, 30)),
            st.tuples(st.just("hear"), st.sampled_from([PONG, "nonsense"])),
            st.tuples(st.just("tick"), st.none()),
        ),
    ),
    max_size=60,
)


@given(steps, st.integers(0, 10))
def test_whatever_happens(history: list[tuple[float, tuple[str, object]]], after: int) -> None:
    """[W1] [M4] In any history ids only rise, and no time for a tick is missed or past."""
    session = _session(after)
    now_s, last_id, last_heard_s = 0.0, after, 0.0
    for delay_s, (what, value) in history:
        now_s += delay_s
        if what == "event":
            assert isinstance(value, int)
            actions = session.event(value, "progress", str(value), newest=True, now_s=now_s)
            assert bool(actions) == (value > last_id)
            last_id = max(last_id, value)
        elif what == "hear":
            assert isinstance(value, str)
            last_heard_s = now_s
            actions = session.received(value, now_s)
        else:
            actions = session.tick(now_s, NOON)
            closes = any(isinstance(action, Close) for action in actions)
            assert closes == (now_s >= last_heard_s + 75)
            if not closes:
                assert session.next_tick_s() > now_s
        if any(isinstance(action, Close) for action in actions):
            return
