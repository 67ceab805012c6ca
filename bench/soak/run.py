"""Steady jobs and watchers for a while: do memory, connections and the events' table stay flat?

    make bench-soak ARGS="--minutes 30"

A stack of its own is given a recording every few seconds, each another one, and every job is
watched by some from its first event to its last. Meanwhile the memory of each part (its
proportional share, so that what forks have in common counts once), Postgres's connections and the
stored events are looked at. Events are kept for minutes here, and retention runs every few minutes
instead of once a day. Growth is the slope of a line through all but the first sixth.
"""

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import numpy as np
import psutil
from own_stack import OwnStack, own_folder, own_stack
from sounds import write_study
from websockets.asyncio.client import connect

EVENTS_KEPT_S = 300.0
RETENTION_EVERY_S = 120.0
LOOK_EVERY_S = 15.0
MIB = 1 << 20
DAY_S = 86_400


@dataclass
class Seen:
    """What was looked at.

    Attributes:
        at_s: when, from the start.
        figures: of each part or count, one value a look.
        ends: how jobs ended.
        frames: messages that watchers were sent.
    """

    at_s: list[float] = field(default_factory=list)
    figures: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ends: Counter[str] = field(default_factory=Counter)
    frames: int = 0


async def one_job(http: httpx.AsyncClient, recording: bytes, watchers: int, seen: Seen) -> None:
    """Submit a recording, and watch it by so many to its end."""
    created = await http.post(
        "/api/v1/transcribe/upload",
        files={"file": ("study.flac", recording)},
        data={"options": json.dumps({"recording": "solo"})},
    )
    url = f"{created.raise_for_status().json()['websocket_url']}?after=0"
    told = await asyncio.gather(*(watch(url) for _ in range(watchers)))
    seen.frames += sum(map(len, told))
    seen.ends.update({messages[-1]["type"] for messages in told})


def study(folder: Path, seed: int) -> bytes:
    """A recording of a few seconds."""
    return write_study(folder / "study.flac", seed).read_bytes()


async def watch(url: str) -> list[dict[str, object]]:
    """Every message of a job."""
    async with connect(url, max_queue=None) as socket:
        return [json.loads(frame) async for frame in socket]


def memory_mib(processes: list[psutil.Process]) -> float:
    """The memory of processes; pages that several share count once among them."""
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # it ended since it was listed
            total += process.memory_full_info().pss
    return total / MIB


async def look(running: OwnStack, database: asyncpg.Connection, seen: Seen) -> None:
    """Take down how things are."""
    postgres = running.postgres()
    parts = {
        "API": running.apis(),
        "worker": running.workers(),
        "fork server": running.fork_servers(),
        "Prefect": running.prefect_servers(),
        "Postgres": [p for one in postgres for p in (one, *one.children(recursive=True))],
        "supervisor": [psutil.Process(running.process.pid)],
    }
    for name, processes in parts.items():
        seen.figures[f"{name}, MiB"].append(memory_mib(processes))
    count = database.fetchval
    seen.figures["connections"].append(await count("SELECT count(*) FROM pg_stat_activity"))
    seen.figures["events stored"].append(await count("SELECT count(*) FROM job_events"))
    seen.figures["files open in the API"].append(sum(p.num_fds() for p in parts["API"]))


async def soak(
    running: OwnStack, folder: Path, *, duration_s: float, every_s: float, watchers: int
) -> Seen:
    """Work, and look, for so long."""
    seen, began_s, jobs = Seen(), time.monotonic(), set[asyncio.Task[None]]()
    (api,) = running.apis()
    database = await asyncpg.connect(api.environ()["SCOREWIRE_DATABASE_URL"])
    found = running.prefect.get("deployments/name/retention/daily").raise_for_status().json()
    async with (
        httpx.AsyncClient(base_url=running.api_url, timeout=60) as http,
        retention(running, found["id"]),
    ):
        due_s = 0.0
        for seed in itertools.count():
            elapsed_s = time.monotonic() - began_s
            if elapsed_s > duration_s:
                break
            if elapsed_s >= due_s:
                due_s += LOOK_EVERY_S
                seen.at_s.append(elapsed_s)
                await look(running, database, seen)
            recording = await asyncio.to_thread(study, folder, seed)
            jobs.add(asyncio.create_task(one_job(http, recording, watchers, seen)))
            await asyncio.sleep(every_s)
        await asyncio.gather(*jobs)
    await database.close()
    return seen


@asynccontextmanager
async def retention(running: OwnStack, deployment_id: str) -> AsyncIterator[None]:
    """Within the block, let retention run now and then."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(RETENTION_EVERY_S)
            path = f"deployments/{deployment_id}/create_flow_run"
            await asyncio.to_thread(running.prefect.post, path, json={})

    repeating = asyncio.create_task(repeat())
    try:
        yield
    finally:
        repeating.cancel()


def report(seen: Seen) -> None:
    """Print the table."""
    at_s = np.array(seen.at_s)
    steady = at_s >= at_s[-1] / 6
    print(f"{at_s[-1] / 60:.0f} min, {seen.ends.total()} jobs ended ({dict(seen.ends)}),")
    print(f"{seen.frames} messages delivered\n")
    print("| | after a sixth | at the end | most | growth an hour |")
    print("|---|---|---|---|---|")
    for name, values in seen.figures.items():
        kept = np.array(values)[steady]
        growth = np.polyfit(at_s[steady] / 3600, kept, 1)[0]
        print(f"| {name} | {kept[0]:.0f} | {kept[-1]:.0f} | {kept.max():.0f} | {growth:+.0f} |")


def main() -> int:
    """Soak, print the table, and say whether every job was completed."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--minutes", type=float, default=30)
    arguments.add_argument("--every-s", type=float, default=10, help="between two jobs")
    arguments.add_argument("--watchers", type=int, default=20, help="of each job")
    given = arguments.parse_args()
    kept = {"SCOREWIRE_KEEP_EVENTS_DAYS": f"{EVENTS_KEPT_S / DAY_S:.6f}"}
    with own_folder("soak") as folder, own_stack(folder / "data", kept) as running:
        seen = asyncio.run(
            soak(
                running,
                folder,
                duration_s=60 * given.minutes,
                every_s=given.every_s,
                watchers=given.watchers,
            )
        )
    report(seen)
    return int(set(seen.ends) != {"completed"})


if __name__ == "__main__":
    sys.exit(main())
