"""Runs the migrations, one process at a time, in one transaction."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text

from scorewire.store.engine import open_engine
from scorewire.store.tables import Base

LOCK = 0x5C0E_3173
"""An arbitrary number: two services that start together must not both migrate."""


def run_migrations(connection: Connection) -> None:
    """Apply what is missing, and wait for another process that is doing so."""
    context.configure(
        connection=connection, target_metadata=Base.metadata, compare_server_default=True
    )
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.run_migrations()


async def connect_and_run() -> None:
    """Open the database that the caller, or `-x url=…`, names."""
    url = context.config.attributes.get("database_url")
    engine = open_engine(url or context.get_x_argument(as_dictionary=True)["url"])
    try:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="READ COMMITTED")
            await connection.run_sync(run_migrations)
            await connection.commit()
    finally:
        await engine.dispose()


asyncio.run(connect_and_run())
