"""Which watchers follow which job. Knows neither Postgres nor sockets."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from bridge.subscriber import Subscriber
from scorewire.store.events import StoredEvent


class Hub:
    """Hands each event to the watchers of its job; never waits for any of them."""

    def __init__(self) -> None:
        self._watchers: defaultdict[UUID, set[Subscriber]] = defaultdict(set)

    @contextmanager
    def watching(self, subscriber: Subscriber) -> Iterator[None]:
        """Keep a watcher registered within the block."""
        watchers = self._watchers[subscriber.job_id]
        watchers.add(subscriber)
        try:
            yield
        finally:
            watchers.discard(subscriber)
            if not watchers:
                self._watchers.pop(subscriber.job_id, None)

    def offer(self, job_id: UUID, event_id: int, event: StoredEvent | None) -> None:
        """Pass on an event, or the news that there is one whose text did not come along."""
        for subscriber in self._watchers.get(job_id, ()):
            subscriber.offer(event_id, event)

    def missed(self) -> None:
        """Tell everyone that events may have been missed."""
        for watchers in self._watchers.values():
            for subscriber in watchers:
                subscriber.missed()

    def __len__(self) -> int:
        return sum(map(len, self._watchers.values()))
