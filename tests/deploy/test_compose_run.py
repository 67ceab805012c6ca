"""What docker-compose.yml starts works: its commands, in its order, with its environment."""

import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from client import drain
from compose_run import ComposeRun, running_compose
from sounds import write_study
from websockets.sync.client import connect

BEFORE = [
    ("postgres", "migrations"),
    ("postgres", "prefect"),
    ("migrations", "provision"),
    ("prefect", "provision"),
    ("provision", "worker-cpu"),
    ("migrations", "api-1"),
    ("api-1", "proxy"),
    ("api-2", "proxy"),
]


@pytest.fixture(scope="module")
async def run(open_folder: Path) -> AsyncIterator[ComposeRun]:
    """All services of the profile `cpu`."""
    async with running_compose(open_folder / "compose", COMPOSE_PROFILES="cpu") as running:
        yield running


@pytest.fixture(scope="module")
def token(run: ComposeRun) -> str:
    """A token that the API's own command makes, as the documentation says."""
    return run.run_in("api-1", "scorewire", "token", "--subject", "ada").strip()


def test_everything_starts_in_the_order_of_the_file(run: ComposeRun) -> None:
    """Each service began after those that it waits for."""
    at = {name: place for place, name in enumerate(run.order)}
    assert set(at) == set(run.services)
    assert [pair for pair in BEFORE if at[pair[0]] > at[pair[1]]] == []


@pytest.mark.parametrize("module", ["torch", "demucs", "basic_pitch", "onnxruntime", "music21"])
def test_the_api_runs_without_what_works_on_recordings(run: ComposeRun, module: str) -> None:
    """Here too: its processes cannot import what its image has not, and yet all of this works."""
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run.run_in("api-1", "python", "-c", f"import {module}")
    assert f"the image has no {module}" in failed.value.stderr


def test_strangers_are_refused(run: ComposeRun) -> None:
    """The file's API has a key: without a token nobody reads jobs, nor Prefect's runs."""
    assert httpx.get(f"{run.url('proxy', 80)}/api/v1/jobs").status_code == 401
    assert httpx.get(f"{run.url('prefect', 4200)}/api/admin/version").status_code == 401


def test_the_worker_cannot_sign_tokens(run: ComposeRun) -> None:
    """What opens strangers' files has no part in the key."""
    told = run.services["worker-cpu"].told
    assert "jwt_secret" not in told["secrets"]
    assert not any("JWT" in name for name in told["environment"])


def test_a_recording_becomes_a_score_through_the_proxy(
    run: ComposeRun, token: str, tmp_path: Path
) -> None:
    """Upload, stream and score by the one published port, with nothing of the worker in the API."""
    proxy = run.url("proxy", 80)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=proxy, headers=headers, timeout=60) as client:
        with write_study(tmp_path / "study.flac", seed=0).open("rb") as file:
            options = json.dumps({"separation": "none"})
            answer = client.post(
                "/api/v1/transcribe/upload", files={"file": file}, data={"options": options}
            )
        assert answer.status_code == 201, answer.text
        job = answer.json()
        # The proxy is believed: what it forwards is announced under the name it was asked by.
        assert job["websocket_url"].startswith(proxy.replace("http", "ws"))
        with connect(f"{job['websocket_url']}?after=0", additional_headers=headers) as socket:
            watched = drain(socket)
        assert watched.last["type"] == "completed", watched.last
        score = client.get(f"/api/v1/scores/{job['job_id']}")
        assert score.status_code == 200
        assert "<score-partwise" in score.text
        # Verovio and Typst work in the image that has no music21 and no PyTorch.
        assert client.get(f"/api/v1/scores/{job['job_id']}/pdf").content.startswith(b"%PDF")
        assert client.get("/").text.startswith("<!doctype html>")


async def test_one_api_serves_while_the_other_is_replaced(run: ComposeRun) -> None:
    """An upgrade replaces them in turn; the proxy asks the one that is there."""
    await run.children["api-1"].stop()
    async with httpx.AsyncClient(base_url=run.url("proxy", 80), timeout=10) as client:
        for _ in range(6):
            assert (await client.get("/health/ready")).status_code == 200
    await run.launch("api-1")
    await run.children["api-2"].stop()
    async with httpx.AsyncClient(base_url=run.url("proxy", 80), timeout=30) as client:
        while not await run.healthy("api-1"):
            assert run.children["api-1"].running
        assert (await client.get("/health/ready")).status_code == 200


async def test_all_stop_within_their_grace(run: ComposeRun) -> None:
    """Nothing has to be killed: SIGTERM ends each service in the time that the file leaves it."""
    ended = await run.stop()
    assert {"proxy", "worker-cpu", "prefect", "api-1"} <= set(ended)
    assert {name: status for name, status in ended.items() if status == -9} == {}
