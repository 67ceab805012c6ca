"""Following a job: over the stream, over broken streams, and without any."""

import time
from http import HTTPStatus
from uuid import UUID

import pytest
from scripted_server import (
    JOB_ID,
    NOW,
    Scene,
    ScriptedServer,
    completed,
    heartbeat,
    progress,
    scripted,
)

from scorewire.cli import follow as module
from scorewire.cli.client import Client
from scorewire.cli.follow import follow
from scorewire.errors import NotFoundError, ScorewireError, ServiceUnavailableError


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait milliseconds where the product waits seconds."""
    monkeypatch.setattr(module, "_FIRST_DELAY_S", 0.001)
    monkeypatch.setattr(module, "_LONGEST_DELAY_S", 0.002)


async def seen(server: ScriptedServer) -> list[int]:
    """The progress that a follower is shown."""
    async with Client(server.url) as client:
        steps = follow(client, UUID(JOB_ID), server.websocket_url)
        return [update.progress async for update in steps]


async def test_a_whole_stream_is_followed_to_its_end() -> None:
    """[W1] [W4] Every step is shown, and the terminal event ends it without polling."""
    scene = Scene([progress(1, 0, "download"), progress(2, 40), completed(3)])
    async with scripted(scene) as server:
        assert await seen(server) == [0, 40]
        assert server.asked_after == [0]
        assert server.paths == []


async def test_heartbeats_are_answered() -> None:
    """[M4] A heartbeat is answered with a pong, and is not shown."""
    async with scripted(Scene([heartbeat(), progress(1, 40), completed(2)])) as server:
        assert await seen(server) == [40]
        assert server.received == [{"type": "pong", "timestamp": NOW}]


async def test_a_broken_stream_resumes_after_the_last_event() -> None:
    """[W6] The next connection asks for what comes after the last event; nothing is shown twice."""
    first = Scene([progress(1, 10), progress(2, 20)], close_code=None)
    second = Scene([progress(3, 30), completed(4)])
    async with scripted(first, second, last_event_id=2) as server:
        assert await seen(server) == [10, 20, 30]
        assert server.asked_after == [0, 2]


async def test_a_restarting_server_is_waited_for() -> None:
    """[W5] 1001 means: connect again."""
    first = Scene([progress(1, 10)], close_code=1001)
    async with scripted(first, Scene([completed(2)]), last_event_id=1) as server:
        assert await seen(server) == [10]


async def test_a_refused_stream_is_replaced_by_polling() -> None:
    """[W7] [P1] Where no connection is allowed, the polled job is shown."""
    refused = Scene(refuse=HTTPStatus.TOO_MANY_REQUESTS)
    async with scripted(refused, Scene([completed(8)]), progress=35, last_event_id=7) as server:
        assert await seen(server) == [35]
        assert server.paths == [f"/api/v1/jobs/{JOB_ID}"]


async def test_a_refusal_is_polled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """[W7] The stream is left alone for as long as Retry-After says, and the job polled."""
    monkeypatch.setattr(module, "_FIRST_DELAY_S", 0.05)
    monkeypatch.setattr(module, "_LONGEST_DELAY_S", 0.1)
    refused = Scene(refuse=HTTPStatus.TOO_MANY_REQUESTS, retry_after="1")
    async with scripted(refused, Scene([completed(8)]), progress=35, last_event_id=7) as server:
        began_s = time.monotonic()
        assert set(await seen(server)) == {35}
        assert time.monotonic() - began_s >= 1
        assert server.asked_after == [0, 0]
        assert len(server.paths) >= 10


async def test_an_end_is_seen_while_the_stream_is_refused() -> None:
    """[W7] [P1] A job that ends meanwhile ends the following at once."""
    refused = Scene(refuse=HTTPStatus.TOO_MANY_REQUESTS, retry_after="3600")
    async with scripted(refused, status="failed", last_event_id=7) as server:
        assert await seen(server) == []


@pytest.mark.parametrize("retry_after", ["86400", "9" * 5000])
async def test_no_server_keeps_a_client_away(
    monkeypatch: pytest.MonkeyPatch, retry_after: str
) -> None:
    """[W7] However long a refusal asks for, the rest is no longer than ours."""
    monkeypatch.setattr(module, "_LONGEST_REST_S", 0.05)
    refused = Scene(refuse=HTTPStatus.TOO_MANY_REQUESTS, retry_after=retry_after)
    async with scripted(refused, Scene([completed(1)])) as server:
        assert await seen(server) == []
        assert server.asked_after == [0, 0]


@pytest.mark.parametrize("retry_after", ["Wed, 21 Oct 2026 07:28:00 GMT", "-5", "1.5", "²", ""])
async def test_an_odd_retry_after_is_none(retry_after: str) -> None:
    """[W7] What is no number of seconds leaves the pace as it is without the header."""
    refused = Scene(refuse=HTTPStatus.SERVICE_UNAVAILABLE, retry_after=retry_after)
    async with scripted(refused, Scene([completed(1)])) as server:
        assert await seen(server) == []
        assert server.asked_after == [0, 0]


async def test_a_job_that_ended_meanwhile_ends_the_following() -> None:
    """A terminal event that was missed is learned from the polled job."""
    cut = Scene([progress(1, 10)], close_code=None)
    async with scripted(cut, status="completed", progress=100, last_event_id=2) as server:
        assert await seen(server) == [10]
        assert server.asked_after == [0]


async def test_a_message_of_a_newer_server_is_passed_over() -> None:
    """An unknown message type does not end the following."""
    async with scripted(Scene([{"type": "fanfare"}, progress(1, 5), completed(2)])) as server:
        assert await seen(server) == [5]


async def test_a_server_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the longest outage the person is told, with the address."""
    monkeypatch.setattr(module, "_LONGEST_OUTAGE_S", 0.05)
    async with scripted() as server:
        pass
    with pytest.raises(ServiceUnavailableError, match=server.url):
        await seen(server)


async def test_a_problem_is_told_in_the_servers_words() -> None:
    """[R3] A problem becomes the error that its code names, with the server's sentence."""
    async with scripted() as server, Client(server.url) as client:
        server.job = {"detail": "No such job.", "code": "not_found"}
        server.status = HTTPStatus.NOT_FOUND
        with pytest.raises(NotFoundError, match="No such job"):
            await client.job(UUID(JOB_ID))


async def test_an_answer_that_is_no_problem_is_still_told() -> None:
    """What a proxy in between answers names at least the status and the path."""
    async with scripted() as server, Client(server.url) as client:
        server.status = HTTPStatus.BAD_GATEWAY
        with pytest.raises(ScorewireError, match=f"answered 502 to /api/v1/jobs/{JOB_ID}"):
            await client.job(UUID(JOB_ID))
