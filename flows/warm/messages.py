"""What the worker and its fork server say to each other: a line of JSON each."""

from collections.abc import Iterator
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

MessageT = TypeVar("MessageT")


class Fork(msgspec.Struct, frozen=True):
    """The worker asks for a flow run.

    Attributes:
        flow_run_id: the run.
        folder: its working directory.
        environment: its whole environment.
    """

    flow_run_id: UUID
    folder: str
    environment: dict[str, str]


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Everything is imported; what was asked for meanwhile is forked now."""


class Began(msgspec.Struct, frozen=True, tag="began"):
    """Said by the run's own process, once it leads a session and dies with the fork server."""

    flow_run_id: UUID
    pid: int


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """The run's process ended, with this exit status, or by a signal where that is negative."""

    flow_run_id: UUID
    status: int


def encode(message: msgspec.Struct) -> bytes:
    """A message as it is sent."""
    return msgspec.json.encode(message) + b"\n"


class Inbox(Generic[MessageT]):
    """Makes messages of the bytes that come in.

    Args:
        decoder: of one line.
    """

    def __init__(self, decoder: msgspec.json.Decoder[MessageT]) -> None:
        self._decoder = decoder
        self._rest = b""

    def take(self, received: bytes) -> Iterator[MessageT]:
        """Give out each message that is complete by now."""
        *lines, self._rest = (self._rest + received).split(b"\n")
        return map(self._decoder.decode, lines)
