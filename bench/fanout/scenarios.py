"""What is measured: each function runs one scenario once, against one design, from a cold start."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from processes import Backend, Server, Talker, free_port, load_average, serving, talker

HEARTBEAT_S = 30.0
DRAIN_TIMEOUT_S = 30.0
STANDING_INTERVAL_S = 0.05
SETTLE_S = 3.0
P99_BAR_MS = 50.0
HOPELESS_P99_MS = 1000.0
LEAST_RATE = 0.97
"""A publisher that is slower than this share of what was asked for has not measured the server."""

LADDER = (2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 125, 150, 175, 200, 250, 300, 400)
"""Events a second to 1,000 watchers, in the search for the most that a server takes."""

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Design:
    """One of the two that are compared."""

    name: str
    backend: Backend
    folder: Path


@dataclass
class Measurement:
    """A server with its watchers and its publisher."""

    design: Design
    server: Server
    load: Talker
    publisher: Talker
    last_ids: Mapping[str, int]

    async def connect(self, jobs: int, watchers_per_job: int) -> None:
        """Make jobs and let them be watched."""
        made = (await self.publisher.ask(do="jobs", count=jobs))["jobs"]
        await self.load.ask(
            do="connect", port=self.server.port, jobs=made, watchers_per_job=watchers_per_job
        )

    async def warm_up(self, events: int, per_second: float) -> None:
        """Publish, until every watcher has seen the last event of its job.

        Raises:
            TimeoutError: some never do.
        """
        deadline_s = time.monotonic() + DRAIN_TIMEOUT_S
        while time.monotonic() < deadline_s:
            # A subscription of the baseline begins after its handshake, so the first may be missed.
            await self._publish(events, per_second)
            if await drained(self.load, self.last_ids, 2.0):
                return
        message = f"Not every watcher of {self.design.name} receives events."
        raise TimeoutError(message)

    async def measure(self, events: int, per_second: float) -> Figures:
        """Publish at a rate, wait until all has arrived, and say what it took."""
        await self.load.ask(do="begin")
        server, backend = self.server.measured, self.design.backend.measured
        server_s, backend_s = server.cpu_s(), backend.cpu_s()
        published_per_s = await self._publish(events, per_second)
        await drained(self.load, self.last_ids, DRAIN_TIMEOUT_S)
        server_s, backend_s = server.cpu_s() - server_s, backend.cpu_s() - backend_s
        report = await self.load.ask(do="report", last_ids=self.last_ids)
        delivered = max(report["delivered"], 1)
        return report | {
            "published_share": published_per_s / per_second,
            "delivered_per_s": report["delivered"] / max(report["delivered_span_s"], 1e-9),
            "server_us": server_s / delivered * 1e6,
            "backend_us": backend_s / delivered * 1e6,
            "load_average": load_average(),
        }

    async def _publish(self, events: int, per_second: float) -> float:
        answer = await self.publisher.ask(do="publish", events=events, per_second=per_second)
        self.last_ids = answer["last_ids"]
        return float(answer["per_second"])


async def drained(load: Talker, last_ids: Mapping[str, int], timeout_s: float) -> bool:
    """Wait until every watcher has seen the last event of its job."""
    deadline_s = time.monotonic() + timeout_s
    while (await load.ask(do="standing", last_ids=last_ids))["behind"]:
        if time.monotonic() > deadline_s:
            return False
        await asyncio.sleep(STANDING_INTERVAL_S)
    return True


@contextlib.asynccontextmanager
async def measurement(
    design: Design, *, heartbeat_s: float = HEARTBEAT_S
) -> AsyncIterator[Measurement]:
    """Start all of it, and stop it again."""
    async with (
        serving(design.name, design.backend, design.folder, heartbeat_s) as server,
        talker("load.py") as load,
        talker("publish.py", design.name, design.backend.url) as publisher,
    ):
        yield Measurement(design, server, load, publisher, {})


async def crowd(design: Design, *, watchers: int, per_second: float, seconds: float) -> Figures:
    """One job that everyone watches."""
    async with measurement(design) as measured:
        await measured.connect(1, watchers)
        await measured.warm_up(int(per_second), per_second)
        return await measured.measure(int(per_second * seconds), per_second)


async def apart(design: Design, *, jobs: int, per_second: float, seconds: float) -> Figures:
    """Many jobs with a watcher each."""
    async with measurement(design) as measured:
        await measured.connect(jobs, 1)
        await measured.warm_up(jobs, per_second)
        return await measured.measure(int(per_second * seconds), per_second)


async def alone(design: Design, *, per_second: float, events: int) -> Figures:
    """One watcher on an idle machine."""
    async with measurement(design) as measured:
        await measured.connect(1, 1)
        await measured.warm_up(20, per_second)
        return await measured.measure(events, per_second)


async def idle(design: Design, *, watchers: int, heartbeat_s: float) -> Figures:
    """Watchers of jobs in which nothing happens, over exactly one interval of heartbeats."""
    async with measurement(design, heartbeat_s=heartbeat_s) as measured:
        server = measured.server.measured
        await measured.connect(8, 1)  # what the first connections load is not theirs
        await measured.warm_up(8, 100)
        await asyncio.sleep(1)
        empty_bytes = server.memory_bytes()
        await measured.connect(watchers, 1)
        await asyncio.sleep(SETTLE_S)
        full_bytes = server.memory_bytes()
        await measured.load.ask(do="begin")
        begun_s, spent_s = time.monotonic(), server.cpu_s()
        await asyncio.sleep(heartbeat_s)
        share = (server.cpu_s() - spent_s) / (time.monotonic() - begun_s)
        report = await measured.load.ask(do="report", last_ids={})
        return report | {
            "connection_bytes": (full_bytes - empty_bytes) / watchers,
            "idle_cpu_share": share,
            "load_average": load_average(),
        }


async def saturation(design: Design, *, watchers: int, seconds: float) -> Figures:
    """The highest rate that keeps every event and the bar for its latency."""
    held: Figures = {}
    most_per_s = 0.0
    async with measurement(design) as measured:
        await measured.connect(1, watchers)
        await measured.warm_up(10, 10)
        for per_second in LADDER:
            for _ in range(2):  # a moment in which the machine was busy elsewhere is forgiven
                step = await measured.measure(max(int(per_second * seconds), 5), per_second)
                most_per_s = max(most_per_s, step["delivered_per_s"])
                whole = not (step["lost"] or step["repeated"] or step["closed"])
                in_time = step["p99_ms"] < P99_BAR_MS and step["published_share"] >= LEAST_RATE
                if whole and in_time:
                    held = step | {"held_events_per_s": per_second}
                    break
            hopeless = step["p99_ms"] > HOPELESS_P99_MS or step["published_share"] < LEAST_RATE
            if not whole or hopeless:
                break
    return {
        "held_per_s": held.get("delivered_per_s", 0.0),
        "held_events_per_s": held.get("held_events_per_s", 0.0),
        "most_per_s": most_per_s,
        "broke_at_events_per_s": per_second,
        "broke_published_share": step["published_share"],
        "broke_p99_ms": step["p99_ms"],
        "broke_lost": step["lost"],
        "client_cpu_share": step["client_cpu_share"],
        "client_batch_p99_ms": step["client_batch_p99_ms"],
        "load_average": load_average(),
    }


async def calibration(*, watchers: int, seconds: float) -> Figures:
    """What the load client takes from a server that does nothing but send."""
    port = free_port()
    watched = "calibration"
    async with (
        talker("blast.py", "--port", str(port), "--watchers", str(watchers)) as blaster,
        talker("load.py") as load,
    ):
        await blaster.hear()
        await load.ask(do="connect", port=port, jobs=[watched], watchers_per_job=watchers)
        await blaster.ask(seconds=0.5)
        await load.ask(do="begin")
        last_id = (await blaster.ask(seconds=seconds))["last_id"]
        await drained(load, {watched: last_id}, DRAIN_TIMEOUT_S)
        report = await load.ask(do="report", last_ids={watched: last_id})
    return report | {
        "delivered_per_s": report["delivered"] / report["delivered_span_s"],
        "client_us": report["client_cpu_s"] / report["delivered"] * 1e6,
    }
