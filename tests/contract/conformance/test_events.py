"""The same stream as Server-Sent Events."""

import asyncio

import pytest
from conformance.client import Client
from conformance.life import Life


async def test_the_stream_is_an_event_stream(client: Client, life: Life) -> None:
    """[S1] `retry:` comes first; each event has its id, its type and the message; then it ends."""
    async with client.events(life.job_id, "?after=0") as source:
        assert source.response.status_code == 200
        assert source.response.headers["content-type"].startswith("text/event-stream")
        assert "no-" in source.response.headers["cache-control"]
        opening = await anext(source.blocks)
        assert int(opening.retry or 0) > 0
        events = await source.events()
    assert [event.message for event in events] == life.from_first
    assert [event.id for event in events] == [str(number) for number in life.ids]


async def test_live_events_come_as_on_the_websocket(life: Life) -> None:
    """[S1] An event source that was there from the beginning was sent the same, then its end."""
    told = life.server_sent[1:] if life.server_sent[0]["id"] == 0 else life.server_sent
    assert told == life.from_first[-len(told) :]
    assert told[-1]["type"] == "completed"


@pytest.mark.parametrize("how", ["header", "query", "both"])
async def test_a_reconnect_resumes(client: Client, life: Life, how: str) -> None:
    """[S1] `Last-Event-ID` or `?after=` skips what the client has; of both the header counts."""
    have = len(life.ids) // 2
    headers = {} if how == "query" else {"Last-Event-ID": str(have)}
    query = {"header": "", "query": f"?after={have}", "both": "?after=0"}[how]
    async with client.events(life.job_id, query, headers=headers) as source:
        events = await source.events()
    assert [event.message for event in events] == life.from_first[have:]


async def test_nothing_left_is_204(client: Client, life: Life) -> None:
    """[S1] Who has the terminal event is told to stay away: 204 ends an event source."""
    headers = {"Last-Event-ID": str(len(life.ids))}
    async with client.events(life.job_id, headers=headers) as source:
        assert source.response.status_code == 204
        assert await source.response.aread() == b""


async def test_silence_has_comments(client: Client, waiting: str) -> None:
    """[S1] [M4] The heartbeat is a comment line, which an event source ignores."""
    async with client.events(waiting) as source:
        async with asyncio.timeout(3 * client.deployment.heartbeat_s + 30):
            async for block in source.blocks:
                if block.comments:
                    break
                if block.event in {"completed", "error"}:
                    pytest.skip("the longest job that may be asked for ended too soon")
        assert block.comments
        assert (block.id, block.data) == (None, None)


@pytest.mark.parametrize(
    ("query", "headers", "field"),
    [
        ("?after=x", {}, "after"),
        ("?after=999999", {}, "after"),
        ("", {"Last-Event-ID": "x"}, "Last-Event-ID"),
    ],
)
async def test_a_stream_that_cannot_be(
    client: Client, life: Life, query: str, headers: dict[str, str], field: str
) -> None:
    """[S1] [R3] A refusal is a problem that names the field, before any stream begins."""
    async with client.events(life.job_id, query, headers=headers) as source:
        await source.response.aread()
    assert source.response.status_code == 400
    assert source.response.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in source.response.json()["errors"]] == [field]
