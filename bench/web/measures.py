"""One measurement each, beside its baseline, in one browser."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect
from probes import COMPLETED, LIGHTS, READY, TIMES

SMALLEST = "/health/live"
"""The least that the server answers with; a browser shows it as text."""

WIDEST_PX = 1_280
STEP_PX = 40
HEIGHT_PX = 900
LISTEN_S = 12.0
JOB_MS = 120_000

Figures = dict[str, list[float]]


@contextmanager
def opened(browser: Browser, origin: str, script: str, width_px: int) -> Iterator[Page]:
    """Open a page with a probe, in a profile without anything cached."""
    size = {"width": width_px, "height": HEIGHT_PX}
    context = browser.new_context(base_url=origin, viewport=size)
    context.add_init_script(script)
    yield context.new_page()
    context.close()


def page_ready(browser: Browser, origin: str, rounds: int) -> dict[str, Figures]:
    """From the navigation to what can be used, for the first visit and for the next one."""
    figures: dict[str, Figures] = {}
    for _ in range(rounds):
        for name, path in (("page", "/"), ("baseline", SMALLEST)):
            with opened(browser, origin, READY, WIDEST_PX) as page:
                for cache in ("cold", "warm"):
                    page.goto(path, wait_until="networkidle")
                    if name == "page":
                        expect(page.locator("form.submit")).to_be_visible()
                    note(figures.setdefault(f"{name}, {cache}", {}), page.evaluate(TIMES))
    return figures


def first_page(browser: Browser, origin: str, submit: Callable[[], str], rounds: int) -> Figures:
    """From the event `completed` to the first page of the score, and the bare request for it.

    Each round watches a job of its own. No width is asked for twice: each is engraved when it is
    asked for.

    Args:
        browser: a running one.
        origin: the server.
        submit: hands a recording in; returns its job.
        rounds: how many jobs.
    """
    figures: Figures = {}
    with httpx.Client(base_url=origin, timeout=60) as http:
        for number in range(rounds):
            with opened(browser, origin, COMPLETED, WIDEST_PX - STEP_PX * number) as page:
                page.set_default_timeout(JOB_MS)
                with page.expect_response("**/pages?*") as asked:
                    page.goto(f"/jobs/{submit()}")
                page.wait_for_function("() => probe.shown_ms !== null")
                probe = page.evaluate("probe")
                shown_ms = probe["shown_ms"] - probe["completed_ms"]
                url = httpx.URL(asked.value.url)
            other = int(url.params["width"]) - STEP_PX // 2
            began_s = time.perf_counter()
            http.get(url.copy_set_param("width", other)).raise_for_status()
            bare_ms = 1000 * (time.perf_counter() - began_s)
            note(figures, {"shown_ms": shown_ms, "bare_ms": bare_ms})
    return figures


def highlight_lag(browser: Browser, origin: str, job_id: str, source: str) -> list[float]:
    """How long after it is heard each note was lit, in milliseconds.

    Args:
        browser: a running one.
        origin: the server.
        job_id: a finished job.
        source: `Score` (the synthesizer) or `Recording`.
    """
    playback = httpx.get(f"{origin}/api/v1/scores/{job_id}/playback").raise_for_status().json()
    with opened(browser, origin, LIGHTS, WIDEST_PX) as page:
        page.goto(f"/jobs/{job_id}")
        page.get_by_text(source, exact=True).click()
        page.get_by_role("button", name="Play", exact=True).click()
        expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
        page.wait_for_timeout(1000 * LISTEN_S)
        probe = page.evaluate("({ sent_s: probe.sent_s, lit: probe.lit })")
    due_s = due(playback["notes"], source, probe["sent_s"])
    # The first notes are lit by the jump to where playing begins, before there is any sound.
    lit = [each for each in probe["lit"] if due_s.get(each["id"], 0) > min(due_s.values())]
    return [1000 * (each["heard_s"] - due_s[each["id"]]) for each in lit]


def due(notes: Sequence[dict[str, Any]], source: str, sent_s: Sequence[float]) -> dict[str, float]:
    """When each notehead is due by the clock of its source, in seconds."""
    if source == "Recording":
        return {note["id"]: note["recording_onset_s"] for note in notes}
    # The synthesizer was told when to sound the first note; from there on the score counts.
    began_s = min(sent_s) - min(note["onset_s"] for note in notes)
    return {note["id"]: began_s + note["onset_s"] for note in notes}


def note(figures: Figures, found: dict[str, float | None]) -> None:
    """Keep what was found in one round."""
    for name, value in found.items():
        if value is not None:
            figures.setdefault(name, []).append(value)
