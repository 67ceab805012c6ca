"""The WebSocket: where a job stands, what follows, how it ends."""

import asyncio
import json
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from conformance.client import Client, Message
from conformance.jobs import JobMaker
from conformance.life import Life
from conformance.patience import Patience
from conformance.scripts import Script
from websockets.exceptions import ConnectionClosed


def _ids(messages: list[Message]) -> list[int]:
    return [message["id"] for message in messages]


async def test_a_new_job_says_at_once_where_it_stands(client: Client, jobs: JobMaker) -> None:
    """[W1] The first message of a job just submitted comes before anything happens to it."""
    job_id = await jobs.make(Script.WAITS if client.deployment.scripted else Script.HOLDS)
    async with client.watch(job_id) as stream, asyncio.timeout(5):
        greeting = await stream.next()
        assert (greeting["type"], greeting["attempt"]) == ("progress", 1)
        if greeting["id"] == 0:
            assert (greeting["progress"], greeting["stage"]) == (0, None)
    await jobs.cancel(job_id)


async def test_a_late_client_gets_the_newest_event(client: Client, life: Life) -> None:
    """[W1] [W4] Without `after`, a job that has ended is its terminal event, then 1000."""
    async with client.watch(life.job_id) as stream:
        told, code = await stream.rest()
    assert (told, code) == ([life.from_first[-1]], 1000)


@pytest.mark.parametrize("missed", ["all", "half", "the last", "none"])
async def test_after_gives_exactly_the_rest(client: Client, life: Life, missed: str) -> None:
    """[W1] [W4] With `after=N` every event above N comes, in order, and then 1000."""
    total = life.final["last_event_id"]
    after = {"all": 0, "half": total // 2, "the last": total - 1, "none": total}[missed]
    async with client.watch(life.job_id, f"?after={after}") as stream:
        told, code = await stream.rest()
    assert (_ids(told), code) == (list(range(after + 1, total + 1)), 1000)
    assert told == life.from_first[after:]


async def test_live_events_follow_without_gap_or_repeat(life: Life) -> None:
    """[W1] A client that was there from the beginning was sent each event once, in order."""
    live = life.live[1:] if life.live[0]["id"] == 0 else life.live
    assert live == life.from_first[-len(live) :]
    assert live[0]["id"] <= max(life.live[0]["id"], 1)


@pytest.mark.parametrize("query", ["?after=0", ""])
async def test_joining_amid_events_loses_none(client: Client, jobs: JobMaker, query: str) -> None:
    """[W1] [W2] Whoever connects while events are told gets all that follow, each once."""
    script, watchers = (Script.HURRIES, 8) if client.deployment.scripted else (Script.COMPLETES, 2)
    job_id = await jobs.make(script)

    async def join(number: int) -> tuple[list[Message], int | None]:
        await asyncio.sleep(number * 0.05)
        async with client.watch(job_id, query) as stream:
            return await stream.rest()

    joined = await asyncio.gather(*(join(number) for number in range(watchers)))
    last = (await client.job(job_id))["last_event_id"]
    for told, code in joined:
        first = 1 if query else told[0]["id"]
        assert _ids(told) == list(range(first, last + 1))
        assert code == 1000


async def test_everyone_gets_every_event(life: Life) -> None:
    """[W2] Two WebSockets and an event source that watched the same job were sent the same."""
    assert life.live[1:] == life.from_first[-len(life.live) + 1 :]
    assert life.server_sent[1:] == life.from_first[-len(life.server_sent) + 1 :]
    assert len(life.live) > 3
    assert len(life.server_sent) > 3


@pytest.mark.usefixtures("own")
async def test_a_slow_client_delays_nobody(client: Client, jobs: JobMaker) -> None:
    """[W2] While one does not read another gets all; the slow one misses progress, not the end."""
    job_id = await jobs.make(Script.BURSTS)
    async with (
        client.watch(job_id, max_queue=1, compression=None) as slow,
        client.watch(job_id, "?after=0") as quick,
    ):
        slow.socket.transport.pause_reading()
        told, code = await quick.rest()
        assert _ids(told) == list(range(1, len(told) + 1))
        assert (told[-1]["type"], code) == ("completed", 1000)
        slow.socket.transport.resume_reading()
        taken, code = await slow.rest()
    assert _ids(taken) == sorted(set(_ids(taken)))
    assert len(taken) < len(told), "nothing was merged: the client was not slow at all"
    assert (taken[-1], code) == (told[-1], 1000)


@pytest.mark.usefixtures("own")
async def test_a_client_that_takes_no_end_is_closed(
    client: Client, jobs: JobMaker, patience: Patience
) -> None:
    """[W3] When a terminal event could not be sent for 30 s the client is closed with 4408."""
    job_id = await jobs.make(Script.BURSTS)
    async with client.watch(job_id, max_queue=1, compression=None) as stalled:
        stalled.socket.transport.pause_reading()
        await jobs.until(job_id, {"completed"})
        await asyncio.sleep(patience.stall_s + 1)
        stalled.socket.transport.resume_reading()
        told, code = await stalled.rest()
    assert {message["type"] for message in told} == {"progress"}
    assert code == 4408


async def test_the_end_closes(life: Life) -> None:
    """[W4] After the terminal event the server closes with 1000."""
    assert (life.live[-1]["type"], life.live_code) == ("completed", 1000)
    assert (life.from_first[-1]["type"], life.from_first_code) == ("completed", 1000)


async def test_a_stream_goes_on_where_a_retry_followed(client: Client, jobs: JobMaker) -> None:
    """[W4] The error of an attempt that was retried closes nothing; the last one does."""
    job_id = await jobs.ended(Script.FAILS)
    await jobs.retry(job_id)
    async with client.watch(job_id, "?after=0") as stream:
        told, code = await stream.rest()
    assert [message["attempt"] for message in told if message["type"] == "error"] == [1, 2]
    assert (told[-1]["type"], code) == ("error", 1000)


@pytest.mark.parametrize("query", ["?after=x", "?after=-1", "?after=1.5", "?after=999999"])
async def test_a_bad_after_is_refused(client: Client, life: Life, query: str) -> None:
    """[W5] What is no event id of this job closes with 4400, and a reason for people."""
    async with client.watch(life.job_id, query) as stream:
        assert await stream.rest() == ([], 4400)
        assert "after" in (stream.socket.close_reason or "")


async def test_no_such_job(client: Client) -> None:
    """[W5] An unknown job closes with 4404; what is no job id at all with 4400."""
    for job, expected in ((str(uuid4()), 4404), ("none", 4400)):
        async with client.watch(job) as stream:
            assert await stream.rest() == ([], expected)


async def test_the_seeds_client_works(client: Client, jobs: JobMaker) -> None:
    """[M1] [M4] [W4] The seed's hook, which knows its five fields only, ends with the score."""
    job_id = await jobs.make(Script.COMPLETES)
    shown: dict[str, Any] = {"progress": 0, "status": "connecting", "error": None}
    token = client.deployment.token
    query = "" if token is None else f"?token={token}"
    async with client.watch(job_id, query, headers={}) as stream:
        shown["status"] = "processing"
        async for text in stream.socket:
            update = json.loads(text)
            match update["type"]:
                case "progress":
                    shown["progress"] = update["progress"]
                    assert isinstance(update["message"], str)
                case "completed":
                    shown |= {"progress": 100, "status": "completed"}
                    score = await client.get(update["result_url"])
                case "error":
                    shown |= {"status": "failed", "error": update["error"]["message"]}
                case "heartbeat":
                    pong = {"type": "pong", "timestamp": "2025-01-15T10:30:00.123Z"}
                    with suppress(ConnectionClosed):  # as a browser, which lets it pass
                        await stream.socket.send(json.dumps(pong))
    assert shown == {"progress": 100, "status": "completed", "error": None}
    assert b"<score-partwise" in score.content
