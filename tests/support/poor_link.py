"""A TCP link that is as slow, late and unsteady as a phone's, or that goes dead."""

import asyncio
import random
import socket
from contextlib import suppress
from typing import Self

CHUNK_BYTES = 2 * 1024
QUEUED_CHUNKS = 8
SMALL_BUFFER_BYTES = 16 * 1024


class Link:
    """A proxy in front of a server; a context manager.

    Args:
        server: `host:port` behind the link.
        bytes_per_s: how much it carries in each direction; 0 is no limit.
        latency_s: how long a byte takes.
        jitter_s: how much longer it may take at random.
    """

    def __init__(
        self,
        server: str,
        *,
        bytes_per_s: float = 0,
        latency_s: float = 0.0,
        jitter_s: float = 0.0,
    ) -> None:
        self.address = ""
        self._server = server.split(":")
        self._bytes_per_s = bytes_per_s
        self._latency_s = latency_s
        self._jitter_s = jitter_s
        self._chance = random.Random(3)  # noqa: S311 - the same jitter each time
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        host, port = self._listening.sockets[0].getsockname()
        self.address = f"{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def freeze(self) -> None:
        """Carry nothing any more, and tell nobody."""
        self._thawed.clear()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = socket.socket()
        # What the kernels would hold on the way is more than a phone's link ever does.
        upstream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
        upstream.settimeout(0)
        host, port = self._server
        await asyncio.get_running_loop().sock_connect(upstream, (host, int(port)))
        server_reader, server_writer = await asyncio.open_connection(sock=upstream, limit=4096)
        for one, other in ((reader, server_writer), (server_reader, writer)):
            waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(QUEUED_CHUNKS)
            for task in (self._take(one, waiting), self._give(waiting, other)):
                running = asyncio.create_task(task)
                self._tasks.add(running)

    async def _take(
        self, reader: asyncio.StreamReader, waiting: asyncio.Queue[tuple[float, bytes]]
    ) -> None:
        chunk = b"the first"
        while chunk:
            await self._thawed.wait()
            with suppress(ConnectionError):
                chunk = await reader.read(CHUNK_BYTES)
            delay_s = self._latency_s + self._chance.uniform(0, self._jitter_s)
            await waiting.put((asyncio.get_running_loop().time() + delay_s, chunk))

    async def _give(
        self, waiting: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        try:
            while True:
                due_s, chunk = await waiting.get()
                await asyncio.sleep(due_s - asyncio.get_running_loop().time())
                await self._thawed.wait()
                if not chunk:
                    return
                writer.write(chunk)
                await writer.drain()
                if self._bytes_per_s:
                    await asyncio.sleep(len(chunk) / self._bytes_per_s)
        except ConnectionError:
            return
        finally:
            writer.close()
