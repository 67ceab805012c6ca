"""Which watchers follow which job. Knows neither Postgres nor sockets."""

from collections import defaultdict
from uuid import UUID

from bridge.event import Event
from bridge.watcher import Watcher
from scorewire.jobs.closing import CloseCode


class Hub:
    """Hands each event to the watchers of its job; never waits for any of them."""

    def __init__(self) -> None:
        self._watchers: defaultdict[UUID, set[Watcher]] = defaultdict(set)

    def add(self, watcher: Watcher) -> None:
        """Register a watcher."""
        self._watchers[watcher.job_id].add(watcher)

    def remove(self, watcher: Watcher) -> None:
        """Forget a watcher; one that is not registered is no error."""
        watchers = self._watchers.get(watcher.job_id)
        if watchers is None:
            return
        watchers.discard(watcher)
        if not watchers:
            del self._watchers[watcher.job_id]

    def watched(self, job_id: UUID) -> bool:
        """Say whether anyone follows a job."""
        return job_id in self._watchers

    def announce(self, job_id: UUID, event_id: int, event: Event | None, now_s: float) -> None:
        """Pass on an event, or the news that there is one whose text did not come along."""
        for watcher in tuple(self._watchers.get(job_id, ())):
            watcher.announce(event_id, event, now_s)

    def deleted(self, job_id: UUID) -> None:
        """Send everyone away from a job that is no more."""
        for watcher in tuple(self._watchers.get(job_id, ())):
            watcher.end(CloseCode.NO_SUCH_JOB, "the job was deleted")

    def missed(self) -> None:
        """Tell everyone that events may have been missed."""
        for watchers in tuple(self._watchers.values()):
            for watcher in tuple(watchers):
                watcher.missed()

    def count(self, kind: type[Watcher]) -> int:
        """Say how many watchers of a kind there are."""
        return sum(
            isinstance(watcher, kind)
            for watchers in self._watchers.values()
            for watcher in watchers
        )

    def __len__(self) -> int:
        return sum(map(len, self._watchers.values()))
