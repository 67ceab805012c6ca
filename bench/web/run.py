"""How quick the page is in a real browser, beside what browser and server take by themselves.

    scorewire up &                       # the server that is measured
    python bench/web/run.py [--rounds N] [--json FILE]

- *page ready*: from a navigation to the first and the largest paint and to the form that submits,
  on a first visit and on the next; baseline: the smallest answer of the same server, in turn.
- *first load*: the bytes of that first visit as they were sent, headers included.
- *first page of the score*: watching a job, from receiving `completed` to the frame with the page;
  baseline: the bare request for the same page, at a width that was not asked for before either.
- *highlight lag*: by how much a note is lit after it is heard, by the clock of the sound itself.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import httpx
from playwright.sync_api import Browser

from scorewire.settings import Settings
from scorewire.stack.state import read_state

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "web"))  # there is one place that knows how to find a browser

from chromium import running_chromium  # noqa: E402 - found by the line above
from measures import Figures, first_page, highlight_lag, page_ready  # noqa: E402 - as above

SAMPLE = ROOT / "samples" / "petzold-menuet.ogg"
OPTIONS = {"recording": "solo", "instruments": ["piano"], "title": "Menuet in G"}
ASK_INTERVAL_S = 0.5


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", help="its address; without it, the stack that runs here")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=5, help="that are watched to their end")
    parser.add_argument("--json", type=Path, help="write all figures to this file as well")
    asked = parser.parse_args()
    origin = asked.server or running_server()
    with running_chromium() as browser:
        found = measure(browser, origin, asked.rounds, asked.jobs)
    for line in table(found):
        print(line)
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")


def measure(browser: Browser, origin: str, rounds: int, jobs: int) -> dict[str, Figures]:
    """All that is measured, by its name."""
    job_id = finished_job(origin)
    return {
        **page_ready(browser, origin, rounds),
        "first page": first_page(browser, origin, partial(submitted, origin), jobs),
        "lag": {
            source: highlight_lag(browser, origin, job_id, source)
            for source in ("Score", "Recording")
        },
    }


def table(found: dict[str, Figures]) -> Iterable[str]:
    """The figures as Markdown."""
    yield "| | page | baseline | difference |"
    yield "| --- | --- | --- | --- |"
    for cache in ("cold", "warm"):
        page, baseline = found[f"page, {cache}"], found[f"baseline, {cache}"]
        for name, key, beside in (
            ("first paint", "fcp_ms", "fcp_ms"),
            ("largest paint", "lcp_ms", "fcp_ms"),
            ("form ready", "form_ms", "fcp_ms"),
        ):
            yield row(f"{name}, {cache} cache", page[key], baseline[beside])
    first = found["first page"]
    yield row("`completed` to the first page", first["shown_ms"], first["bare_ms"])
    yield ""
    for cache in ("cold", "warm"):
        sent = statistics.median(found[f"page, {cache}"]["bytes"]) / 1000
        yield f"Sent for a visit, {cache} cache: {sent:.0f} KB"
    for source, lags_ms in found["lag"].items():
        cuts = statistics.quantiles(lags_ms, n=20)
        yield (
            f"Highlight lag, {source.lower()}: p50 {cuts[9]:.0f} ms, p95 {cuts[18]:.0f} ms, "
            f"max {max(lags_ms):.0f} ms ({len(lags_ms)} notes)"
        )


def row(name: str, ours_ms: list[float], baseline_ms: list[float]) -> str:
    """A line of the table: medians, and the range of ours."""
    ours, baseline = statistics.median(ours_ms), statistics.median(baseline_ms)
    spread = f"{min(ours_ms):.0f}-{max(ours_ms):.0f}"
    return f"| {name} | {ours:.0f} ms ({spread}) | {baseline:.0f} ms | {ours - baseline:.0f} ms |"


def running_server() -> str:
    """The address of the stack that runs on this machine's data folder."""
    state = read_state(Settings().data_dir)
    if state is None:
        message = "no stack runs here: start one with `scorewire up`, or give --server"
        raise SystemExit(message)
    return state.api_url


def submitted(origin: str) -> str:
    """Hand the sample in; returns its job."""
    files = {"file": (SAMPLE.name, SAMPLE.read_bytes())}
    url = f"{origin}/api/v1/transcribe/upload"
    made = httpx.post(url, files=files, data={"options": json.dumps(OPTIONS)}, timeout=60)
    return str(made.raise_for_status().json()["job_id"])


def finished_job(origin: str) -> str:
    """Transcribe the sample; returns the job."""
    job_id = submitted(origin)
    while True:
        job = httpx.get(f"{origin}/api/v1/jobs/{job_id}").raise_for_status().json()
        if job["status"] == "completed":
            return job_id
        if job["status"] == "failed":
            raise SystemExit(job["error"]["message"])
        time.sleep(ASK_INTERVAL_S)


if __name__ == "__main__":
    main()
