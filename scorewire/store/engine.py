"""Connections to Postgres, and the one way to run a statement.

Every write of the store is a single statement, so connections are in autocommit mode: a statement
is one round trip, without BEGIN and COMMIT around it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import Executable, RowMapping, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from scorewire.errors import InvalidRequestError, ServiceUnavailableError

Engine = AsyncEngine
"""What the other packages call the pool that they hand to the store."""

COMMAND_TIMEOUT_S = 30.0
"""No statement of ours takes longer; a connection that hangs is given up."""

CONNECT_TIMEOUT_S = 10.0
PATIENCE_S = 30.0
"""How long what a flow says or asks waits for a database that is restarting."""

RETRY_DELAY_S = 0.25
MAX_RETRY_DELAY_S = 2.0


def postgres_url(url: str) -> str:
    """Bring a database URL into the form that asyncpg reads.

    Raises:
        InvalidRequestError: it is not a Postgres URL.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"postgresql", "postgres", "postgresql+asyncpg"}:
        message = "The database URL must start with postgresql://; correct it."
        raise InvalidRequestError(message, field="database_url")
    return f"postgresql://{rest}"


async def connect(url: str) -> asyncpg.Connection:
    """Open one connection of asyncpg's own, outside any pool."""
    return await asyncpg.connect(
        postgres_url(url),
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        server_settings={"application_name": "scorewire", "timezone": "UTC"},
    )


def open_engine(url: str, *, pool_size: int = 5) -> AsyncEngine:
    """Make a pool of connections; nothing is connected before the first statement.

    An engine belongs to the event loop that first uses it.

    Raises:
        InvalidRequestError: `url` is not a Postgres URL.
    """
    postgres_url(url)
    return create_async_engine(
        "postgresql+asyncpg://",
        # asyncpg reads the URL itself, so that sslmode, passfiles and sockets work as libpq's do.
        async_creator=lambda: connect(url),
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=CONNECT_TIMEOUT_S,
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
    )


async def fetch(
    engine: AsyncEngine,
    statement: Executable,
    parameters: Mapping[str, Any] | None = None,
    *,
    patience_s: float = 0.0,
) -> Sequence[RowMapping]:
    """Run one statement, with the values of its bound parameters, and return its rows.

    A pooled connection may have died unnoticed (Postgres restarted), so a lost connection is
    replaced once at once; after that the statement is repeated for `patience_s`.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    give_up_at = time.monotonic() + patience_s
    delay_s = 0.0
    while True:
        try:
            async with engine.connect() as connection:
                result = await connection.execute(statement, parameters)
                return result.mappings().all()
        except (OSError, PoolTimeoutError, DBAPIError, asyncpg.PostgresError) as error:
            if not _lost(error):
                raise
            if delay_s > 0 and time.monotonic() >= give_up_at:
                message = "The database cannot be reached; try again in a moment."
                raise ServiceUnavailableError(message) from error
        await asyncio.sleep(delay_s)
        delay_s = min(max(delay_s * 2, RETRY_DELAY_S), MAX_RETRY_DELAY_S)


Ask = Callable[[Executable], Awaitable[Sequence[RowMapping]]]
"""Runs a statement within a transaction, and returns its rows."""


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[Ask]:
    """Within the block, several statements are one transaction; each sees what others committed.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    await ping(engine)  # a pooled connection that died unnoticed is replaced
    try:
        async with engine.connect() as pooled:
            connection = await pooled.execution_options(isolation_level="READ COMMITTED")
            async with connection.begin():

                async def ask(statement: Executable) -> Sequence[RowMapping]:
                    return (await connection.execute(statement)).mappings().all()

                yield ask
    except (PoolTimeoutError, DBAPIError, asyncpg.PostgresError) as error:
        if not _lost(error):
            raise
        message = "The database cannot be reached; try again in a moment."
        raise ServiceUnavailableError(message) from error


def _lost(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        # Refused while it connects, a connection was never there to be invalidated.
        return error.connection_invalidated or _is_passing(error.orig)
    return not isinstance(error, asyncpg.PostgresError) or _is_passing(error)


def _is_passing(refusal: BaseException | None) -> bool:
    """Whether Postgres refuses for the moment only, by its error's SQLSTATE."""
    # Class 57P: starting up or shutting down; 53300: too many connections at the moment.
    return str(getattr(refusal, "sqlstate", "")).startswith(("57P", "08", "53300"))


async def ping(engine: AsyncEngine) -> None:
    """Ask Postgres for a sign of life.

    Raises:
        ServiceUnavailableError: it gives none.
    """
    await fetch(engine, text("SELECT 1"))
