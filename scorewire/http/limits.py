"""How often, and how many at once: what one client may take of a server ([W7])."""

import collections
import math
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any

import structlog
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from prometheus_client import Counter

from scorewire.errors import ServiceUnavailableError, TooManyRequestsError
from scorewire.http.callers import Caller
from scorewire.store.engine import Engine
from scorewire.store.limits import take

WINDOW_S = 60.0
FULL_RETRY_AFTER_S = 10
"""When a full server is worth another try; when a stream ends cannot be known."""

_MAX_REFUSED = 10_000

Connection = ASGIConnection[Any, Any, Any, Any]
AsyncGuard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

log = structlog.get_logger(__name__)


class Limits:
    """Refuses whoever asks for too much.

    Rates are kept in the database and so hold for all processes together; the number of open
    streams is what this one process can carry.

    Args:
        engine: the store's database.
        connections_per_minute: new streams of one address; 0 is no limit.
        submissions_per_minute: jobs that one client may submit or retry; 0 is no limit.
        max_streams: streams that are open at the same time.
        max_streams_per_address: of these, one address's.
        refusals: counts them, by limit.
    """

    def __init__(  # noqa: PLR0913 - the limits, each given by name
        self,
        engine: Engine,
        *,
        connections_per_minute: int,
        submissions_per_minute: int,
        max_streams: int,
        max_streams_per_address: int,
        refusals: Counter,
    ) -> None:
        self._engine = engine
        self._connections_per_minute = connections_per_minute
        self._submissions_per_minute = submissions_per_minute
        self._max_streams = max_streams
        self._max_streams_per_address = max_streams_per_address
        self._refusals = refusals
        self._open: collections.Counter[str] = collections.Counter()
        self._open_in_all = 0
        self._refused_until_s: dict[str, float] = {}

    async def admit_stream(self, address: str) -> None:
        """Count a new stream of a client, or refuse it.

        Where the database cannot be reached everyone is let in: the stream itself then says so.

        Raises:
            TooManyRequestsError: the client opened too many within the last minute.
        """
        try:
            wait_s = await self._take("stream", counted_as(address), self._connections_per_minute)
        except ServiceUnavailableError as error:
            log.warning("stream let in uncounted", error=error.message)
            return
        if wait_s is not None:
            retry_after_s = _whole(wait_s)
            self._refusals.labels("stream_rate").inc()
            message = (
                f"More than {self._connections_per_minute} new streams within a minute came from "
                f"your address; try again in {retry_after_s} s, or poll the job meanwhile."
            )
            raise TooManyRequestsError(message, retry_after_s=retry_after_s)

    async def admit_submission(self, who: str) -> None:
        """Count a job that a client submits or retries, or refuse it.

        Args:
            who: the client, as `client_name` names it.

        Raises:
            TooManyRequestsError: the client submitted too many within the last minute.
            ServiceUnavailableError: Postgres cannot be reached, so no job could be kept either.
        """
        wait_s = await self._take("submission", who, self._submissions_per_minute)
        if wait_s is not None:
            retry_after_s = _whole(wait_s)
            self._refusals.labels("submission_rate").inc()
            message = (
                f"You submitted more than {self._submissions_per_minute} jobs within a minute; "
                f"send this one again in {retry_after_s} s."
            )
            raise TooManyRequestsError(message, retry_after_s=retry_after_s)

    def hold_stream(self, address: str) -> Callable[[], None]:
        """Count a stream as open, or refuse it.

        Returns:
            What to call when the stream has ended; calling it again does nothing.

        Raises:
            TooManyRequestsError: too many are open.
        """
        key = counted_as(address)
        if self._open[key] >= self._max_streams_per_address:
            self._refusals.labels("address_streams").inc()
            message = (
                f"Your address has {self._max_streams_per_address} streams open, which is as many "
                "as it may have; close one first."
            )
            raise TooManyRequestsError(message, retry_after_s=FULL_RETRY_AFTER_S)
        if self._open_in_all >= self._max_streams:
            self._refusals.labels("streams").inc()
            message = "The server has no room for another stream; try again in a moment."
            raise TooManyRequestsError(message, retry_after_s=FULL_RETRY_AFTER_S)
        self._open[key] += 1
        self._open_in_all += 1
        held = True

        def release() -> None:
            nonlocal held
            if not held:
                return
            held = False
            self._open_in_all -= 1
            self._open[key] -= 1
            if self._open[key] == 0:
                del self._open[key]

        return release

    async def _take(self, what: str, who: str, limit: int) -> float | None:
        """Take one of what a client may have; the seconds to wait where it has none left."""
        if limit == 0:
            return None
        key = f"{what}:{who}"
        now_s = time.monotonic()
        # Until the time that it was told no request of a client can succeed, so a client that
        # hammers at the door costs the database one statement, and not one for each knock.
        refused_until_s = self._refused_until_s.get(key, 0.0)
        if refused_until_s > now_s:
            return refused_until_s - now_s
        self._refused_until_s.pop(key, None)
        wait_s = await take(self._engine, key, limit=limit, window_s=WINDOW_S)
        if wait_s is not None:
            if len(self._refused_until_s) >= _MAX_REFUSED:
                del self._refused_until_s[next(iter(self._refused_until_s))]
            self._refused_until_s[key] = now_s + wait_s
        return wait_s


def submission_guard(limits: Limits) -> AsyncGuard:
    """Count submissions before their body is read: a guard, as Litestar calls it.

    It stands behind the gate's own guard, which says who asks. It is a plain function, for Litestar
    copies a router deeply, and with a method the limits and their database would be copied too.
    """

    async def guard(connection: Connection, _handler: BaseRouteHandler) -> None:
        if connection.scope.get("method") == "OPTIONS":  # Litestar guards its own answer, too
            return
        caller = connection.scope.get("auth")
        subject = caller.subject if isinstance(caller, Caller) else None
        await limits.admit_submission(client_name(connection, subject))

    return guard


def client_address(connection: Connection) -> str:
    """The address that a client's streams and submissions are counted by.

    Clients of a Unix socket have none, and count as one.
    """
    return connection.client.host if connection.client else "local"


def client_name(connection: Connection, subject: str | None) -> str:
    """Whom a submission counts for: the token's subject, or the address where there is no token."""
    if subject is not None:
        return f"subject:{subject}"
    return f"address:{counted_as(client_address(connection))}"


@lru_cache(maxsize=1024)
def counted_as(address: str) -> str:
    """Bring an address to what is counted.

    An IPv6 address counts by its /64, which a provider gives to one customer as a whole; an IPv4
    address that a socket of both kinds wrote as IPv6 counts as itself.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), 64), strict=False))


def _whole(wait_s: float) -> int:
    """Whole seconds, as Retry-After has them, after which the request can succeed."""
    return max(1, math.ceil(wait_s))
