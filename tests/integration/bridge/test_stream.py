"""The stream over real sockets: where a job stands, what follows, and how it ends."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.exceptions import ConnectionClosed

from scorewire.errors import ErrorCode
from scorewire.jobs.messages import ErrorDetail
from scorewire.store.events import append_completed, append_failed, events_after
from scorewire.store.jobs import open_attempt

Watch = Callable[..., Awaitable[Any]]
Tell = Callable[..., Awaitable[None]]

RESULT = {"musicxml": "results/x/score.musicxml"}
LOST = ErrorDetail(
    message="The worker was lost.", retryable=True, stage=None, code=ErrorCode.WORKER_LOST
)


def _ids(messages: list[dict[str, Any]]) -> list[int]:
    return [message["id"] for message in messages]


async def test_a_queued_job_says_so_at_once(watch: Watch, job_id: UUID) -> None:
    """[W1] [M1] [M2] A job without events is greeted with progress 0, under the id 0."""
    greeting = await (await watch()).next()
    assert greeting.pop("timestamp").endswith("Z")
    assert greeting == {
        "type": "progress",
        "job_id": str(job_id),
        "id": 0,
        "attempt": 1,
        "progress": 0,
        "stage": None,
        "message": "Queued",
    }


async def test_frames_are_the_stored_text(
    watch: Watch, tell: Tell, engine: AsyncEngine, job_id: UUID
) -> None:
    """[J2] [M1] What a watcher gets is the text of the row, byte for byte, live and replayed."""
    live = await watch()
    await live.next()
    await tell(20, "Grüße, 世界 ♪")
    sent_live = await live.connection.recv()
    replayed = await (await watch()).connection.recv()
    (stored,) = await events_after(engine, job_id, 0)
    assert sent_live == replayed == stored.frame


async def test_every_watcher_gets_every_event(
    watch: Watch, tell: Tell, engine: AsyncEngine, job_id: UUID
) -> None:
    """[W2] [W4] Two watchers get the same events, then 1000."""
    watchers = [await watch(), await watch()]
    for watcher in watchers:
        assert (await watcher.next())["id"] == 0
    for progress in (10, 20, 30):
        await tell(progress)
    await append_completed(engine, job_id, result=RESULT)
    for watcher in watchers:
        messages, code = await watcher.rest()
        assert _ids(messages) == [1, 2, 3, 4]
        assert messages[-1]["type"] == "completed"
        assert messages[-1]["result_url"] == f"/api/v1/scores/{job_id}"
        assert code == 1000


async def test_a_late_watcher_gets_the_newest_event(watch: Watch, tell: Tell) -> None:
    """[W1] Without `after` the newest event comes first, then what follows."""
    for progress in (10, 20, 30):
        await tell(progress)
    late = await watch()
    assert (await late.next())["id"] == 3
    await tell(40)
    assert (await late.next())["id"] == 4


async def test_a_job_that_has_ended(
    watch: Watch, tell: Tell, engine: AsyncEngine, job_id: UUID
) -> None:
    """[W4] Its terminal event, then 1000; who has that already gets 1000 alone."""
    await tell(10)
    await append_failed(engine, job_id, error=LOST)
    messages, code = await (await watch()).rest()
    assert [message["type"] for message in messages] == ["error"]
    assert messages[0]["error"] == {
        "message": "The worker was lost.",
        "retryable": True,
        "stage": None,
        "code": "worker_lost",
    }
    assert code == 1000
    assert await (await watch("?after=2")).rest() == ([], 1000)


async def test_after_resumes_exactly(watch: Watch, tell: Tell) -> None:
    """[W1] With `after=N` every event above N comes, in order, also over several pages."""
    for progress in range(250):
        await tell(progress % 99)
    resumed = await watch("?after=3")
    replayed = [await resumed.next() for _ in range(247)]
    assert _ids(replayed) == list(range(4, 251))
    await tell(99)
    assert (await resumed.next())["id"] == 251


async def test_a_retry_keeps_the_stream_open(
    watch: Watch, tell: Tell, engine: AsyncEngine, job_id: UUID
) -> None:
    """[W4] A replay passes an earlier attempt's end and goes on to what is happening now."""
    await tell(10)
    await append_failed(engine, job_id, error=LOST)
    await open_attempt(engine, job_id)
    watcher = await watch("?after=0")
    replayed = [await watcher.next() for _ in range(3)]
    assert [message["type"] for message in replayed] == ["progress", "error", "progress"]
    await tell(15)
    live = await watcher.next()
    assert (live["id"], live["attempt"], live["progress"]) == (4, 2, 15)
    await append_completed(engine, job_id, result=RESULT)
    messages, code = await watcher.rest()
    assert (_ids(messages), code) == ([5], 1000)


async def test_nothing_is_lost_while_connecting(watch: Watch, tell: Tell) -> None:
    """[W1] Watchers who connect into a burst of 200 events see each of them once."""

    async def burst() -> None:
        for number in range(200):
            await tell(number % 99)

    writing = asyncio.create_task(burst())
    watchers = []
    for _ in range(8):
        await asyncio.sleep(0.02)
        watchers.append(await watch("?after=0"))
    await writing
    for watcher in watchers:
        seen = [await watcher.next() for _ in range(200)]
        assert _ids(seen) == list(range(1, 201))


@pytest.mark.parametrize("query", ["?after=x", "?after=-1", "?after=1.5", "?after=", "?after=7"])
async def test_a_bad_after_is_refused(watch: Watch, query: str) -> None:
    """[W5] What is no event id of this job closes with 4400, and a reason for people."""
    watcher = await watch(query)
    assert await watcher.rest() == ([], 4400)
    assert "after" in (watcher.connection.close_reason or "")


async def test_no_such_job(watch: Watch) -> None:
    """[W5] An unknown job closes with 4404; what is no job id at all with 4400."""
    assert await (await watch(job=uuid4())).rest() == ([], 4404)
    assert await (await watch(job="none")).rest() == ([], 4400)


async def test_a_silent_connection_gets_heartbeats(watch: Watch, tell: Tell) -> None:
    """[M4] Heartbeats come in silence only; an answering client is kept."""
    watcher = await watch()
    await watcher.next()
    heartbeat = json.loads(await asyncio.wait_for(watcher.connection.recv(), 5))
    assert heartbeat.keys() == {"type", "timestamp"}
    assert heartbeat["timestamp"].endswith("Z")
    for _ in range(3):
        pong = {**heartbeat, "type": "pong"}
        await watcher.connection.send(json.dumps(pong))
        heartbeat = json.loads(await asyncio.wait_for(watcher.connection.recv(), 5))
        assert heartbeat["type"] == "heartbeat"
    await tell(5)
    assert (await watcher.next())["progress"] == 5


async def test_a_silent_client_is_closed(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """[M4] A client that answers nothing for two intervals and the grace is closed with 4408."""
    monkeypatch.setattr("bridge.session.SILENCE_GRACE_S", 0.5)
    watcher = await watch()
    with suppress(ConnectionClosed):
        async with asyncio.timeout(10):
            while True:
                await watcher.connection.recv()
    assert watcher.connection.close_code == 4408


async def test_a_chatty_client_is_closed(watch: Watch) -> None:
    """[M5] Nonsense is ignored; too much of it closes with 4429, too long with 1009."""
    flooding, bloated = await watch(), await watch()
    await flooding.connection.send("what?")
    await flooding.connection.send(b"\x00\x01")
    for _ in range(30):
        await flooding.connection.send("{}")
    assert (await flooding.rest())[1] == 4429
    await bloated.connection.send("x" * 17_000)
    assert (await bloated.rest())[1] == 1009
