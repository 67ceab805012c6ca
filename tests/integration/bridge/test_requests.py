"""What a connection may ask of the server before there is a request, over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from litestar import Litestar, Request, get, post
from litestar.response import Stream
from serving import serving

from bridge import requests
from scorewire.http.problems import MEDIA_TYPE, PROBLEM_HANDLERS, Problem

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
UPGRADE = (
    b"Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
PATIENCE_S = 0.2


@post("/", status_code=200)
async def count(request: Request) -> int:  # type: ignore[type-arg]  # any user, any state
    """Say how long the body was."""
    return len(await request.body())


left = asyncio.Event()


@get("/endless")
async def endless() -> Stream:
    """Answer without an end, and say when nobody reads it any more."""

    async def chunks() -> AsyncIterator[bytes]:
        try:
            yield b"begun"
            await asyncio.Event().wait()
        finally:
            left.set()

    return Stream(chunks())


@pytest.fixture
async def address() -> AsyncIterator[tuple[str, int]]:
    """Where a server listens that reads bodies."""
    app = Litestar([count, endless], exception_handlers=PROBLEM_HANDLERS, openapi_config=None)
    async with serving(app) as served:
        host, port = served.split(":")
        yield host, int(port)


async def answer(address: tuple[str, int], *sent: bytes, pause_s: float = 0.0) -> bytes:
    """Send the parts, and read until the server closes."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        for part in sent:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


def refusal(answered: bytes) -> Problem:
    """Read the problem document of an answer that was the last of its connection."""
    head, _, body = answered.partition(b"\r\n\r\n")
    assert f"content-type: {MEDIA_TYPE}".encode() in head
    assert b"connection: close" in head
    problem = msgspec.json.decode(body, type=Problem)
    assert head.startswith(f"HTTP/1.1 {problem.status} ".encode())
    return problem


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000,
        b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 12_000,
        b"GET /" + b"a" * 70_000,
    ],
    ids=["one long header", "many headers", "a long address"],
)
async def test_a_head_without_an_end_is_refused(address: tuple[str, int], sent: bytes) -> None:
    """[R3] A client cannot fill the server's memory before its request has begun."""
    assert refusal(await answer(address, sent)).status == 431


@pytest.mark.parametrize(
    "sent",
    [b"0\r\nX: " + b"a" * 500_000, b"1;" + b"a" * 500_000],
    ids=["a trailer", "an extension of a chunk"],
)
async def test_nor_can_it_round_its_body(address: tuple[str, int], sent: bytes) -> None:
    """[R3] What follows a chunked body, or stands between its chunks, is bounded likewise."""
    assert refusal(await answer(address, CHUNKED, sent)).status == 431


async def test_a_body_may_be_longer_than_a_head(address: tuple[str, int]) -> None:
    """[R1] The bound is for what is no body."""
    body = b"a" * 300_000
    length = b"Content-Length: 300000\r\nConnection: close\r\n\r\n"
    assert (await answer(address, HEAD + length, body)).endswith(b"\r\n\r\n300000")


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n"], ids=["silent", "half a head"])
async def test_a_request_that_does_not_come_is_not_waited_for(
    address: tuple[str, int], sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[R3] A connection without a request is closed after a while."""
    monkeypatch.setattr(requests, "HEAD_TIMEOUT_S", PATIENCE_S)
    assert refusal(await answer(address, sent)).status == 408


async def test_a_head_that_dribbles_is_not_waited_for(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """[R3] A byte now and then does not put the end off."""
    monkeypatch.setattr(requests, "HEAD_TIMEOUT_S", PATIENCE_S)
    parts = [b"GET / HTTP/1.1\r\n", *[b"X: a\r\n"] * 3]
    assert refusal(await answer(address, *parts, pause_s=PATIENCE_S / 4)).status == 408


async def test_a_body_that_stops_is_not_waited_for(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """[R3] A client that falls silent in the middle of a body is sent away."""
    monkeypatch.setattr(requests, "BODY_TIMEOUT_S", PATIENCE_S)
    sent = HEAD + b"Content-Length: 10\r\n\r\n12345"
    assert refusal(await answer(address, sent)).status == 408


async def test_a_slow_body_is_waited_for(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """[R1] A slow line may take as long as it takes, as long as something comes."""
    monkeypatch.setattr(requests, "BODY_TIMEOUT_S", PATIENCE_S)
    parts = [HEAD + b"Content-Length: 8\r\nConnection: close\r\n\r\n", *[b"a"] * 8]
    assert (await answer(address, *parts, pause_s=PATIENCE_S / 4)).endswith(b"\r\n\r\n8")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 no HTTP at all\r\n\r\n",
        HEAD
        + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"-1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\r\n folded\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + UPGRADE + b"\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 3\r\n" + UPGRADE + b"\r\nabc",
        b'GET / HTTP/1.1\r\nSec-WebSocket-Protocol: \xff,,"\r\n' + UPGRADE + b"\r\n",
    ],
    ids=[
        "TLS",
        "a length and chunks",
        "two lengths",
        "chunks within something",
        "a space before the colon",
        "a negative chunk",
        "a folded header",
        "a WebSocket by POST",
        "a WebSocket with a body",
        "a subprotocol in no letters",
    ],
)
async def test_what_is_not_http_is_a_problem_too(address: tuple[str, int], sent: bytes) -> None:
    """[R3] What two servers could read in two ways is refused, in the words of every refusal."""
    assert refusal(await answer(address, sent)).status == 400


async def test_an_answer_ends_with_its_connection(address: tuple[str, int]) -> None:
    """[S1] A stream is given up with its connection, though another request waits behind it."""
    left.clear()
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2)
    await reader.readuntil(b"begun")
    writer.transport.abort()
    async with asyncio.timeout(10):
        await left.wait()
