"""Starts a Chromium of this machine: for the page's tests, pictures and measurements."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--no-sandbox",  # the kernel lends none to root or in most containers; pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class ChromiumMissingError(Exception):
    """There is no Chromium; the text says what to install."""


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Run a browser without a window for the length of the block.

    While it runs, its event loop counts as this thread's: no other can be run there.

    Raises:
        ChromiumMissingError: there is none.
    """
    with sync_playwright() as playwright:
        program = _find(playwright)
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def _find(playwright: Playwright) -> str | None:
    """The browser's program; None where Playwright has one of its own."""
    if Path(playwright.chromium.executable_path).is_file():
        return None
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    message = (
        "No Chromium was found: install your system's (on Debian `apt-get install chromium`), or "
        "Playwright's with `.venv/bin/playwright install chromium`."
    )
    raise ChromiumMissingError(message)
