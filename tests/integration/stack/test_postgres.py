"""The embedded Postgres, with the real server."""

import asyncpg


async def test_database_is_fresh_and_takes_rows(database_url: str) -> None:
    """A test's database is empty, and its address works with asyncpg."""
    connection = await asyncpg.connect(database_url)
    try:
        tables = await connection.fetchval(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        )
        assert tables == 0
        await connection.execute("CREATE EXTENSION pg_trgm")
        assert await connection.fetchval("SELECT similarity('score', 'scores')") > 0.5
    finally:
        await connection.close()
