"""How Scorewire's live wire compares with the usual design, measured in one run.

    python bench/fanout/run.py [--quick] [--json FILE]

README.md beside it says what is measured, how, and what is left out.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from processes import load_average, postgres_backend, raise_open_files, redis_backend
from report import table
from scenarios import (
    Design,
    Figures,
    alone,
    apart,
    calibration,
    crowd,
    idle,
    saturation,
)

Scenario = Callable[[Design], Awaitable[Figures]]


def full() -> Mapping[str, Scenario]:
    """All scenarios, as the published figures are measured."""
    return {
        "one watcher, 50 events/s": lambda on: alone(on, per_second=50, events=500),
        "1 job x 1,000 watchers, 20 events/s": lambda on: crowd(
            on, watchers=1_000, per_second=20, seconds=10
        ),
        "1,000 jobs x 1 watcher, 300 events/s in all": lambda on: apart(
            on, jobs=1_000, per_second=300, seconds=10
        ),
        "5,000 idle watchers": lambda on: idle(on, watchers=5_000, heartbeat_s=30),
        "saturation, 1 job x 1,000 watchers": lambda on: saturation(on, watchers=1_000, seconds=4),
    }


def quick() -> Mapping[str, Scenario]:
    """The same in a minute or two, on fewer watchers and for a shorter time."""
    return {
        "one watcher, 50 events/s": lambda on: alone(on, per_second=50, events=150),
        "1 job x 1,000 watchers, 20 events/s": lambda on: crowd(
            on, watchers=1_000, per_second=20, seconds=3
        ),
        "200 jobs x 1 watcher, 300 events/s in all": lambda on: apart(
            on, jobs=200, per_second=300, seconds=3
        ),
        "1,000 idle watchers, a heartbeat every 5 s": lambda on: idle(
            on, watchers=1_000, heartbeat_s=5
        ),
        "saturation, 1 job x 1,000 watchers": lambda on: saturation(on, watchers=1_000, seconds=1),
    }


async def measure(
    scenarios: Mapping[str, Scenario], rounds: int, folder: Path
) -> dict[str, dict[str, list[Figures]]]:
    """Run every scenario against both designs in turn."""
    figures: dict[str, dict[str, list[Figures]]] = {}
    async with postgres_backend(folder) as postgres, redis_backend(folder) as redis:
        designs = (Design("scorewire", postgres, folder), Design("baseline", redis, folder))
        for title, scenario in scenarios.items():
            of_scenario = figures[title] = {design.name: [] for design in designs}
            for number in range(rounds):
                # Who comes second may find a warmer or a busier machine: take turns.
                for design in designs if number % 2 == 0 else designs[::-1]:
                    note = f"{title}: {design.name}, round {number + 1} of {rounds}"
                    print(note, file=sys.stderr, flush=True)
                    of_scenario[design.name].append(await scenario(design))
    return figures


def main() -> None:
    """Measure, and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--quick", action="store_true", help="in a minute or two")
    arguments.add_argument("--rounds", type=int, help="repetitions; medians are reported")
    arguments.add_argument("--only", help="scenarios whose title contains this")
    arguments.add_argument("--json", type=Path, help="write all rounds to this file")
    given = arguments.parse_args()

    raise_open_files()
    load_before = load_average()
    scenarios = quick() if given.quick else full()
    chosen = {title: run for title, run in scenarios.items() if (given.only or "") in title}
    rounds = given.rounds or (1 if given.quick else 3)
    ceiling = asyncio.run(calibration(watchers=1_000, seconds=3))
    folder = Path(tempfile.mkdtemp(prefix="scorewire-fanout-"))
    folder.chmod(0o755)  # the user that Postgres runs as must be able to enter
    try:
        figures = asyncio.run(measure(chosen, rounds, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if given.json:
        measured = {"load_average": load_before, "calibration": ceiling, "scenarios": figures}
        given.json.write_text(json.dumps(measured, indent=1))
    print(table(figures))
    print(
        f"\nMedians of {rounds} rounds; load average before: {load_before:.2f}.\n"
        f"The load client alone, on a server that only sends: {ceiling['delivered_per_s']:,.0f} "
        f"messages/s at {ceiling['client_cpu_share']:.2f} of a core,\n"
        f"{ceiling['client_us']:.1f} us a message: at most {1e6 / ceiling['client_us']:,.0f} "
        "messages/s on a core of its own."
    )


if __name__ == "__main__":
    main()
