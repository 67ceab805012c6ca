"""An application served as in production: on uvloop, in a thread of its own, open to inspection.

The loop matters: uvloop's transports refuse what asyncio's let pass, such as a write after the end.
"""

import asyncio
import gc
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
import uvloop
from litestar import Litestar

from bridge.plugin import BridgePlugin
from bridge.protocol import HttpProtocol, StreamProtocol
from bridge.server import OPTIONS
from bridge.session import Session
from bridge.watch import Bridge
from bridge.watcher import Watcher

START_TIMEOUT_S = 20.0
SETTLED_S = 40.0
STEP_S = 0.05
_KEPT_FOR_A_CLIENT = (Watcher, Session, StreamProtocol, HttpProtocol)


@dataclass
class Served:
    """A running server, and what it holds at this moment.

    Attributes:
        address: `host:port`.
        bridge: what its handlers share.
    """

    address: str
    bridge: Bridge
    _loop: asyncio.AbstractEventLoop = field(repr=False)

    async def ask(self, question: Callable[[], Any]) -> Any:
        """Call something on the server's own loop, between two of its steps."""

        async def answer() -> Any:
            return question()

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answer(), self._loop))

    async def watchers(self) -> list[Watcher]:
        """Those who are registered."""
        hub: Any = self.bridge.hub
        return await self.ask(
            lambda: [one for those in hub._watchers.values() for one in those]  # noqa: SLF001 - no other witness
        )

    async def held(self) -> dict[str, int]:
        """Count all that clients can make the server hold, once it is at rest.

        What is passing, such as the end of a request or a task of its upkeep, is not to be
        expected again: two counts in a row have to agree.
        """
        held: dict[str, int] = {}
        while (again := await self._count()) != held:
            held = again
            await asyncio.sleep(STEP_S)
        return held

    async def _count(self) -> dict[str, int]:
        limits: Any = self.bridge._limits  # noqa: SLF001 - no other witness

        def count() -> dict[str, int]:
            gc.collect()
            things = gc.get_objects()
            alive = {
                # By type: `isinstance` asks a weak proxy for the class of what is gone.
                kind.__name__: sum(kind in type(thing).__mro__ for thing in things)
                for kind in _KEPT_FOR_A_CLIENT
            }
            return alive | {
                "registered": len(self.bridge.hub),
                "streams": limits._open_in_all,  # noqa: SLF001 - no other witness
                "addresses": len(limits._open),  # noqa: SLF001 - no other witness
                "tasks": len(asyncio.all_tasks()),
            }

        found: dict[str, int] = await self.ask(count)
        return found

    async def settles(self, expected: dict[str, int], within_s: float = SETTLED_S) -> None:
        """Wait until the server holds just this much again."""
        give_up_at_s = asyncio.get_running_loop().time() + within_s
        while (held := await self._count()) != expected:
            left_s = give_up_at_s - asyncio.get_running_loop().time()
            assert left_s > 0, f"{held} is held, and not {expected}"
            await asyncio.sleep(STEP_S)


@asynccontextmanager
async def serving_apart(app: Litestar, *, send_buffer_bytes: int = 0) -> AsyncIterator[Served]:
    """Serve `app` within the block.

    Args:
        app: the application.
        send_buffer_bytes: what the kernel may hold for one client; loopback's own is megabytes.
    """
    listening = socket.socket()
    if send_buffer_bytes:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
    listening.bind(("127.0.0.1", 0))
    host, port = listening.getsockname()
    server = uvicorn.Server(uvicorn.Config(app, **OPTIONS))
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve(sockets=[listening])

    def run() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="served apart")
    thread.start()
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                await asyncio.sleep(0.01)
        bridge: Any = app.plugins.get(BridgePlugin)._bridge  # noqa: SLF001 - no other witness
        yield Served(f"{host}:{port}", bridge, loops[0])
    finally:
        server.should_exit = True
        await asyncio.to_thread(thread.join)
