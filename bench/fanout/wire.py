"""As much of a WebSocket client as a load client needs: the handshake, and frames out of bytes."""

import json
import re
import socket
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: c2NvcmV3aXJlLWZhbm91dA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A

_LENGTH_BYTES = {126: 2, 127: 8}
_EVENT = re.compile(rb'"id": ?(\d+)')
_TIMESTAMP = re.compile(rb'"timestamp": ?"([^"]+)"')


class Parsed(NamedTuple):
    """What a run of bytes from a server says.

    Attributes:
        ids: the ids of its events, in order.
        sent_s: the events' own timestamps, in seconds since the epoch.
        answer: what the server is owed: pongs.
        rest: the beginning of a frame that is not complete.
        closed: whether the server closes.
    """

    ids: Sequence[int]
    sent_s: Sequence[float]
    answer: bytes
    rest: bytes
    closed: bool


def parse(chunk: bytes) -> Parsed:
    """Take frames apart; ids and timestamps are found without decoding any JSON.

    Raises:
        ValueError: a frame is none of those that the wire knows.
    """
    ids: list[int] = []
    sent_s: list[float] = []
    answer = b""
    closed = False
    start = 0
    while (found := _frame(chunk, start)) is not None:
        opcode, payload, start = found
        if opcode == TEXT and (event := _EVENT.search(payload)):
            ids.append(int(event[1]))
            sent_s.append(datetime.fromisoformat(_stamp(payload)).timestamp())
        elif opcode == TEXT:
            answer += masked(TEXT, pong(_stamp(payload)))
        elif opcode == PING:
            answer += masked(PONG, payload)
        elif opcode == CLOSE:
            closed = True
        elif opcode != PONG:
            message = f"An unexpected frame begins with {opcode:#x}"
            raise ValueError(message)
    return Parsed(ids, sent_s, answer, chunk[start:], closed)


def _frame(chunk: bytes, start: int) -> tuple[int, bytes, int] | None:
    """The frame at `start`: its first byte, its payload, where it ends; None if it is cut off."""
    if start + 2 > len(chunk):
        return None
    length, body = chunk[start + 1], start + 2
    if length in _LENGTH_BYTES:
        body += _LENGTH_BYTES[length]
        length = int.from_bytes(chunk[start + 2 : body], "big")
    end = body + length
    if end > len(chunk):
        return None
    return chunk[start], chunk[body:end], end


def _stamp(payload: bytes) -> str:
    stamp = _TIMESTAMP.search(payload)
    if stamp is None:
        message = f"Not a message of ours: {payload[:200]!r}"
        raise ValueError(message)
    return stamp[1].decode()


def pong(timestamp: str) -> bytes:
    """The answer to a heartbeat."""
    return json.dumps({"type": "pong", "timestamp": timestamp}).encode()


def masked(opcode: int, payload: bytes) -> bytes:
    """Frame a short message as clients must; the mask of zeros is as valid as any other."""
    return bytes([opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload


def open_sockets(port: int, paths: Sequence[str]) -> list[tuple[socket.socket, bytes]]:
    """Connect to all paths at once; returns sockets, and what each sent after its handshake.

    Raises:
        ConnectionError: a handshake is refused.
    """
    opened = []
    for path in paths:
        connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        connection.sendall(HANDSHAKE.format(path=path).encode())
        opened.append(connection)
    return [(connection, _rest_of_handshake(connection)) for connection in opened]


def _rest_of_handshake(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            break
        received += chunk
    head, _, rest = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101"):
        message = f"The server refused a watcher: {head[:200]!r}"
        raise ConnectionError(message)
    connection.setblocking(False)  # noqa: FBT003 - the socket module's own signature
    return rest
