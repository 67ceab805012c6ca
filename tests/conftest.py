"""What every test may ask for: a real Postgres, and an empty database of its own."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

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
    """A running Postgres for the whole session."""
    server = EmbeddedPostgres(open_folder / "postgres")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def database_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """The address of a fresh, empty database, dropped after the test."""
    name = f"test_{uuid4().hex}"
    await postgres.create_databases(name)
    try:
        yield postgres.url(name)
    finally:
        await admin.drop_database(postgres.url(), name)


@pytest.fixture
async def migrated_url(database_url: str) -> str:
    """The address of a fresh database with Scorewire's tables."""
    await asyncio.to_thread(migrate, database_url)
    return database_url
