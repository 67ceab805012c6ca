"""The sliding window on a real Postgres: exact, shared, and forgotten in time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import ServiceUnavailableError
from scorewire.store.engine import fetch, open_engine
from scorewire.store.limits import take
from scorewire.store.tables import RateLimitRow

WINDOW_S = 60.0


@pytest.fixture
async def other_engine(migrated_url: str) -> AsyncIterator[AsyncEngine]:
    """The same database, as another process sees it."""
    engine = open_engine(migrated_url)
    yield engine
    await engine.dispose()


async def rewind(engine: AsyncEngine, seconds: float) -> None:
    """Let all takes be that much longer ago, as if the time had passed."""
    statement = text("""
        UPDATE rate_limits SET expires_at = expires_at - CAST(:moved AS interval), taken_at =
            ARRAY(SELECT moment - CAST(:moved AS interval) FROM unnest(taken_at) AS moment)
        RETURNING key
    """)
    await fetch(engine, statement.bindparams(moved=timedelta(seconds=seconds)))


async def keys(engine: AsyncEngine) -> set[str]:
    """The keys that are remembered."""
    return {row["key"] for row in await fetch(engine, select(RateLimitRow.key))}


async def test_so_many_and_no_more(engine: AsyncEngine) -> None:
    """[W7] The limit is let through; the next is told when the oldest one ends."""
    for _ in range(3):
        assert await take(engine, "a", limit=3, window_s=WINDOW_S) is None
    wait_s = await take(engine, "a", limit=3, window_s=WINDOW_S)
    assert wait_s is not None
    assert WINDOW_S - 5 < wait_s <= WINDOW_S


async def test_many_at_once_from_two_processes(
    engine: AsyncEngine, other_engine: AsyncEngine
) -> None:
    """[W7] Of fifty takes that race from two pools exactly the limit pass."""
    racing = [
        take(pool, "a", limit=10, window_s=WINDOW_S)
        for _ in range(25)
        for pool in (engine, other_engine)
    ]
    waits_s = await asyncio.gather(*racing)
    refused_s = [wait_s for wait_s in waits_s if wait_s is not None]
    assert len(refused_s) == 40
    assert all(WINDOW_S - 10 < wait_s <= WINDOW_S for wait_s in refused_s)


async def test_the_window_slides(engine: AsyncEngine) -> None:
    """[W7] Each take frees its place when it is a window old: none before, none all at once."""
    await take(engine, "a", limit=2, window_s=WINDOW_S)
    await rewind(engine, 40)
    await take(engine, "a", limit=2, window_s=WINDOW_S)
    wait_s = await take(engine, "a", limit=2, window_s=WINDOW_S)
    assert wait_s is not None
    assert 10 < wait_s <= 20
    await rewind(engine, 20)
    assert await take(engine, "a", limit=2, window_s=WINDOW_S) is None
    wait_s = await take(engine, "a", limit=2, window_s=WINDOW_S)
    assert wait_s is not None
    assert 30 < wait_s <= 40


async def test_the_wait_that_was_told_is_enough(engine: AsyncEngine) -> None:
    """[W7] After exactly the told time, by the database's clock, the take succeeds."""
    window_s = 0.2
    await take(engine, "a", limit=1, window_s=window_s)
    wait_s = await take(engine, "a", limit=1, window_s=window_s)
    assert wait_s is not None
    assert 0 < wait_s <= window_s
    await fetch(engine, select(func.pg_sleep(wait_s)))
    assert await take(engine, "a", limit=1, window_s=window_s) is None


async def test_refusals_do_not_count(engine: AsyncEngine) -> None:
    """[W7] Who keeps asking is let in as soon as who waits is."""
    await take(engine, "a", limit=1, window_s=WINDOW_S)
    await rewind(engine, 30)
    for _ in range(5):
        wait_s = await take(engine, "a", limit=1, window_s=WINDOW_S)
        assert wait_s is not None
        assert wait_s <= 30
    await rewind(engine, 30)
    assert await take(engine, "a", limit=1, window_s=WINDOW_S) is None


async def test_keys_are_counted_apart(engine: AsyncEngine) -> None:
    """[W7] One client's takes are none of another's, however alike or odd the keys are."""
    odd = ["a" * 1000 + "b", "a" * 1000 + "c", "nul\x00", "nul", "\ud800", "é", ""]
    for key in odd:
        assert await take(engine, key, limit=1, window_s=WINDOW_S) is None
    for key in odd:
        assert await take(engine, key, limit=1, window_s=WINDOW_S) is not None
    assert max(map(len, await keys(engine))) <= 128


async def test_a_lowered_limit_is_kept(engine: AsyncEngine) -> None:
    """[W7] With more takes in the window than are allowed now, enough of them must end first."""
    for _ in range(3):
        await take(engine, "a", limit=5, window_s=WINDOW_S)
        await rewind(engine, 10)
    wait_s = await take(engine, "a", limit=1, window_s=WINDOW_S)
    assert wait_s is not None
    assert 45 < wait_s <= 50


async def test_a_clock_that_was_set_back_shuts_nobody_out(engine: AsyncEngine) -> None:
    """[W7] Takes from the future are not believed."""
    await take(engine, "a", limit=1, window_s=WINDOW_S)
    await rewind(engine, -3600)
    assert await take(engine, "a", limit=1, window_s=WINDOW_S) is None
    assert await take(engine, "a", limit=1, window_s=WINDOW_S) is not None


async def test_ended_rows_are_cleared_away(engine: AsyncEngine) -> None:
    """[W7] Addresses that are seen once do not stay: newcomers clear them away."""
    for number in range(40):
        await take(engine, f"seen once {number}", limit=1, window_s=WINDOW_S)
    await rewind(engine, WINDOW_S + 1)
    for newcomer in ("a", "b", "c"):
        await take(engine, newcomer, limit=1, window_s=WINDOW_S)
    assert await keys(engine) == {"a", "b", "c"}


async def test_what_counts_is_not_cleared_away(engine: AsyncEngine) -> None:
    """[W7] A row stays as long as any of its takes count, refused or not since."""
    await take(engine, "busy", limit=1, window_s=WINDOW_S)
    await rewind(engine, 50)
    await take(engine, "busy", limit=1, window_s=WINDOW_S)
    await take(engine, "newcomer", limit=1, window_s=WINDOW_S)
    assert await take(engine, "busy", limit=1, window_s=WINDOW_S) is not None


async def test_without_postgres_it_is_said() -> None:
    """A database that cannot be reached is an error of ours, for the caller to judge."""
    nowhere = open_engine("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(ServiceUnavailableError):
        await take(nowhere, "a", limit=1, window_s=WINDOW_S)
    await nowhere.dispose()
