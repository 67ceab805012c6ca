"""Traces when the watchers of a job learn of its stages and its end."""

from collections import OrderedDict
from typing import TYPE_CHECKING

from scorewire.jobs.messages import TERMINAL_TYPES
from scorewire.store.listener import Notified
from scorewire.traces import Traces, attempt_traceparent

if TYPE_CHECKING:
    from uuid import UUID

MAX_JOBS = 10_000


class Deliveries:
    """Notes a span for each event that begins a stage or ends an attempt, and for no other.

    Args:
        traces: where the spans go.
    """

    def __init__(self, traces: Traces) -> None:
        self._traces = traces
        self._stages: OrderedDict[UUID, str | None] = OrderedDict()

    def note(self, heard: Notified) -> None:
        """Take an event that was just handed to the sockets of its watchers."""
        if not self._traces.on or heard.timestamp is None or heard.attempt is None:
            return
        if heard.type in TERMINAL_TYPES:
            self._stages.pop(heard.job_id, None)
        elif self._stages.get(heard.job_id) == heard.stage:
            return
        else:
            self._stages[heard.job_id] = heard.stage
            if len(self._stages) > MAX_JOBS:
                self._stages.popitem(last=False)
        self._traces.note(
            f"deliver {heard.type}",
            attempt_traceparent(heard.job_id, heard.attempt),
            heard.timestamp,
            event_id=heard.id,
            stage=heard.stage or "",
        )
