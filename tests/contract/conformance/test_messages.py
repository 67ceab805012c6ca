"""What a message says, when it comes, and how it is described."""

import asyncio
import json
import re
from datetime import datetime, timedelta
from itertools import groupby, pairwise

import httpx
import pytest
from conformance.client import Client, Message
from conformance.jobs import JobMaker
from conformance.life import Life
from conformance.patience import Patience
from conformance.scripts import Script
from jsonschema import Draft202012Validator, ValidationError

UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
MAX_STEP = 5
MAX_PER_S = 10
ENDED_TOO_SOON = "the longest job that may be asked for ended too soon"
SLACK_S = 5.0
"""What a network and a busy machine may add."""


def _moment(message: Message) -> datetime:
    return datetime.fromisoformat(message["timestamp"])


async def test_progress_and_completed_have_their_fields(life: Life) -> None:
    """[M1] The seed's fields, and `id` and `attempt`, in the seed's JSON types."""
    *running, completed = life.from_first
    for message in running:
        assert message.keys() == {
            "type", "job_id", "id", "attempt", "progress", "stage", "message", "timestamp",
        }  # fmt: skip
    assert completed.keys() == {
        "type", "job_id", "id", "attempt", "progress", "result_url", "duration_seconds",
        "timestamp",
    }  # fmt: skip
    assert {message["job_id"] for message in life.from_first} == {life.job_id}
    assert {message["attempt"] for message in life.from_first} == {1}
    assert completed["progress"] == 100
    assert completed["result_url"] == f"/api/v1/scores/{life.job_id}"
    assert isinstance(completed["duration_seconds"], int | float)
    assert completed["duration_seconds"] > 0


async def test_error_has_its_fields(client: Client, jobs: JobMaker) -> None:
    """[M1] `error.error` has the seed's three fields and the code."""
    job_id = await jobs.ended(Script.FAILS)
    async with client.watch(job_id) as stream:
        (message,), _ = await stream.rest()
    assert message.keys() == {"type", "job_id", "id", "attempt", "error", "timestamp"}
    assert message["error"].keys() == {"message", "retryable", "stage", "code"}
    assert (message["type"], message["job_id"]) == ("error", job_id)
    assert type(message["error"]["retryable"]) is bool


async def test_times_are_utc(life: Life) -> None:
    """[M2] Every time on every channel is ISO 8601 and ends in Z, and events come in its order."""
    times = [message["timestamp"] for message in life.from_first]
    names = ("created_at", "started_at", "completed_at")
    for time in [*times, life.accepted["created_at"], *(life.final[name] for name in names)]:
        assert UTC_TIME.fullmatch(time), time
    moments = [_moment(message) for message in life.from_first]
    assert moments == sorted(moments)


async def test_progress_is_told_as_it_is_made(client: Client, jobs: JobMaker, life: Life) -> None:
    """[M3] Every stage is told, no stage jumps more than 5 points, at most 10 come in a second."""
    events = life.from_first
    if not client.deployment.scripted:  # a model's own steps in a short recording are larger
        async with client.watch(await jobs.make(Script.HOLDS), "?after=0") as stream:
            events, _ = await stream.rest()
    running = [message for message in events[:-1] if message["stage"]]
    stages = [stage for stage, _ in groupby(message["stage"] for message in running)]
    assert {"download", "transcription", "musicxml"} <= set(stages)
    for _, told in groupby(running, lambda message: message["stage"]):
        moments = [_moment(message) for message in told]
        for first, eleventh in zip(moments, moments[MAX_PER_S:], strict=False):
            assert eleventh - first > timedelta(seconds=0.95), "more than 10 within a second"
    listening = [message["progress"] for message in running if message["stage"] == "transcription"]
    assert all(after - before <= MAX_STEP for before, after in pairwise(listening)), listening


async def test_silence_is_broken_by_heartbeats(client: Client, waiting: str) -> None:
    """[M4] After an interval of silence a heartbeat comes, and another after the next."""
    heartbeat_s = client.deployment.heartbeat_s
    async with client.watch(waiting) as stream:
        async with asyncio.timeout(3 * heartbeat_s + SLACK_S):
            while len(stream.heartbeats) < 2:
                if (await stream.receive())["type"] in {"completed", "error"}:
                    pytest.skip(ENDED_TOO_SOON)
    first, second = stream.heartbeats
    assert first.keys() == {"type", "timestamp"}
    assert UTC_TIME.fullmatch(first["timestamp"])
    between_s = (_moment(second) - _moment(first)).total_seconds()
    assert between_s > heartbeat_s * 0.9


async def test_a_client_that_never_answers_is_closed(
    client: Client, waiting: str, patience: Patience
) -> None:
    """[M4] Two intervals and the grace after the last word, a silent client is closed with 4408."""
    due_s = 2 * client.deployment.heartbeat_s + patience.grace_s
    loop = asyncio.get_running_loop()
    async with client.watch(waiting) as stream:
        stream.answering = False
        since_s = loop.time()
        async with asyncio.timeout(due_s + SLACK_S):
            told, code = await stream.rest()
        if told[-1]["type"] in {"completed", "error"}:
            pytest.skip(ENDED_TOO_SOON)
    assert code == 4408
    assert loop.time() - since_s > due_s - 0.5, "closed before its time"
    assert stream.heartbeats, "closed without having been asked for a sign of life"


async def test_a_client_that_answers_is_kept(
    client: Client, jobs: JobMaker, waiting: str, patience: Patience
) -> None:
    """[M4] Beyond the time at which a silent one is closed, one that answers still gets events."""
    due_s = 2 * client.deployment.heartbeat_s + patience.grace_s

    async def cancel_later() -> int:
        await asyncio.sleep(due_s + 1)
        return (await jobs.cancel(waiting)).status_code

    async with client.watch(waiting) as stream:
        (told, code), cancelled = await asyncio.gather(stream.rest(), cancel_later())
    if cancelled == httpx.codes.CONFLICT:
        pytest.skip(ENDED_TOO_SOON)
    assert (told[-1]["type"], code) == ("error", 1000)
    assert told[-1]["error"]["code"] == "cancelled"


async def test_nonsense_is_ignored(client: Client, jobs: JobMaker, working: str) -> None:
    """[M5] What is no pong changes nothing."""
    async with client.watch(working) as stream:
        for nonsense in (
            "what?",
            b"\x00\xff",
            "{}",
            '{"type": "progress"}',
            "[" * 1000,
            "x" * 16_000,
        ):
            await stream.socket.send(nonsense)
        await jobs.cancel(working)
        told, code = await stream.rest()
    assert (told[-1]["type"], code) == ("error", 1000)


async def test_a_message_that_is_too_long_closes(client: Client, working: str) -> None:
    """[M5] More than 16 KiB closes with 1009."""
    async with client.watch(working) as stream:
        await stream.socket.send("x" * (16 * 1024 + 1))
        _, code = await stream.rest()
    assert code == 1009


async def test_too_many_messages_close(client: Client, working: str) -> None:
    """[M5] More than 20 within a second close with 4429, though each is a valid pong."""
    pong = json.dumps({"type": "pong", "timestamp": "2025-01-15T10:30:00.123Z"})
    async with client.watch(working) as stream:
        for _ in range(40):
            await stream.socket.send(pong)
        _, code = await stream.rest()
    assert code == 4429


async def test_the_schema_describes_the_messages(client: Client, life: Life) -> None:
    """[M6] It is a JSON Schema, takes what is sent (as every test here sees to), and no less."""
    answer = await client.get("/api/v1/schema/messages.json")
    assert answer.headers["content-type"].startswith("application/schema+json")
    schema = answer.json()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for message in (life.from_first[0], life.from_first[-1]):
        validator.validate(message)
        for name in message:
            with pytest.raises(ValidationError):
                validator.validate({key: message[key] for key in message if key != name})
        for name in ("id", "attempt", "progress", "type"):
            with pytest.raises(ValidationError):
                validator.validate({**message, name: "none"})


async def test_the_streams_are_described(client: Client) -> None:
    """[M6] [W5] AsyncAPI has each message as the schema has it, and each close code."""
    document = (await client.get("/api/asyncapi/asyncapi.json")).json()
    schema = (await client.get("/api/v1/schema/messages.json")).json()
    assert document["asyncapi"].startswith("3.")
    assert {"Progress", "Completed", "Failed", "Heartbeat", "Pong"} <= set(
        document["components"]["messages"]
    )
    for name, described in document["components"]["schemas"].items():
        assert set(described.get("properties", {})) == set(
            schema["$defs"][name].get("properties", {})
        )
    codes = {
        row["code"]: row["client"]
        for channel in document["channels"].values()
        for row in channel.get("x-close-codes", [])
    }
    assert codes == {
        1000: "stop", 1001: "reconnect", 1009: "stop", 4400: "stop", 4401: "stop", 4404: "stop",
        4408: "reconnect", 4429: "reconnect",
    }  # fmt: skip
