"""How a watch begins, whatever carries it: what the client has, and what it is owed."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from bridge.hub import Hub
from bridge.pump import Pump
from bridge.subscriber import Subscriber
from scorewire.errors import InvalidRequestError
from scorewire.jobs.job import TERMINAL_STATUSES, Job
from scorewire.jobs.messages import Progress
from scorewire.store.engine import Engine
from scorewire.store.jobs import existing_job


@dataclass(frozen=True)
class Watch:
    """The start of a watch.

    Attributes:
        after: id of the last event that the client has, or need not have.
        greeting: a frame for a job that has no event yet.
        subscriber: what comes; None where nothing more will come.
    """

    after: int
    greeting: str | None
    subscriber: Subscriber | None


class Bridge:
    """All that watching a job needs.

    Args:
        engine: the store's database.
        hub: where watchers are registered.
        pump: reads the rows that a watcher lacks.
        heartbeat_s: silence after which a connection gets a heartbeat.
    """

    def __init__(self, engine: Engine, hub: Hub, pump: Pump, *, heartbeat_s: float) -> None:
        self.hub = hub
        self.heartbeat_s = heartbeat_s
        self._engine = engine
        self._pump = pump

    async def open(self, job_id: UUID, after: int | None) -> Watch:
        """Begin to watch a job after an event, or from its newest event on ([W1]).

        Raises:
            NotFoundError: there is no such job.
            InvalidRequestError: the job has no event `after` yet.
            ServiceUnavailableError: the database cannot be reached.
        """
        job = await existing_job(self._engine, job_id)
        newest = job.last_event_id
        if after is None:
            after = max(newest - 1, 0)
            greeting = _greeting(job) if newest == 0 else None
        elif after > newest:
            message = f"The job has no event {after} yet; leave out after to start over."
            raise InvalidRequestError(message, field="after")
        else:
            greeting = None
        if after == newest and job.status in TERMINAL_STATUSES:
            return Watch(after, greeting, None)
        return Watch(after, greeting, Subscriber(job_id, after, self._pump.read_page))


def _greeting(job: Job) -> str:
    standing = Progress(
        job_id=job.job_id,
        id=0,
        attempt=job.attempt,
        progress=job.progress,
        stage=job.stage,
        message=job.message,
        timestamp=job.created_at,
    )
    return msgspec.json.encode(standing).decode()
