"""What waits for one watcher: bounded, and never in the way of another.

A subscriber knows the last event it was given. It takes the next one straight from a notification;
once something is missing it is *behind*, and reads rows, page by page as its client takes them,
until nothing is missing any more. Replay on connect, gaps and reconnects are all this one case.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from scorewire.jobs.messages import TERMINAL_TYPES
from scorewire.store.events import StoredEvent

PAGE = 100
MAX_WAITING = 200
"""Events that wait for a slow client before its waiting progress is merged ([W2])."""

ReadPage = Callable[[UUID, int, int], Awaitable[Sequence[StoredEvent]]]
"""Returns the events of a job after an id, at most so many, in order."""


class Subscriber:
    """One watcher of one job.

    Args:
        job_id: the job.
        after: id of the last event that the client has.
        read_page: reads rows; may take as long as the database is away.
    """

    def __init__(self, job_id: UUID, after: int, read_page: ReadPage) -> None:
        self.job_id = job_id
        self._position = after
        self._newest_offered = after
        self._read_page = read_page
        self._waiting: deque[StoredEvent] = deque()
        self._behind = True
        self._missed_again = False
        self._changed = asyncio.Event()

    def offer(self, event_id: int, event: StoredEvent | None) -> None:
        """Take a live event, or at least the news that there is one."""
        self._newest_offered = max(self._newest_offered, event_id)
        if self._behind or event_id <= self._position:
            return
        if event is None or event_id != self._position + 1:
            self._fall_behind()
            return
        self._append(event)
        if len(self._waiting) > MAX_WAITING:
            self._merge_progress()

    def missed(self) -> None:
        """Learn that events may have been missed."""
        if self._behind:
            self._missed_again = True
        else:
            self._fall_behind()

    async def next(self) -> tuple[StoredEvent, bool]:
        """Wait for the next event.

        Returns:
            The event, and whether it is the newest there is. Cancelling the wait loses nothing.
        """
        while True:
            while self._behind and self._needs_rows():
                await self._catch_up()
            if self._waiting:
                event = self._waiting.popleft()
                return event, not self._waiting
            self._changed.clear()
            await self._changed.wait()

    def _needs_rows(self) -> bool:
        # A terminal event is held back until it is known whether a retry followed it.
        waiting = self._waiting
        return not waiting or (len(waiting) == 1 and waiting[0].type in TERMINAL_TYPES)

    async def _catch_up(self) -> None:
        self._missed_again = False
        offered_before = self._newest_offered
        page = await self._read_page(self.job_id, self._position, PAGE)
        for event in page:
            self._append(event)
        # What was announced before the read and is not among the rows was deleted with its job.
        awaited = self._newest_offered > max(self._position, offered_before)
        complete = len(page) < PAGE and not awaited
        self._behind = self._missed_again or not complete

    def _fall_behind(self) -> None:
        self._behind = True
        self._changed.set()

    def _append(self, event: StoredEvent) -> None:
        self._waiting.append(event)
        self._position = event.id
        self._changed.set()

    def _merge_progress(self) -> None:
        newest = self._waiting[-1]
        kept = [event for event in self._waiting if event.type in TERMINAL_TYPES]
        if newest.type not in TERMINAL_TYPES:
            kept.append(newest)
        self._waiting = deque(kept)
