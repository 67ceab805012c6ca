"""How long after a POST the first stage begins, beside what Prefect alone takes for the same run.

    scorewire up &                       # the stack that is measured
    python bench/start_latency.py --runs 10

Each run uploads another short tone and watches it. Two spans end at the same moment, the flow's
start, and are measured on the same run:

- *ours*: from sending the POST to receiving the first event of the stage `download`;
- *baseline*: from the creation of the flow run to its state Running, as Prefect records both.

What the ratio lies above 1 is Scorewire's own: the upload, the rows in Postgres, opening the store
in the flow's process, the event and the WebSocket.
"""

import argparse
import io
import json
import statistics
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import soundfile
from websockets.sync.client import connect

from scorewire.settings import Settings

SAMPLE_RATE_HZ = 44_100
TONE_S = 1.0


def tone(frequency_hz: float) -> bytes:
    """A short recording; every frequency is another recording, so no result is reused."""
    time_s = np.arange(int(TONE_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    file = io.BytesIO()
    soundfile.write(
        file, 0.3 * np.sin(2 * np.pi * frequency_hz * time_s), SAMPLE_RATE_HZ, format="FLAC"
    )
    return file.getvalue()


def ours_s(api_url: str, recording: bytes) -> tuple[str, float]:
    """Submit and watch; returns the job's id and the seconds to its first stage."""
    started_s = time.perf_counter()
    created = httpx.post(
        f"{api_url}/api/v1/transcribe/upload",
        files={"file": ("tone.flac", recording)},
        data={"options": json.dumps({"recording": "solo"})},
    )
    job_id = str(created.raise_for_status().json()["job_id"])
    stream = f"{api_url.replace('http', 'ws', 1)}/api/v1/jobs/{job_id}/stream"
    with connect(stream) as socket:
        latency_s = None
        for frame in socket:
            if latency_s is None and json.loads(frame).get("stage"):
                latency_s = time.perf_counter() - started_s
    if latency_s is None:
        message = f"Job {job_id} ended before its first stage."
        raise RuntimeError(message)
    return job_id, latency_s


def baseline_s(prefect: httpx.Client, job_id: str) -> float:
    """Seconds from the run's creation to its start, by Prefect's own record."""
    runs = prefect.post("flow_runs/filter", json={"sort": "START_TIME_DESC", "limit": 5})
    found: Sequence[dict[str, Any]] = runs.raise_for_status().json()
    (run,) = [run for run in found if run["parameters"].get("job_id") == job_id]
    started = datetime.fromisoformat(run["start_time"])
    return (started - datetime.fromisoformat(run["created"])).total_seconds()


def main() -> None:
    """Measure, and print a table of medians with their range."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--runs", type=int, default=10)
    arguments.add_argument("--data-dir", type=Path, default=Settings().data_dir)
    given = arguments.parse_args()

    stack = json.loads((given.data_dir / "stack.json").read_text())
    user, _, password = (given.data_dir / "prefect_login").read_text().strip().partition(":")
    prefect = httpx.Client(base_url=f"{stack['prefect_ui_url']}/api/", auth=(user, password))
    ours, baseline = [], []
    for run in range(given.runs):
        job_id, latency_s = ours_s(stack["api_url"], tone(220.0 + run))
        ours.append(latency_s)
        baseline.append(baseline_s(prefect, job_id))
    for name, spans in (("ours", ours), ("baseline", baseline)):
        median_s = statistics.median(spans)
        print(
            f"{name:9} median {median_s:.2f} s ({min(spans):.2f}-{max(spans):.2f}), n={len(spans)}"
        )
    print(f"ratio     {statistics.median(ours) / statistics.median(baseline):.2f}")


if __name__ == "__main__":
    main()
