"""The same stream as Server-Sent Events, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import httpx
import pytest

Tell = Callable[..., Awaitable[None]]
Complete = Callable[[], Awaitable[None]]


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that reads streams for as long as they last."""
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=15) as client:
        yield client


def _path(job_id: UUID) -> str:
    return f"/api/v1/jobs/{job_id}/events"


async def _blocks(response: httpx.Response) -> AsyncIterator[list[str]]:
    """The blocks of an event stream, each as its lines."""
    lines: list[str] = []
    async for line in response.aiter_lines():
        if line:
            lines.append(line)
        else:
            yield lines
            lines = []


async def test_a_stream_from_beginning_to_end(
    http: httpx.AsyncClient, job_id: UUID, tell: Tell, complete: Complete
) -> None:
    """[S1] `retry:` first, then each event with its id, type and message; it ends with the job."""
    async with http.stream("GET", _path(job_id)) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        blocks = _blocks(response)
        assert (await anext(blocks))[0].startswith("retry: ")
        greeting = await anext(blocks)
        assert greeting[:2] == ["id: 0", "event: progress"]
        await tell(10)
        await tell(20)
        await complete()
        events = [block async for block in blocks]
    assert [block[:2] for block in events] == [
        ["id: 1", "event: progress"],
        ["id: 2", "event: progress"],
        ["id: 3", "event: completed"],
    ]
    messages = [json.loads(block[2].removeprefix("data: ")) for block in events]
    assert [message["id"] for message in messages] == [1, 2, 3]


@pytest.mark.parametrize("how", ["header", "query", "both"])
async def test_a_reconnect_resumes(
    http: httpx.AsyncClient, job_id: UUID, tell: Tell, complete: Complete, how: str
) -> None:
    """[S1] `Last-Event-ID` or `?after=` skips what the client has; the header is the newer one."""
    for progress in (10, 20, 30):
        await tell(progress)
    await complete()
    headers = {} if how == "query" else {"Last-Event-ID": "2"}
    query = {"header": "", "query": "?after=2", "both": "?after=0"}[how]
    response = await http.get(_path(job_id) + query, headers=headers)
    ids = [line for line in response.text.splitlines() if line.startswith("id: ")]
    assert ids == ["id: 3", "id: 4"]


async def test_nothing_left_is_204(
    http: httpx.AsyncClient, job_id: UUID, tell: Tell, complete: Complete
) -> None:
    """[S1] Who has the terminal event is told to stay away: 204 ends an event source."""
    await tell(10)
    await complete()
    response = await http.get(_path(job_id), headers={"Last-Event-ID": "2"})
    assert (response.status_code, response.content) == (204, b"")


async def test_silence_has_comments(http: httpx.AsyncClient, job_id: UUID) -> None:
    """[S1] [M4] The heartbeat is a comment line, which an event source ignores."""
    async with http.stream("GET", _path(job_id)) as response:
        blocks = _blocks(response)
        await anext(blocks)
        await anext(blocks)
        assert await anext(blocks) == await anext(blocks) == [": heartbeat"]


@pytest.mark.parametrize(
    ("job", "query", "headers", "status", "field"),
    [
        ("00000000-0000-4000-8000-000000000000", "", {}, 404, "job_id"),
        ("none", "", {}, 400, "job_id"),
        (None, "?after=x", {}, 400, "after"),
        (None, "?after=7", {}, 400, "after"),
        (None, "", {"Last-Event-ID": "x"}, 400, "Last-Event-ID"),
    ],
)
async def test_a_stream_that_cannot_be(  # noqa: PLR0913, PLR0917 - each is a column of the table
    http: httpx.AsyncClient,
    job_id: UUID,
    job: str | None,
    query: str,
    headers: dict[str, str],
    status: int,
    field: str,
) -> None:
    """[S1] [R3] A refusal is a problem that names the field, before any stream begins."""
    url = f"/api/v1/jobs/{job or job_id}/events{query}"
    response = await http.get(url, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == [field]


async def test_a_client_that_leaves_is_forgotten(
    http: httpx.AsyncClient, job_id: UUID, tell: Tell, complete: Complete
) -> None:
    """[W2] One reader's end is nothing to another, and leaves nothing behind."""
    async with http.stream("GET", _path(job_id)) as staying:
        async with http.stream("GET", _path(job_id)) as leaving:
            await anext(_blocks(leaving))
        await asyncio.gather(*(tell(progress) for progress in (10, 20)))
        await complete()
        assert "event: completed" in (await staying.aread()).decode()
