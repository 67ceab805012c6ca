"""What a job is, and how it ends."""

import asyncio
import re
from contextlib import suppress
from itertools import groupby, pairwise
from typing import Any

import psutil
import pytest
from conformance.client import Client
from conformance.jobs import JobMaker
from conformance.life import Life
from conformance.local import Local
from conformance.scripts import Script

STATUSES = {"queued", "processing", "completed", "failed"}
STAGES = ["download", "separation", "transcription", "musicxml"]
LOST_WITHIN_S = 60.0
SILENCE_S = 15.0
"""The least that a deployment can be told."""
QUIET_S = 1.0
"""How long nothing must happen to a job that has ended."""


def _assert_job(job: dict[str, Any]) -> None:
    assert job["status"] in STATUSES
    assert type(job["progress"]) is int
    assert 0 <= job["progress"] <= 100
    assert job["stage"] is None or job["stage"] in STAGES
    assert job["message"]
    assert type(job["attempt"]) is int
    assert job["attempt"] >= 1


async def test_a_job_is_described_in_the_words_of_the_contract(life: Life) -> None:
    """[J1] Status, progress, stage, message and attempt, at every moment of a job's life."""
    assert life.accepted["status"] in {"queued", "processing"}
    for _, job in [*life.polls, (0, life.final)]:
        _assert_job(job)
    assert (life.final["status"], life.final["progress"]) == ("completed", 100)
    stages = [job["stage"] for _, job in life.polls if job["status"] == "processing"]
    assert set(stages) <= set(STAGES), "a job at work is in one of the stages"


async def test_events_are_numbered_without_gaps(life: Life) -> None:
    """[J2] The ids are 1, 2, 3 …, and the job counts as many events as there are."""
    assert life.ids == list(range(1, len(life.ids) + 1))
    assert life.final["last_event_id"] == len(life.ids)


async def test_every_change_is_an_event(life: Life) -> None:
    """[J2] Whatever polling shows is what the event that it is as new as has told."""
    events = {message["id"]: message for message in life.from_first}
    for _, job in [*life.polls, (0, life.final)]:
        if job["last_event_id"] == 0:
            continue
        event = events[job["last_event_id"]]
        if event["type"] == "progress":
            fields = ("progress", "stage", "message", "attempt")
            assert {name: job[name] for name in fields} == {name: event[name] for name in fields}
        else:
            assert (job["status"], job["result_url"]) == ("completed", event["result_url"])


async def test_progress_never_falls_and_the_end_comes_once(life: Life) -> None:
    """[J3] Within an attempt progress only grows; its last event is its one terminal event."""
    told = [message["progress"] for message in life.from_first]
    assert told == sorted(told)
    kinds = [message["type"] for message in life.from_first]
    assert kinds == ["progress"] * (len(kinds) - 1) + ["completed"]


async def test_nothing_is_accepted_after_the_end(life: Life, jobs: JobMaker) -> None:
    """[J3] A completed job can neither be cancelled nor retried, and stays as it was."""
    for refused in (await jobs.cancel(life.job_id), await jobs.retry(life.job_id)):
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


async def test_a_retry_opens_the_next_attempt(client: Client, jobs: JobMaker) -> None:
    """[J3] [J4] An attempt ends in one error, after which nothing comes but what a retry opens."""
    job_id = await jobs.ended(Script.FAILS)
    first = await client.job(job_id)
    await asyncio.sleep(QUIET_S)
    assert await client.job(job_id) == first, "something happened to a job that had ended"
    assert (await jobs.retry(job_id)).status_code == 202
    await jobs.until(job_id, {"failed"})
    async with client.watch(job_id, "?after=0") as stream:
        told, code = await stream.rest()
    assert code == 1000
    assert [message["id"] for message in told] == list(range(1, len(told) + 1))
    attempts = [list(events) for _, events in groupby(told, lambda message: message["attempt"])]
    assert [attempt[0]["attempt"] for attempt in attempts] == [1, 2]
    assert len(attempts[0]) == first["last_event_id"]
    for attempt in attempts:
        *earlier, last = attempt
        assert last["type"] == "error"
        assert {message["type"] for message in earlier} == {"progress"}
        progress = [message["progress"] for message in earlier]
        assert progress == sorted(progress)
    opening = attempts[1][0]
    assert (opening["progress"], opening["stage"]) == (0, None)


@pytest.mark.usefixtures("own")
async def test_a_passing_fault_is_progress(client: Client, jobs: JobMaker) -> None:
    """[J4] A stage that is tried again by itself tells no error and closes no stream."""
    job_id = await jobs.make(Script.STUMBLES)
    async with client.watch(job_id, "?after=0") as stream:
        told, code = await stream.rest()
    assert [message["type"] for message in told] == ["progress", "progress", "completed"]
    assert "retry 2 of 4" in told[1]["message"]
    assert code == 1000


async def test_a_cancelled_job_is_failed(client: Client, jobs: JobMaker, working: str) -> None:
    """[J5] Status `failed`, code `cancelled`, retryable: in the answer, the stream and the poll."""
    async with client.watch(working) as stream:
        answer = await jobs.cancel(working)
        told, code = await stream.rest()
    assert (answer.status_code, answer.json()["status"]) == (202, "failed")
    polled = await client.job(working)
    assert polled["status"] == "failed"
    for error in (answer.json()["error"], told[-1]["error"], polled["error"]):
        assert (error["code"], error["retryable"]) == ("cancelled", True)
    assert (told[-1]["type"], code) == ("error", 1000)


async def test_a_failure_has_a_code_of_the_list(client: Client, jobs: JobMaker) -> None:
    """[J5] Why a job failed is one of the codes that the served schema lists."""
    job = await client.job(await jobs.ended(Script.FAILS))
    schema = (await client.get("/api/v1/schema/messages.json")).json()
    codes = schema["$defs"]["ErrorCode"]["enum"]
    assert {"cancelled", "worker_lost"} <= set(codes)
    assert (job["error"]["code"], job["error"]["retryable"]) == ("silent_audio", False)
    assert job["error"]["code"] in codes
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)
    assert job["message"] == job["error"]["message"]


async def test_stages_come_in_their_order(life: Life) -> None:
    """[J1] No stage comes back once another has begun."""
    stages = [message["stage"] for message in life.from_first[:-1] if message["stage"]]
    order = [STAGES.index(stage) for stage in stages]
    assert all(before <= after for before, after in pairwise(order))
    assert order, "no stage was told"


async def test_a_job_of_which_nothing_is_heard_ends_by_itself(own: Local) -> None:
    """[J6] [J5] After the silence, and a fifth of it, it is lost; one that shows life is not."""
    async with (
        own.serve(job_silence_s=SILENCE_S) as deployment,
        Client(deployment, None) as client,
    ):
        jobs = JobMaker(client)
        living, dead = await jobs.working(), await jobs.make(Script.DIES)
        async with client.watch(dead) as stream, asyncio.timeout(1.2 * SILENCE_S + 5):
            told, code = await stream.rest()
        assert (await client.job(living))["status"] == "processing"
        await jobs.remove_all()
    error = told[-1]["error"]
    assert (error["code"], error["retryable"], code) == ("worker_lost", True, 1000)
    assert error["stage"] == "separation"


async def test_a_job_whose_process_dies_ends_by_itself(
    stack: psutil.Process, client: Client, jobs: JobMaker
) -> None:
    """[J6] [J5] Killed without a word, it is `failed`, `worker_lost`, retryable within a minute."""
    job_id = await jobs.working()
    async with client.watch(job_id) as stream:
        for process in stack.children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # one of an earlier job, on its way out
                if "prefect.engine" in " ".join(process.cmdline()):
                    process.kill()
        async with asyncio.timeout(LOST_WITHIN_S):
            told, code = await stream.rest()
    error = told[-1]["error"]
    assert (error["code"], error["retryable"], code) == ("worker_lost", True, 1000)
