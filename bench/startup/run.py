"""How long after a POST the first stage begins: the warm worker, and Prefect's process worker.

    make bench-startup ARGS="--rounds 2 --jobs 10"

Each round runs a whole stack for either worker, one after the other, on a data folder of its
own: `scorewire up`, one job that is not counted, and then the counted ones, each alone. A span
lasts from sending the POST to receiving the first event of a stage on the WebSocket. Every job is
another tone, so that no result is reused.
"""

import argparse
import io
import statistics
import time

import numpy as np
import soundfile
from first_stage import first_stage_s
from own_stack import own_folder, own_stack

SAMPLE_RATE_HZ = 44_100
TONE_S = 1.0
SETTLE_S = 5.0
"""After a start the last imports are still under way."""

FILENAME = "tone.flac"
WORKERS = ("warm", "process")


def tone(frequency_hz: float) -> bytes:
    """A short recording."""
    time_s = np.arange(int(TONE_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    file = io.BytesIO()
    soundfile.write(
        file, 0.3 * np.sin(2 * np.pi * frequency_hz * time_s), SAMPLE_RATE_HZ, format="FLAC"
    )
    return file.getvalue()


def measure(worker: str, jobs: int, *, at_heels: bool) -> list[float]:
    """The spans of some jobs, on a fresh stack with this worker."""
    with (
        own_folder("startup") as data_dir,
        own_stack(data_dir, {"SCOREWIRE_WORKER": worker}) as running,
    ):
        first_stage_s(running.api_url, tone(110.0), FILENAME)
        time.sleep(SETTLE_S)
        spans = []
        for job in range(jobs):
            while not at_heels and running.flows():  # the last one's process has yet to end
                time.sleep(0.05)
            spans.append(first_stage_s(running.api_url, tone(220.0 + job), FILENAME))
        return spans


def main() -> None:
    """Measure, and print medians with their ranges, and the ratio."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=2)
    arguments.add_argument("--jobs", type=int, default=10)
    arguments.add_argument(
        "--at-heels", action="store_true", help="each job as soon as the one before has ended"
    )
    given = arguments.parse_args()
    spans: dict[str, list[float]] = {worker: [] for worker in WORKERS}
    for number in range(given.rounds):
        for worker in WORKERS:
            measured = measure(worker, given.jobs, at_heels=given.at_heels)
            print(f"round {number + 1}: {worker:8}", *(f"{span:.2f}" for span in measured))
            spans[worker] += measured
    medians = {worker: statistics.median(found) for worker, found in spans.items()}
    for worker, found in spans.items():
        print(
            f"{worker:8} median {medians[worker]:.2f} s ({min(found):.2f}-{max(found):.2f}), "
            f"n={len(found)}"
        )
    print(f"ratio    {medians['warm'] / medians['process']:.3f}")


if __name__ == "__main__":
    main()
