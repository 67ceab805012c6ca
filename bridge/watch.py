"""How a watch begins, whatever carries it: who may, what the client has, what it is owed."""

import asyncio
import time
from contextlib import ExitStack
from uuid import UUID

import msgspec

from bridge.event import Event
from bridge.hub import Hub
from bridge.protocol import Connection
from bridge.pump import Pump
from bridge.session import Session
from scorewire.errors import InvalidRequestError
from scorewire.http.callers import Caller
from scorewire.http.gate import Gate
from scorewire.http.limits import Limits, client_address
from scorewire.jobs.closing import CloseCode
from scorewire.jobs.job import TERMINAL_STATUSES, Job
from scorewire.jobs.messages import Progress
from scorewire.metrics import Metrics
from scorewire.store.engine import Engine
from scorewire.store.jobs import existing_job

MAX_EVENT_ID = 999_999_999


class Bridge:
    """All that watching a job needs.

    Args:
        engine: the store's database.
        hub: where watchers are registered.
        pump: reads the rows that a watcher lacks.
        gate: who may watch.
        limits: how often, and how many at once.
        heartbeat_s: silence after which a connection gets a heartbeat.
        metrics: what is counted up.
    """

    def __init__(  # noqa: PLR0913 - the parts of the bridge, each given by name
        self,
        engine: Engine,
        *,
        hub: Hub,
        pump: Pump,
        gate: Gate,
        limits: Limits,
        heartbeat_s: float,
        metrics: Metrics,
    ) -> None:
        self.engine = engine
        self.hub = hub
        self.gate = gate
        self.metrics = metrics
        self.read_page = pump.read_page
        self.listening = pump.listening
        self._limits = limits
        self._heartbeat_s = heartbeat_s

    async def admit(self, connection: Connection, leaving: ExitStack) -> None:
        """Let a client open a stream; what that takes is given back when `leaving` is closed.

        Raises:
            ForeignOriginError: a page of another site asks.
            TooManyRequestsError: the client opens streams too often, or too many at once ([W7]).
        """
        self.gate.check_origin(connection)
        address = client_address(connection)
        # A full server then costs the database nothing, and nobody's rate.
        leaving.callback(self._limits.hold_stream(address))
        await self._limits.admit_stream(address)

    async def open(
        self, job_id: UUID, after: int | None, caller: Caller, *, answers: bool
    ) -> Session:
        """Begin to watch a job after an event, or from its newest event on ([W1]).

        Args:
            job_id: the job.
            after: the last event that the client has; None for no history.
            caller: who asks.
            answers: whether the channel carries answers to heartbeats.

        Raises:
            NotFoundError: there is no such job, or it is someone else's.
            InvalidRequestError: the job has no event `after` yet.
            ServiceUnavailableError: the database cannot be reached.
        """
        job = await existing_job(self.engine, job_id, visible_to=caller.subject)
        newest = job.last_event_id
        if after is not None and after > newest:
            message = f"The job has no event {after} yet; leave out after to start over."
            raise InvalidRequestError(message, field="after")
        now_s = asyncio.get_running_loop().time()
        expires_at_s = None
        if caller.expires_at_s is not None:
            expires_at_s = now_s + caller.expires_at_s - time.time()
        session = Session(
            after=max(newest - 1, 0) if after is None else after,
            heartbeat_s=self._heartbeat_s,
            now_s=now_s,
            expires_at_s=expires_at_s,
            answers=answers,
        )
        if newest == 0 and after is None:
            session.greet(_greeting(job))
        if after == newest and job.status in TERMINAL_STATUSES:
            session.close(CloseCode.DONE, "the job has ended")
        return session


def parse_job_id(text: str) -> UUID:
    """Read a job's id.

    Raises:
        InvalidRequestError: it is none.
    """
    try:
        return UUID(text)
    except ValueError as error:
        message = "The job id is not a UUID; use the address from the submission's answer."
        raise InvalidRequestError(message, field="job_id") from error


def parse_event_id(text: str, field: str) -> int:
    """Read the id of the last event that a client has.

    Raises:
        InvalidRequestError: it is none.
    """
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(MAX_EVENT_ID)):
        message = f"The {field} is not an event id; leave it out, or send a whole number."
        raise InvalidRequestError(message, field=field)
    return int(text)


def _greeting(job: Job) -> Event:
    standing = Progress(
        job_id=job.job_id,
        id=0,
        attempt=job.attempt,
        progress=job.progress,
        stage=job.stage,
        message=job.message,
        timestamp=job.created_at,
    )
    return Event(0, "progress", msgspec.json.encode(standing).decode())
