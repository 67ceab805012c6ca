"""What every test may ask for: a real Postgres, and an empty database of its own."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.store import admin
from scorewire.store.migrate import migrate


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that the user Postgres runs as can enter; pytest's own are closed for root."""
    folder = Path(tempfile.mkdtemp(prefix="scorewire-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def postgres(open_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A running Postgres for the whole session; it need not survive a power cut."""
    server = EmbeddedPostgres(open_folder / "postgres")
    await server.start()
    connection = await asyncpg.connect(server.url())
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        await connection.execute(f"ALTER SYSTEM SET {setting} = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()
    yield server
    await server.stop()


@pytest.fixture
async def database_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """The address of a fresh, empty database, dropped after the test."""
    async with _database(postgres, template="template1") as url:
        yield url


@pytest.fixture(scope="session")
async def _migrated(postgres: EmbeddedPostgres) -> str:
    """The name of a database with Scorewire's tables, to copy."""
    name = "migrated"
    await postgres.create_databases(name)
    await asyncio.to_thread(migrate, postgres.url(name))
    return name


@pytest.fixture
async def migrated_url(postgres: EmbeddedPostgres, _migrated: str) -> AsyncIterator[str]:
    """The address of a fresh database with Scorewire's tables, dropped after the test."""
    async with _database(postgres, template=_migrated) as url:
        yield url


@asynccontextmanager
async def _database(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(postgres.url())
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    await connection.close()
    try:
        yield postgres.url(name)
    finally:
        await admin.drop_database(postgres.url(), name)
