"""Takes the pictures of the page that the documentation shows: `make screenshots`.

It runs a stack of its own on a temporary folder, transcribes the repository's sample, and writes to
docs/screenshots. The transcription is held in its middle, by what the tests have for that, so that
a job at work is always seen at the same place.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chromium import running_chromium
from client import Client
from faults import HOLD, Faults
from own_stack import own_folder, own_stack
from page_parts import button, expect_score
from phone import PHONE
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "samples" / "petzold-menuet.ogg"
PICTURES = ROOT / "docs" / "screenshots"
PATIENCE_MS = 120_000
FAULTY = {"SCOREWIRE_TRANSCRIBER": "faults:FaultyTranscriber"}

DESKTOP = {"viewport": {"width": 1200, "height": 800}}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {**DESKTOP, "color_scheme": "light"},
    "dark": {**DESKTOP, "color_scheme": "dark"},
    "phone": {**PHONE, "color_scheme": "light"},
}


class Camera:
    """Takes pictures of one server's page."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self._browser = browser
        self._origin = origin

    @contextmanager
    def at(self, path: str, look: str) -> Iterator[Page]:
        """Open a view for the length of the block, in a profile of its own."""
        context = self._browser.new_context(
            base_url=self._origin, reduced_motion="reduce", locale="en-GB", **LOOKS[look]
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(path)
        yield page
        context.close()

    @staticmethod
    def take(page: Page, name: str) -> None:
        """Write what is in sight to docs/screenshots."""
        page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


def watching(camera: Camera, client: Client, data_dir: Path) -> str:
    """A job at work; returns it once it is finished."""
    transcription = Faults(data_dir, "transcription")
    piano = {"recording": "solo", "instruments": ["piano"]}
    # Without a job of its kind before it, nothing could be said of how long it takes.
    client.watch(client.upload(SAMPLE, title="Menuet in G, first half", end_s=13.0, **piano))
    transcription.plan(HOLD)
    job_id = client.upload(SAMPLE, title="Menuet in G", **piano)
    for look in LOOKS:
        with camera.at(f"/jobs/{job_id}", look) as page:
            expect(page.locator(".percent")).to_have_text(re.compile(r"^6[5-9]"))
            camera.take(page, f"watching-{look}")
    transcription.release()
    client.watch(job_id)
    return job_id


def score(camera: Camera, job_id: str) -> None:
    """The score, while it is played."""
    for look in LOOKS:
        with camera.at(f"/jobs/{job_id}", look) as page:
            expect_score(page)
            button(page, "Play").click()
            expect(page.locator(".transport-bar")).to_have_text(re.compile("^Bar 3"))
            button(page, "Pause").click()
            camera.take(page, f"score-{look}")


def failure(camera: Camera, client: Client, folder: Path) -> None:
    """A job that was given a letter."""
    letter = folder / "Letter to a musician.mp3"
    letter.write_text("Dear musician, this is not a recording. " * 100)
    job_id = client.upload(letter)
    client.watch(job_id)
    with camera.at(f"/jobs/{job_id}", "light") as page:
        expect(page.get_by_role("heading", name="This did not work")).to_be_visible()
        camera.take(page, "failure-light")


def lists(camera: Camera) -> None:
    """The first page and the library, with what was made for the other pictures."""
    for look in LOOKS:
        with camera.at("/", look) as page:
            expect(page.get_by_role("heading", name="Recent")).to_be_visible()
            camera.take(page, f"home-{look}")
    for look in ("light", "phone"):
        with camera.at("/library", look) as page:
            expect(page.get_by_role("list", name="Scores")).to_be_visible()
            camera.take(page, f"library-{look}")


def main() -> None:
    """Take all pictures."""
    expect.set_options(timeout=PATIENCE_MS)
    PICTURES.mkdir(exist_ok=True)
    with (
        own_folder("screenshots") as folder,
        own_stack(folder / "data", FAULTY) as running,
        running_chromium() as browser,
    ):
        camera, client = Camera(browser, running.api_url), Client(running.api_url)
        client.cancel(client.upload(SAMPLE, title="Not this one"))
        job_id = watching(camera, client, running.data_dir)
        failure(camera, client, folder)
        score(camera, job_id)
        lists(camera)


if __name__ == "__main__":
    main()
