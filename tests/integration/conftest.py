"""A store on a real Postgres."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource
from scorewire.store.engine import open_engine
from scorewire.store.jobs import create_job


@pytest.fixture
async def engine(migrated_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a fresh database with Scorewire's tables."""
    engine = open_engine(migrated_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def job_id(engine: AsyncEngine) -> UUID:
    """A queued job."""
    source = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
    job = await create_job(engine, source=source, options=Options())
    return job.job_id
