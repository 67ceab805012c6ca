"""The migrations make exactly the tables that the models describe."""

import asyncio
import subprocess
import sys

import pytest
from alembic import command
from sqlalchemy import text

from scorewire.errors import InvalidRequestError
from scorewire.store.engine import fetch, open_engine
from scorewire.store.migrate import alembic_config, migrate


async def _tables(url: str) -> set[str]:
    engine = open_engine(url)
    try:
        rows = await fetch(
            engine, text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        return {row["tablename"] for row in rows}
    finally:
        await engine.dispose()


async def test_models_and_migrations_agree(migrated_url: str) -> None:
    """`alembic check` finds nothing to add to the migrations."""
    await asyncio.to_thread(command.check, alembic_config(migrated_url))


async def test_downgrade_takes_everything_back(migrated_url: str) -> None:
    """Down to nothing and up again leaves the same tables."""
    made = await _tables(migrated_url)
    await asyncio.to_thread(command.downgrade, alembic_config(migrated_url), "base")
    assert await _tables(migrated_url) == {"alembic_version"}
    await asyncio.to_thread(migrate, migrated_url)
    tables = {"alembic_version", "jobs", "job_events", "job_files", "rate_limits"}
    assert await _tables(migrated_url) == made == tables


async def test_two_services_may_migrate_at_once(database_url: str) -> None:
    """The second waits for the first, and finds nothing left to do."""
    python = [sys.executable, "-m", "scorewire.store.migrate"]
    by_argument = await asyncio.create_subprocess_exec(*python, database_url)
    by_stdin = await asyncio.create_subprocess_exec(*python, "-", stdin=subprocess.PIPE)
    await by_stdin.communicate(f"{database_url}\n".encode())
    assert (await by_argument.wait(), by_stdin.returncode) == (0, 0)
    assert "jobs" in await _tables(database_url)


def test_another_database_is_refused() -> None:
    """A URL that is not Postgres's is named as the fault."""
    with pytest.raises(InvalidRequestError, match="postgresql://"):
        migrate("sqlite:///jobs.db")
