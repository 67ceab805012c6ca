"""Rates of streams and submissions, kept in a real Postgres."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from scorewire.errors import ServiceUnavailableError, TooManyRequestsError
from scorewire.http.limits import Limits
from scorewire.metrics import Metrics
from scorewire.store.engine import fetch, open_engine
from scorewire.store.tables import RateLimitRow


def limits(engine: AsyncEngine) -> Limits:
    """Three streams and two submissions a minute."""
    return Limits(
        engine,
        connections_per_minute=3,
        submissions_per_minute=2,
        max_streams=100,
        refusals=Metrics("test").over_limit,
        max_streams_per_address=100,
    )


@pytest.fixture
async def nowhere() -> AsyncIterator[AsyncEngine]:
    """A database that cannot be reached."""
    engine = open_engine("postgresql://nobody@127.0.0.1:1/nothing")
    yield engine
    await engine.dispose()


async def test_a_burst_of_streams_gets_its_share(engine: AsyncEngine) -> None:
    """[W7] Of a burst from one address the limit passes; the rest is told when to come again."""
    limited = limits(engine)
    burst = [limited.admit_stream(f"2001:db8::{number:x}") for number in range(20)]
    outcomes = await asyncio.gather(*burst, return_exceptions=True)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, TooManyRequestsError)]
    assert (len(refusals), outcomes.count(None)) == (17, 3)
    assert all(50 <= refusal.retry_after_s <= 60 for refusal in refusals)
    await limited.admit_stream("2001:db8:0:1::1")


async def test_all_processes_count_together(engine: AsyncEngine) -> None:
    """[W7] A client that goes from one process to the next gets no more than by staying."""
    for _ in range(3):
        await limits(engine).admit_stream("203.0.113.1")
    with pytest.raises(TooManyRequestsError):
        await limits(engine).admit_stream("203.0.113.1")


async def test_streams_and_submissions_are_counted_apart(engine: AsyncEngine) -> None:
    """[W7] Whoever watched much may still submit, and each has its own limit."""
    limited = limits(engine)
    for _ in range(3):
        await limited.admit_stream("ann")
    for _ in range(2):
        await limited.admit_submission("ann")
    with pytest.raises(TooManyRequestsError, match="more than 2 jobs") as refused:
        await limited.admit_submission("ann")
    assert 50 <= refused.value.retry_after_s <= 60
    await limited.admit_submission("bob")


async def test_knocking_again_does_not_ask_the_database(engine: AsyncEngine) -> None:
    """[W7] Who was told to wait is refused without a statement, by the process that told so."""
    limited = limits(engine)
    for _ in range(3):
        await limited.admit_stream("203.0.113.1")
    with pytest.raises(TooManyRequestsError):
        await limited.admit_stream("203.0.113.1")
    await fetch(engine, delete(RateLimitRow).returning(RateLimitRow.key))
    with pytest.raises(TooManyRequestsError) as refused:
        await limited.admit_stream("203.0.113.1")
    assert 50 <= refused.value.retry_after_s <= 60
    await limited.admit_stream("203.0.113.2")


async def test_the_time_that_was_told_is_enough(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[W7] After Retry-After the same client is let in, though the process remembers refusing."""
    monkeypatch.setattr("scorewire.http.limits.WINDOW_S", 0.5)
    limited = limits(engine)
    for _ in range(3):
        await limited.admit_stream("203.0.113.1")
    with pytest.raises(TooManyRequestsError) as refused:
        await limited.admit_stream("203.0.113.1")
    assert refused.value.retry_after_s == 1
    await asyncio.sleep(refused.value.retry_after_s)  # the very thing that was promised
    await limited.admit_stream("203.0.113.1")


async def test_forgetting_a_refusal_lets_nobody_in(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[W7] A process that forgets whom it refused refuses them still: the rows know."""
    monkeypatch.setattr("scorewire.http.limits._MAX_REFUSED", 2)
    limited = limits(engine)
    for who in ("ann", "bob", "cat"):
        for _ in range(2):
            await limited.admit_submission(who)
    for who in ("ann", "bob", "cat", "ann", "bob", "cat"):
        with pytest.raises(TooManyRequestsError):
            await limited.admit_submission(who)


async def test_without_a_database_streams_are_let_in(nowhere: AsyncEngine) -> None:
    """[W6] [W7] A restart of Postgres refuses no stream; that it went uncounted is logged."""
    with capture_logs() as logged:
        await limits(nowhere).admit_stream("203.0.113.1")
    assert [line["event"] for line in logged] == ["stream let in uncounted"]


async def test_without_a_database_no_job_is_taken(nowhere: AsyncEngine) -> None:
    """[R3] A submission that could not be kept is told so before its body is read."""
    with pytest.raises(ServiceUnavailableError):
        await limits(nowhere).admit_submission("ann")
