"""The body of a request as it arrives: limited, and readable to its end after a refusal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from litestar import Request

from scorewire.errors import InvalidRequestError, TooLargeError

DISCARD_TIMEOUT_S = 30.0


class RequestBody:
    """Streams a body without ever holding it.

    Litestar's own stream cannot be read on once its reader gave up, which `discard` needs.

    Args:
        request: the request, of whose body nothing was read.
        max_bytes: the most that it may have.
    """

    def __init__(self, request: Request[Any, Any, Any], max_bytes: int) -> None:
        self._request = request
        self._max_bytes = max_bytes
        self._complete = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they come.

        Raises:
            TooLargeError: the body has, or announces, more than `max_bytes` bytes.
            InvalidRequestError: the client left in the middle.
        """
        received_bytes = self._request.content_length or 0
        self._check(received_bytes)
        received_bytes = 0
        while not self._complete:
            chunk = await self._receive()
            received_bytes += len(chunk)
            self._check(received_bytes)
            if chunk:
                yield chunk

    async def discard(self) -> None:
        """Read what a client still sends after a refusal, and keep none of it.

        Most clients look for the answer only once they have sent everything; closing on them
        would hide the answer. One that asked first (`Expect: 100-continue`) need not send.
        """
        if "expect" in self._request.headers:
            return
        with suppress(TimeoutError, InvalidRequestError):
            async with asyncio.timeout(DISCARD_TIMEOUT_S):
                while not self._complete:
                    await self._receive()

    async def _receive(self) -> bytes:
        event = await self._request.receive()
        if event["type"] != "http.request":
            self._complete = True
            message = "The connection ended before the file did; send it again."
            raise InvalidRequestError(message)
        self._complete = not event.get("more_body", False)
        return event["body"]

    def _check(self, size_bytes: int) -> None:
        if size_bytes > self._max_bytes:
            message = "The file has more bytes than this server takes; send a smaller one."
            raise TooLargeError(message, field="file")
