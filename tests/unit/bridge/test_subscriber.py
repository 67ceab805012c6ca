"""The subscriber against a history that grows while it is read."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from bridge.hub import Hub
from bridge.subscriber import MAX_WAITING, PAGE, Subscriber
from scorewire.store.events import StoredEvent

JOB = uuid4()


class History:
    """Rows in memory; `before_read` may let more happen at the worst moment."""

    def __init__(self) -> None:
        self.rows: list[StoredEvent] = []
        self.reads = 0

    def add(self, type_: str = "progress") -> StoredEvent:
        """Append the next event."""
        event = StoredEvent(len(self.rows) + 1, type_, f"frame {len(self.rows) + 1}")
        self.rows.append(event)
        return event

    async def read(self, _job_id: UUID, after: int, limit: int) -> Sequence[StoredEvent]:
        """Read a page, giving way to others before and after the snapshot."""
        await asyncio.sleep(0)
        page = self.rows[after : after + limit]
        self.reads += 1
        await asyncio.sleep(0)
        return page


async def _take(subscriber: Subscriber, count: int) -> list[tuple[int, bool]]:
    async with asyncio.timeout(5):
        taken = [await subscriber.next() for _ in range(count)]
    return [(event.id, newest) for event, newest in taken]


async def test_replay_then_live() -> None:
    """[W1] Rows first, then events straight from their notification, without another read."""
    history = History()
    for _ in range(3):
        history.add()
    subscriber = Subscriber(JOB, 1, history.read)
    assert await _take(subscriber, 2) == [(2, False), (3, True)]
    reads = history.reads
    for _ in range(5):
        event = history.add()
        subscriber.offer(event.id, event)
    assert [event_id for event_id, _ in await _take(subscriber, 5)] == [4, 5, 6, 7, 8]
    assert history.reads == reads


async def test_a_gap_is_read_from_the_rows() -> None:
    """[W6] An event whose predecessor was not heard, or whose text did not come, costs one read."""
    history = History()
    subscriber = Subscriber(JOB, 0, history.read)
    waiting = asyncio.create_task(_take(subscriber, 3))
    await asyncio.sleep(0.01)
    history.add()
    history.add()
    subscriber.offer(2, history.rows[1])
    await asyncio.sleep(0.01)
    history.add()
    subscriber.offer(3, None)
    assert [event_id for event_id, _ in await waiting] == [1, 2, 3]


async def test_what_is_offered_twice_is_given_once() -> None:
    """[W1] Old news and repeats are left out."""
    history = History()
    subscriber = Subscriber(JOB, 0, history.read)
    first = history.add()
    assert await _take(subscriber, 1) == [(1, True)]
    subscriber.offer(1, first)
    second = history.add()
    subscriber.offer(2, second)
    subscriber.offer(2, second)
    assert await _take(subscriber, 1) == [(2, True)]


async def test_an_end_that_a_retry_followed_is_not_the_newest() -> None:
    """[W4] The last row of a full page is held back until it is known what follows."""
    history = History()
    for _ in range(PAGE - 1):
        history.add()
    history.add("error")
    history.add()
    subscriber = Subscriber(JOB, 0, history.read)
    taken = await _take(subscriber, PAGE + 1)
    assert taken[PAGE - 1] == (PAGE, False)
    assert taken[PAGE] == (PAGE + 1, True)


async def test_waiting_progress_is_merged_and_ends_are_kept() -> None:
    """[W2] [W3] A client that takes nothing holds a bounded queue, with every end in it."""
    history = History()
    subscriber = Subscriber(JOB, 0, history.read)
    history.add()
    await _take(subscriber, 1)
    for number in range(2, 5_001):
        event = history.add("error" if number in {1_000, 5_000} else "progress")
        subscriber.offer(event.id, event)
    taken = []
    while not taken or taken[-1][0] < 5_000:
        taken += await _take(subscriber, 1)
    ids = [event_id for event_id, _ in taken]
    assert ids == sorted(set(ids))
    assert len(ids) <= MAX_WAITING + 1
    assert {1_000, 5_000} <= set(ids)
    assert taken[-1] == (5_000, True)


async def test_a_deleted_job_is_not_read_for_ever() -> None:
    """Events that were announced and then deleted with their job end the reading."""
    history = History()
    subscriber = Subscriber(JOB, 0, history.read)
    waiting = asyncio.create_task(subscriber.next())
    await asyncio.sleep(0.01)
    subscriber.offer(5, None)
    await asyncio.sleep(0.05)
    assert history.reads < 10
    waiting.cancel()


async def _play(script: list[str], history: History) -> list[int]:
    """Act out a script while a consumer reads; returns the ids that it saw."""
    hub = Hub()
    subscriber = Subscriber(JOB, 0, history.read)
    seen: list[int] = []

    async def consume() -> None:
        while True:
            event, _ = await subscriber.next()
            seen.append(event.id)

    with hub.watching(subscriber):
        consumer = asyncio.create_task(consume())
        for step in script:
            match step:
                case "write":
                    event = history.add()
                    hub.offer(JOB, event.id, event)
                case "write silently":
                    history.add()
                case "miss":
                    hub.missed()
                case "yield":
                    await asyncio.sleep(0)
        hub.missed()  # a reconnect at the end: whatever was silent must come now
        for _ in range(len(history.rows) + 20):
            await asyncio.sleep(0)
        consumer.cancel()
    assert len(hub) == 0
    return seen


@given(
    st.lists(st.sampled_from(["write", "write silently", "miss", "yield"]), max_size=60),
    st.integers(0, 3),
)
def test_any_interleaving_is_complete(script: list[str], written_before: int) -> None:
    """[W1] [W6] However writes, lost notifications and reads interleave, nothing is lost."""
    history = History()
    for _ in range(written_before):
        history.add()
    seen = asyncio.run(_play(script, history))
    assert seen == [row.id for row in history.rows]
