"""One job, watched over every channel from its submission to its end."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from conformance.client import Client, Message, Stream
from conformance.jobs import JobMaker
from conformance.scripts import Script


@dataclass
class Life:
    """What was told of a job that completed.

    Attributes:
        job_id: the job.
        accepted: the answer to its submission.
        live: what a WebSocket without `?after=` was sent, from the submission on.
        live_code: how that was closed.
        from_first: what a WebSocket with `?after=0` was sent.
        from_first_code: how that was closed.
        server_sent: what an event source was sent.
        polls: an event's id, and the job as it was polled right after the event came.
        final: the job, polled in the end.
    """

    job_id: str
    accepted: dict[str, Any]
    live: list[Message] = field(default_factory=list)
    live_code: int | None = None
    from_first: list[Message] = field(default_factory=list)
    from_first_code: int | None = None
    server_sent: list[Message] = field(default_factory=list)
    polls: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    final: dict[str, Any] = field(default_factory=dict)

    @property
    def ids(self) -> list[int]:
        """The ids of all events, as the rows have them."""
        return [message["id"] for message in self.from_first]


async def observe(client: Client, jobs: JobMaker) -> Life:
    """Submit a job that completes, and watch it over every channel."""
    accepted = (await jobs.submit(Script.COMPLETES)).json()
    life = Life(accepted["job_id"], accepted)
    async with (
        client.watch(life.job_id) as live,
        client.watch(life.job_id, "?after=0") as from_first,
        client.events(life.job_id) as server_sent,
    ):
        (
            (life.live, life.live_code),
            (life.from_first, life.from_first_code),
            told,
        ) = await asyncio.gather(
            _polling(client, live, life), from_first.rest(), server_sent.events()
        )
    life.server_sent = [block.message for block in told]
    life.final = await client.job(life.job_id)
    return life


async def _polling(client: Client, stream: Stream, life: Life) -> tuple[list[Message], int | None]:
    """Poll the job at each event, until the stream ends."""
    messages = []
    async for message in stream.events():
        messages.append(message)
        life.polls.append((message["id"], await client.job(life.job_id)))
    return messages, stream.close_code
