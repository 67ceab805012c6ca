"""The publisher: events to jobs at a steady rate, as the workers of either design publish them.

It takes commands as lines of JSON on standard input and answers each with one line: `jobs` makes
jobs, `publish` publishes events in turn to all of them. For Scorewire an event is appended to the
store; for the baseline the same text goes to Redis.
"""

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

import redis.asyncio as redis
import uvloop

from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource
from scorewire.jobs.stages import Stage
from scorewire.store.engine import open_engine
from scorewire.store.events import append_progress
from scorewire.store.jobs import create_job

CONNECTIONS = 8
MESSAGE = "Separated segment {0} of 1000 into drums, bass, vocals and other"


class Design(Protocol):
    """Where events go."""

    async def create(self) -> UUID:
        """Make a job."""

    async def publish(self, job_id: UUID, event_id: int) -> None:
        """Publish one event."""

    async def aclose(self) -> None:
        """Close the connections."""


class Scorewire:
    """Appends events to the store, each in one statement."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url, pool_size=CONNECTIONS)

    async def create(self) -> UUID:
        """Make a job."""
        source = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
        return (await create_job(self._engine, source=source, options=Options())).job_id

    async def publish(self, job_id: UUID, event_id: int) -> None:
        """Append an event; the store numbers it and Postgres stamps it, before it commits."""
        accepted = await append_progress(
            self._engine,
            job_id,
            progress=45,
            stage=Stage.SEPARATION,
            message=MESSAGE.format(event_id),
        )
        if not accepted:
            message = f"The store refused event {event_id} of job {job_id}."
            raise RuntimeError(message)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._engine.dispose()


class Baseline:
    """Publishes events to Redis, stamped just before."""

    def __init__(self, url: str) -> None:
        self._redis = redis.from_url(url)

    async def create(self) -> UUID:
        """Make up a job; this design keeps none."""
        return uuid4()

    async def publish(self, job_id: UUID, event_id: int) -> None:
        """Publish what the store would have written."""
        event = {
            "id": event_id,
            "type": "progress",
            "stage": "separation",
            "job_id": str(job_id),
            "attempt": 1,
            "message": MESSAGE.format(event_id),
            "progress": 45,
            "timestamp": datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
        }
        await self._redis.publish(f"job:{job_id}:updates", json.dumps(event))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


DESIGNS = {"scorewire": Scorewire, "baseline": Baseline}


class Publisher:
    """Publishes to its jobs in turn."""

    def __init__(self, design: Design) -> None:
        self._design = design
        self._jobs: Sequence[UUID] = ()
        self._last_ids: dict[UUID, int] = {}

    async def obey(self, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what is asked."""
        match command["do"]:
            case "jobs":
                self._jobs = [await self._design.create() for _ in range(command["count"])]
                self._last_ids = dict.fromkeys(self._jobs, 0)
                return {"jobs": [str(job_id) for job_id in self._jobs]}
            case "publish":
                return await self._publish(command["events"], command["per_second"])
            case unknown:
                raise ValueError(unknown)

    async def _publish(self, events: int, per_second: float) -> Mapping[str, Any]:
        begun_s = time.perf_counter()
        workers = min(CONNECTIONS, len(self._jobs))
        if len(self._jobs) % workers:
            message = f"A number of jobs must be a multiple of {workers}: each job has one worker."
            raise ValueError(message)
        await asyncio.gather(
            *(
                self._work(range(worker, events, workers), begun_s, per_second)
                for worker in range(workers)
            )
        )
        span_s = time.perf_counter() - begun_s
        return {
            "per_second": events / max(span_s, events / per_second),
            "last_ids": {str(job_id): last_id for job_id, last_id in self._last_ids.items()},
        }

    async def _work(self, numbers: range, begun_s: float, per_second: float) -> None:
        for number in numbers:
            await asyncio.sleep(begun_s + number / per_second - time.perf_counter())
            job_id = self._jobs[number % len(self._jobs)]
            self._last_ids[job_id] += 1
            await self._design.publish(job_id, self._last_ids[job_id])


async def serve(design: Design) -> None:
    """Take commands until standard input ends."""
    publisher = Publisher(design)
    lines = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(lines)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    try:
        while line := await lines.readline():
            print(json.dumps(await publisher.obey(json.loads(line))), flush=True)
    finally:
        await design.aclose()


def main() -> None:
    """Serve one design."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("design", choices=DESIGNS)
    arguments.add_argument("url")
    given = arguments.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    uvloop.run(serve(DESIGNS[given.design](given.url)))


if __name__ == "__main__":
    main()
