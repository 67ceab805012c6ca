"""A WebSocket client that may do what no library lets it: send anything, read nothing, vanish."""

import asyncio
import os
import socket
from base64 import b64encode
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from websockets.frames import Close, Frame, Opcode


@dataclass
class RawSocket:
    """A TCP connection on which a WebSocket handshake was, or was not, made."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, address: str, *, receive_buffer_bytes: int = 0) -> Self:
        """Connect, and say nothing."""
        host, port = address.split(":")
        raw = socket.socket()
        raw.settimeout(0)
        if receive_buffer_bytes:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
        # A limit this small makes the client stop reading as soon as nobody asks for more.
        reader, writer = await asyncio.open_connection(sock=raw, limit=4096)
        return cls(reader, writer)

    @classmethod
    async def watching(cls, address: str, job_id: UUID, query: str = "", **options: int) -> Self:
        """Connect, and make the handshake."""
        raw = await cls.open(address, **options)
        await raw.send(handshake(address, job_id, query))
        head = await raw.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return raw

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def frame(self) -> Frame:
        """Read one frame.

        Raises:
            asyncio.IncompleteReadError: the connection ended.
        """
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2))
        elif size == 127:
            size = int.from_bytes(await self.reader.readexactly(8))
        data = await self.reader.readexactly(size)
        return Frame(Opcode(first & 0x0F), data, fin=bool(first & 0x80))

    async def close_code(self) -> int | None:
        """Read to the end; returns the code of the close frame, None if there was none."""
        code = None
        try:
            while True:
                frame = await self.frame()
                if frame.opcode is Opcode.CLOSE:
                    code = int(Close.parse(bytes(frame.data)).code)
        except (asyncio.IncompleteReadError, ConnectionError):
            return code
        finally:
            self.abort()

    def abort(self) -> None:
        """Leave without a word."""
        self.writer.transport.abort()


def handshake(address: str, job_id: UUID, query: str = "") -> bytes:
    """The request that opens a job's stream."""
    key = b64encode(os.urandom(16)).decode()
    return (
        f"GET /api/v1/jobs/{job_id}/stream{query} HTTP/1.1\r\nHost: {address}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def masked(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    """A frame as a client has to send it."""
    return Frame(opcode, data, fin=fin).serialize(mask=True)
