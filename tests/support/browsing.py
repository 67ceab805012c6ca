"""Visits to the page in a real browser, with a witness of what no visit may bring about."""

import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebError

PATIENCE_MS = 60_000
"""How long a busy machine may take for whatever is waited for."""

WITHOUT_SERVER = (
    r"Failed to load resource: net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE)",
    r"WebSocket connection to '.*' failed",
)
"""What a browser writes to its console of its own accord while nobody answers."""


class Visits:
    """Opens pages, each in a profile of its own, and notes what went wrong in any of them.

    Attributes:
        expected: patterns of complaints that belong to what is tested.
    """

    def __init__(self, browser: Browser, origin: str) -> None:
        self.expected: list[str] = []
        self._browser = browser
        self._origin = origin
        self._contexts: list[BrowserContext] = []
        self._foreign: list[str] = []
        self._complaints: list[str] = []

    def __call__(self, path: str = "/", **profile: Any) -> Page:
        """Open a page of the server.

        Args:
            path: which one.
            profile: what kind of browser, as Playwright's `new_context` takes it.
        """
        page = self.blank(**profile)
        page.goto(path)
        return page

    def blank(self, **profile: Any) -> Page:
        """As calling, but nothing is opened yet."""
        context = self._browser.new_context(base_url=self._origin, **profile)
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", self._note_request)
        context.on("console", self._note_console)
        context.on("weberror", self._note_error)
        page = context.new_page()
        page.on("websocket", lambda socket: self._note_address(socket.url))
        return page

    def close(self) -> None:
        """Close all; fails where a request left the origin, or a page complained."""
        for context in self._contexts:
            context.close()
        unexpected = [
            complaint
            for complaint in self._complaints
            if not any(re.search(pattern, complaint) for pattern in self.expected)
        ]
        assert self._foreign == []
        assert unexpected == []

    def _note_request(self, request: Request) -> None:
        self._note_address(request.url)

    def _note_address(self, address: str) -> None:
        # What is in memory is no request; a socket's scheme is another for the same server.
        if address.startswith(("data:", "blob:")):
            return
        if urlsplit(address).netloc != urlsplit(self._origin).netloc:
            self._foreign.append(address)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complaints.append(f"{message.text} ({message.location['url']})")

    def _note_error(self, error: WebError) -> None:
        self._complaints.append(str(error.error))
