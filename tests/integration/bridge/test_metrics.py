"""What a bridge counts: who watches, how late events reach them, and who is turned away."""

from collections.abc import Awaitable, Callable

import httpx
from figures import reaches


async def test_watchers_and_the_lag_of_their_events(
    address: str,
    watch: Callable[..., Awaitable[object]],
    tell: Callable[..., Awaitable[None]],
    job_id: object,
) -> None:
    """Watchers by channel while they are there; the lag once for an event, however many watch."""
    async with httpx.AsyncClient(base_url=f"http://{address}") as http:
        await reaches(http, 1, "scorewire_listener_connected")
        for _ in range(3):
            await watch()
        async with http.stream("GET", f"/api/v1/jobs/{job_id}/events"):
            await reaches(http, 3, "scorewire_watchers", channel="websocket")
            await reaches(http, 1, "scorewire_watchers", channel="sse")
            await tell(20)
            await tell(30)
            told = await reaches(http, 2, "scorewire_delivery_lag_seconds_count")
            assert 0 < told.value("scorewire_delivery_lag_seconds_sum") < 2
        await reaches(http, 0, "scorewire_watchers", channel="sse")


async def test_a_stream_that_is_turned_away_is_counted(
    address: str, watch: Callable[..., Awaitable[object]]
) -> None:
    """By the code of the error."""
    async with httpx.AsyncClient(base_url=f"http://{address}") as http:
        await watch(job="00000000-0000-4000-8000-000000000000")
        await reaches(http, 1, "scorewire_streams_refused_total", code="not_found")
