"""The session in virtual time: what is owed to a watcher, and when the connection ends."""

import json
from collections.abc import Iterable

import pytest

from bridge.event import Event, heartbeat_frame
from bridge.session import MAX_WAITING, PAGE, Close, Output, Session, Signal
from scorewire.jobs.closing import CloseCode

HEARTBEAT_S = 30.0
PONG = b'{"type": "pong", "timestamp": "2025-01-15T10:30:00Z"}'


def opened(after: int = 0, **options: object) -> Session:
    """A session of the time 0 that is still to read what is stored."""
    return Session(after=after, heartbeat_s=HEARTBEAT_S, now_s=0.0, **options)  # type: ignore[arg-type]  # passed through


def live(after: int = 0, **options: object) -> Session:
    """A session that has read what is stored: nothing."""
    session = opened(after, **options)
    assert session.begin_read() == after
    session.end_read([], 0.0)
    return session


def progress(*ids: int) -> list[Event]:
    """Events on the way."""
    return [Event(number, "progress", str(number)) for number in ids]


def announce(session: Session, events: Iterable[Event], now_s: float = 0.0) -> None:
    """Announce events with their text, as notifications do."""
    for event in events:
        session.announce(event.id, event, now_s)


def taken(session: Session, now_s: float = 0.0) -> list[Output]:
    """All that the session has to send."""
    outputs = []
    while (output := session.take(now_s)) is not None:
        outputs.append(output)
    return outputs


def ids(outputs: list[Output]) -> list[int]:
    """The ids of events."""
    return [output.id for output in outputs if isinstance(output, Event)]


def code(outputs: list[Output]) -> CloseCode | None:
    """Why the connection was closed, if it was, as the last thing."""
    assert not any(isinstance(output, Close) for output in outputs[:-1])
    return outputs[-1].code if outputs and isinstance(outputs[-1], Close) else None


def test_replay_then_live() -> None:
    """[W1] Rows first, then events straight from their announcement, without another read."""
    session = opened()
    announce(session, progress(3))
    assert session.begin_read() == 0
    session.end_read(progress(1, 2, 3), 0.0)
    announce(session, progress(4))
    assert session.begin_read() is None
    assert ids(taken(session)) == [1, 2, 3, 4]


def test_nothing_is_sent_twice() -> None:
    """[W1] What the client has already, or was sent already, is left out."""
    session = live(after=3)
    announce(session, progress(2, 3, 4, 4, 5, 1))
    assert ids(taken(session)) == [4, 5]


def test_a_gap_is_read_from_the_rows() -> None:
    """[W6] An event whose predecessor was not heard, or whose text did not come, asks for rows."""
    session = live()
    announce(session, progress(2))
    assert session.begin_read() == 0
    session.end_read(progress(1, 2), 0.0)
    session.announce(3, None, 0.0)
    assert ids(taken(session)) == [1, 2]
    assert session.begin_read() == 2
    session.end_read(progress(3), 0.0)
    assert ids(taken(session)) == [3]


def test_what_may_have_been_missed_is_read() -> None:
    """[W6] After a reconnect rows are read; a second reconnect while they are read, once more."""
    session = live()
    session.missed()
    assert session.begin_read() == 0
    session.missed()
    session.end_read(progress(1), 0.0)
    assert ids(taken(session)) == [1]
    assert session.begin_read() == 1


def test_the_short_way_is_for_those_who_keep_up() -> None:
    """[W2] Only the next event, of a client that waits for nothing, may be sent at once."""
    first, second, third = progress(1, 2, 3)
    assert not opened().pass_on(first, 0.0)
    session = live()
    assert not session.pass_on(second, 0.0)
    assert session.pass_on(first, 0.0)
    assert not session.pass_on(first, 0.0)
    session.announce(2, second, 0.0)
    assert not session.pass_on(third, 0.0)
    assert ids(taken(session)) == [2]
    assert not session.pass_on(Event(3, "completed", "{}"), 0.0)


@pytest.mark.parametrize("terminal", ["completed", "error"])
def test_the_terminal_event_is_the_end(terminal: str) -> None:
    """[W4] It is sent, then the connection closes with 1000, and nothing follows."""
    session = live()
    announce(session, [Event(1, terminal, "{}")])
    outputs = taken(session)
    assert (ids(outputs), code(outputs)) == ([1], CloseCode.DONE)
    announce(session, progress(2))
    assert taken(session, 1_000) == []
    assert session.closed


def test_an_end_that_a_retry_followed_is_not_the_end() -> None:
    """[W4] The last row of a full page is held back until it is known what follows."""
    session = opened()
    assert session.begin_read() == 0
    session.end_read([*progress(*range(1, PAGE)), Event(PAGE, "error", "{}")], 0.0)
    assert ids(taken(session)) == list(range(1, PAGE))
    assert session.begin_read() == PAGE
    session.end_read(progress(PAGE + 1), 0.0)
    outputs = taken(session)
    assert (ids(outputs), code(outputs)) == ([PAGE, PAGE + 1], None)


def test_a_deleted_job_is_not_read_for_ever() -> None:
    """Events that were announced and then deleted with their job end the reading."""
    session = live()
    session.announce(5, None, 0.0)
    assert session.begin_read() == 0
    session.end_read([], 0.0)
    assert session.begin_read() is None


def test_waiting_progress_is_merged_and_ends_are_kept() -> None:
    """[W2] [W3] A client that takes nothing holds a bounded queue, with every end in it."""
    session = live()
    history = progress(*range(1, 1_001))
    history[499] = Event(500, "error", "{}")
    announce(session, history)
    announce(session, [Event(1_001, "completed", "{}")])
    outputs = taken(session)
    assert len(outputs) <= MAX_WAITING + 1
    assert {500, 1_001} <= set(ids(outputs))
    assert ids(outputs) == sorted(set(ids(outputs)))
    assert code(outputs) == CloseCode.DONE


def test_a_heartbeat_follows_a_silence() -> None:
    """[M4] [M2] After 30 s without a frame a heartbeat is due, once, with the time in UTC."""
    session = live()
    announce(session, progress(1), 10)
    assert ids(taken(session, 10)) == [1]
    session.received(PONG, 10)
    assert session.next_tick_s() == 40
    assert taken(session, 39.9) == []
    assert taken(session, 40) == [Signal.HEARTBEAT]
    assert taken(session, 40.1) == []
    heartbeat = json.loads(heartbeat_frame()[2:])
    assert heartbeat.keys() == {"type", "timestamp"}
    assert heartbeat["timestamp"].endswith("Z")


def test_a_client_that_only_listens_is_asked_for_a_sign_of_life() -> None:
    """[M4] A busy job must not starve a healthy client of the heartbeats that it answers."""
    session = live()
    asked = 0
    for second in range(1, 200):
        announce(session, progress(second), second)
        session.tick(second)
        outputs = taken(session, second)
        assert code(outputs) is None, "a client that answers was closed"
        if Signal.HEARTBEAT in outputs:
            asked += 1
            session.received(PONG, second)
    assert asked == 6


def test_a_client_that_is_gone_is_given_up() -> None:
    """[M4] Nothing heard for two intervals and 15 s closes with 4408, not a moment earlier."""
    session = live()
    session.received(b"anything", 5)
    session.tick(79.9)
    assert code(taken(session, 79.9)) is None
    session.tick(80)
    assert code(taken(session, 80)) == CloseCode.TOO_SLOW


def test_a_control_frame_is_a_sign_of_life() -> None:
    """[M4] [M5] A ping keeps the connection, and is not counted as nonsense."""
    session = live()
    session.received(None, 50)
    session.tick(120)
    assert code(taken(session, 120)) is None
    assert session.ignored_messages == 0


@pytest.mark.parametrize(
    "message", [b"", b"{", b"null", b"[]", b'{"type": "ping"}', b'{"type": "pong"}', b"\xff"]
)
def test_nonsense_is_ignored_and_counted(message: bytes) -> None:
    """[M5] What is no valid pong changes nothing."""
    session = live()
    session.received(message, 1)
    assert taken(session, 1) == []
    assert session.ignored_messages == 1


def test_a_pong_is_not_nonsense() -> None:
    """[M5] The seed's pong, with fields of a later client added, is taken."""
    session = live()
    session.received(PONG, 1)
    session.received(b'{"type": "pong", "timestamp": "2025-01-15T10:30:00.123Z", "more": 1}', 1)
    assert session.ignored_messages == 0


def test_a_flood_closes() -> None:
    """[M5] The 21st message within a second closes with 4429; a steady 16 a second do not."""
    calm, flooded = live(), live()
    for number in range(200):
        calm.received(PONG, number / 16)
    assert code(taken(calm)) is None
    for _ in range(20):
        flooded.received(PONG, 1.0)
    assert code(taken(flooded, 1.0)) is None
    flooded.received(PONG, 1.9)
    assert code(taken(flooded, 1.9)) == CloseCode.TOO_MANY


def test_a_terminal_event_waits_30_s() -> None:
    """[W3] A client that takes nothing is closed 30 s after the end; one without an end is not."""
    session = live()
    session.received(PONG, 100)
    session.blocked(100)
    announce(session, progress(1), 101)
    session.tick(150)
    assert session.next_tick_s() == 175
    announce(session, [Event(2, "completed", "{}")], 110)
    assert session.next_tick_s() == 140
    session.tick(140)
    assert code(taken(session, 140)) == CloseCode.TOO_SLOW


def test_no_heartbeat_for_a_client_that_takes_nothing() -> None:
    """[W3] What a client does not take must not pile up; once it reads again, one is due."""
    session = live()
    session.blocked(1)
    assert session.next_tick_s() == 75
    session.unblocked()
    assert taken(session, 60) == [Signal.HEARTBEAT]


def test_an_expired_token_ends_the_stream() -> None:
    """[A2] When the client's permission ends, the stream does, with 4401."""
    session = live(expires_at_s=20.0)
    assert session.next_tick_s() == 20
    session.tick(20)
    assert code(taken(session, 20)) == CloseCode.NOT_AUTHENTICATED


def test_a_channel_without_answers() -> None:
    """[S1] A client that cannot answer is silent by nature; not to take anything gives it up."""
    session = live(answers=False)
    for second in range(1, 1_000):
        session.tick(second)
        assert code(taken(session, second)) is None
    session.blocked(1_000)
    session.tick(1_074)
    assert not session.closing
    session.tick(1_075)
    assert code(taken(session, 1_075)) == CloseCode.TOO_SLOW


def test_a_client_that_never_catches_up_is_asked_for_a_sign_of_life() -> None:
    """[M4] Heartbeats go before the events that wait, so a slow client can answer in time."""
    session = live()
    session.blocked(0.0)
    announce(session, progress(1, 2, 3))
    session.unblocked()
    assert ids([session.take(1.0)]) == [1]  # type: ignore[list-item]  # there is one
    assert session.take(HEARTBEAT_S) is Signal.HEARTBEAT
    assert ids(taken(session, HEARTBEAT_S)) == [2, 3]
