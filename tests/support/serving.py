"""Runs an application in a real uvicorn on loopback, for tests that talk to it over sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import uvicorn
from litestar import Litestar

from bridge.server import OPTIONS

Serve = Callable[..., Awaitable[httpx.AsyncClient]]
"""Starts an application with changed settings, and gives a client of it."""


@asynccontextmanager
async def serving(app: Litestar) -> AsyncIterator[str]:
    """Serve `app` within the block; yields `host:port`."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, **OPTIONS)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    host, port = listening.getsockname()
    try:
        yield f"{host}:{port}"
    finally:
        server.should_exit = True
        await task
