"""Many at once: all are let in, greeted, and told the same."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from apart import Served
from watching import Seen, by_event_source, by_websocket, crowd_client

Tell = Callable[..., Awaitable[None]]
Complete = Callable[[], Awaitable[None]]

CROWD = 100
GREETED_S = 8.0


async def test_a_crowd_that_comes_at_once(
    served: Served, job_id: UUID, tell: Tell, complete: Complete
) -> None:
    """[W1] [W2] 100 connect in the same moment: all stand in seconds where the job does."""
    before = await served.held()
    await tell(1)
    everyone = [Seen() for _ in range(CROWD)]
    async with crowd_client() as http:
        ways = [by_websocket, partial(by_event_source, http=http)] * (CROWD // 2)
        watching = [
            asyncio.create_task(watch(served.address, job_id, seen))
            for watch, seen in zip(ways, everyone, strict=True)
        ]
        async with asyncio.timeout(GREETED_S):
            await asyncio.gather(*(seen.until(1) for seen in everyone))
        assert len(await served.watchers()) == CROWD
        for number in range(2, 31):
            await tell(number)
        await complete()
        async with asyncio.timeout(30):
            await asyncio.gather(*watching)
    for seen in everyone:
        assert seen.ids == list(range(1, 32))
    assert [seen.endings for seen in everyone] == [[1000], [200]] * (CROWD // 2)
    await served.settles(before)
