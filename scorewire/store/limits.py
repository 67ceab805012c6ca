"""How often: an exact sliding window for each key, shared by all processes.

A row holds when its key was taken within the last window. Whoever takes the key counts and writes
under the lock of that row, by the database's clock, so neither two processes nor their clocks can
let one too many through.
"""

import hashlib
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.store.engine import fetch

_MAX_KEY_CHARS = 128
_FORGET_AT_ONCE = 16
"""How many ended rows each first take clears away; more than one, so that the table shrinks."""

# Three things that this depends on:
# - The SET is evaluated once the row is locked; a clock read before that may be older than what
#   another process wrote meanwhile.
# - RETURNING sees the new row alone, so a refusal leaves its mark there: a moment at infinity,
#   which the next take drops together with what has left the window.
# - A moment a whole window ahead can only come from a clock that was set back. It is dropped too,
#   or its key would stay shut for as long as the clock was ahead.
_TAKE = text("""
    INSERT INTO rate_limits AS held (key, taken_at, expires_at)
    VALUES (:key, ARRAY[clock_timestamp()], clock_timestamp() + make_interval(secs => :window_s))
    ON CONFLICT (key) DO UPDATE SET (taken_at, expires_at) = (
        SELECT counting || CASE WHEN count < :limit THEN now ELSE 'infinity' END,
               CASE WHEN count < :limit THEN now ELSE counting[count] END
                   + make_interval(secs => :window_s)
        FROM (SELECT clock_timestamp() AS now) AS clock, LATERAL (
            SELECT array_agg(moment ORDER BY moment) AS counting, count(*) AS count
            FROM unnest(held.taken_at) AS moment
            WHERE moment > now - make_interval(secs => :window_s)
                AND moment < now + make_interval(secs => :window_s)
        ) AS within_window
    )
    RETURNING
        cardinality(taken_at) = 1 AS is_first,
        CASE WHEN taken_at[cardinality(taken_at)] = 'infinity' THEN
            extract(epoch FROM taken_at[cardinality(taken_at) - :limit]
                + make_interval(secs => :window_s) - clock_timestamp())::float8
        END AS wait_s
""")

# Rows that someone takes at this moment are passed over: nobody waits for anybody here.
_FORGET = text("""
    DELETE FROM rate_limits WHERE key = ANY (ARRAY(
        SELECT key FROM rate_limits WHERE expires_at <= statement_timestamp()
        ORDER BY expires_at LIMIT :count FOR UPDATE SKIP LOCKED
    )) RETURNING key
""")


async def take(engine: AsyncEngine, key: str, *, limit: int, window_s: float) -> float | None:
    """Take `key` once more, unless it was taken `limit` times within the last `window_s`.

    A refused take is not counted, so asking again never puts the next success off.

    Args:
        engine: the store's database.
        key: who does what; of any length, and of any characters.
        limit: how often it may be taken within a window; at least 1.
        window_s: how long a take counts.

    Returns:
        None where it was taken; otherwise the seconds until it can be.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    values: dict[str, Any] = {"key": _bounded(key), "limit": limit, "window_s": window_s}
    row = (await fetch(engine, _TAKE.bindparams(**values)))[0]
    if row["is_first"]:
        await fetch(engine, _FORGET.bindparams(count=_FORGET_AT_ONCE))
    wait_s: float | None = row["wait_s"]
    return None if wait_s is None else max(wait_s, 0.0)


def _bounded(key: str) -> str:
    """Keep a key that Postgres can store in little space; of any other, the digest."""
    if len(key) <= _MAX_KEY_CHARS and key.isascii() and key.isprintable():
        return key
    return f"sha256:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"
