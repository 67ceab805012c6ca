"""Reads Server-Sent Events strictly (WHATWG HTML, clause 9.2).

A browser forgives: it drops fields that it does not know and blocks that do not end. Here they are
errors, so that a stream that only works by forgiveness is found.
"""

import json
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Block:
    """What stands between two blank lines."""

    id: str | None = None
    event: str | None = None
    data: str | None = None
    retry: str | None = None
    comments: list[str] = field(default_factory=list)

    @property
    def message(self) -> dict[str, Any]:
        """The data, as the JSON object that it is."""
        found: dict[str, Any] = json.loads(self.data or "")
        return found


async def blocks(chunks: AsyncIterable[bytes]) -> AsyncIterator[Block]:
    """Split a stream into its blocks.

    Raises:
        ValueError: it is not as the standard and the contract have it.
    """
    rest = b""
    async for chunk in chunks:
        rest += chunk
        *whole, rest = rest.split(b"\n\n")
        for text in whole:
            yield _block(text.decode())
    if rest:
        message = f"The stream ended within a block: {rest!r}"
        raise ValueError(message)


def _block(text: str) -> Block:
    block = Block()
    for line in text.split("\n"):
        if line.startswith(":"):
            block.comments.append(line[1:].strip())
            continue
        name, colon, value = line.partition(": ")
        if not colon or name not in {"id", "event", "data", "retry"}:
            message = f"No field of an event stream: {line!r}"
            raise ValueError(message)
        if getattr(block, name) is not None or "\r" in value or "\x00" in value:
            message = f"A field twice, or with a character that ends it: {line!r}"
            raise ValueError(message)
        setattr(block, name, value)
    if block.retry is not None and not block.retry.isdecimal():
        message = f"retry is no number of milliseconds: {block.retry!r}"
        raise ValueError(message)
    return block
