"""Watchers of both channels that note what they are sent, and can come back for the rest."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

BACK_AFTER_S = (0.02, 0.3)
TERMINAL = {"completed", "error"}


@dataclass
class Seen:
    """What one watcher was sent, over all of its connections.

    Attributes:
        messages: the events.
        arrived_s: when each arrived, by the loop's clock.
        endings: how each connection ended: a close code, or an HTTP status.
        heartbeats: how many came.
    """

    messages: list[dict[str, Any]] = field(default_factory=list)
    arrived_s: list[float] = field(default_factory=list)
    endings: list[int | None] = field(default_factory=list)
    heartbeats: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ids(self) -> list[int]:
        """The events' ids, as they came."""
        return [message["id"] for message in self.messages]

    @property
    def last_id(self) -> int:
        """What a reconnect resumes after."""
        return self.messages[-1]["id"] if self.messages else 0

    @property
    def ended(self) -> bool:
        """Whether the job's end was seen."""
        return bool(self.messages) and self.messages[-1]["type"] in TERMINAL

    def note(self, text: str) -> None:
        """Note a message."""
        self.arrived_s.append(asyncio.get_running_loop().time())
        self.messages.append(json.loads(text))
        self._news.set()

    async def until(self, event_id: int) -> None:
        """Wait until an event, or a later one, was seen."""
        while self.last_id < event_id:
            self._news.clear()
            await self._news.wait()


Channel = Callable[..., Awaitable[None]]
"""Watches a job over one connection, from what was seen so far on, until it ends."""


async def by_websocket(address: str, job_id: UUID, seen: Seen, **options: Any) -> None:
    """Watch by WebSocket."""
    url = f"ws://{address}/api/v1/jobs/{job_id}/stream?after={seen.last_id}"
    settings = {"ping_interval": None, "compression": None, "open_timeout": 30, **options}
    async with connect(url, **settings) as connection:
        try:
            while True:
                text = str(await connection.recv())
                if '"type":"heartbeat"' in text:
                    seen.heartbeats += 1
                    with suppress(ConnectionClosed):  # what came before the close is still to read
                        await connection.send(text.replace("heartbeat", "pong"))
                else:
                    seen.note(text)
        except ConnectionClosed:
            seen.endings.append(connection.close_code)


async def by_event_source(
    address: str, job_id: UUID, seen: Seen, *, http: httpx.AsyncClient, query: str = ""
) -> None:
    """Watch by Server-Sent Events."""
    url = f"http://{address}/api/v1/jobs/{job_id}/events{query}"
    headers = {"Last-Event-ID": str(seen.last_id)}
    async with http.stream("GET", url, headers=headers) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                seen.note(line.removeprefix("data: "))
            elif line.startswith(": "):
                seen.heartbeats += 1
        seen.endings.append(response.status_code)


def crowd_client() -> httpx.AsyncClient:
    """An HTTP client for any number of streams."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(limits=limits, timeout=30)


async def until_the_end(watch: Callable[[Seen], Awaitable[None]], seen: Seen) -> Seen:
    """Watch until the job's end was seen, coming back whenever the connection is lost."""
    while not seen.ended:
        try:
            await watch(seen)
        except (OSError, InvalidHandshake, EOFError, httpx.TransportError, TimeoutError):
            seen.endings.append(None)
        if not seen.ended:
            await asyncio.sleep(random.uniform(*BACK_AFTER_S))  # noqa: S311 - no secret
    return seen
