"""Databases as a whole: whether the server answers, and which databases it has."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from scorewire.errors import ServiceUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_POLL_INTERVAL_S = 0.02

# What a server that is not ready yet may answer: no listener, a closed socket, "starting up".
_NOT_YET = (
    ConnectionError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
)


async def answers(url: str) -> bool:
    """Say whether a connection to the database `url` can be made at this moment.

    Raises:
        asyncpg.PostgresError: the server is up and refuses, for example the password.
    """
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except _NOT_YET:
        return False
    await connection.close()
    return True


async def wait_until_ready(url: str, timeout_s: float) -> None:
    """Wait until the server of the database `url` takes connections.

    Raises:
        ServiceUnavailableError: it did not within `timeout_s` seconds.
    """
    deadline_s = time.monotonic() + timeout_s
    while not await answers(url):
        if time.monotonic() > deadline_s:
            msg = f"Postgres did not answer within {timeout_s:g} s: see its log, then try again."
            raise ServiceUnavailableError(msg)
        await asyncio.sleep(_POLL_INTERVAL_S)


async def server_version(url: str) -> str:
    """The version of the server that has the database `url`.

    Raises:
        ServiceUnavailableError: it cannot be used.
    """
    async with _connection(url) as connection:
        return str(await connection.fetchval("SHOW server_version"))


async def create_databases(url: str, names: Iterable[str]) -> None:
    """Create those of the databases that do not exist yet.

    Args:
        url: any database of the server, with a role that may create databases.
        names: the databases' names.
    """
    async with _connection(url) as connection:
        for name in names:
            exists = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name)
            if exists:
                continue
            try:
                await connection.execute(f"CREATE DATABASE {_quoted(name)}")
            except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                continue  # another starter of the same server was faster


async def drop_database(url: str, name: str) -> None:
    """Drop the database `name`, and whoever is connected to it; `url` is another one's."""
    async with _connection(url) as connection:
        await connection.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")


@asynccontextmanager
async def _connection(url: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
    try:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            yield connection
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        msg = f"Postgres cannot be used ({error}): check SCOREWIRE_DATABASE_URL and its role."
        raise ServiceUnavailableError(msg) from error


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
