"""A real browser beside the running stack: what the page's tests share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import PATIENCE_MS, Visits
from chromium import ChromiumMissingError, running_chromium
from client import Client
from faults import Faults
from playwright.sync_api import Browser, expect

if TYPE_CHECKING:
    from conftest import Stack

EXAMPLE = Path(__file__).parents[3] / "samples" / "petzold-menuet.ogg"

expect.set_options(timeout=PATIENCE_MS)


# For a module at a time: while the browser runs, no test may have an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    try:
        with running_chromium() as browser:
            yield browser
    except ChromiumMissingError as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture
def visit(browser: Browser, stack: "Stack") -> Iterator[Visits]:
    """Opens pages; the test fails where one of them asked elsewhere, or complained."""
    visits = Visits(browser, stack.api_url)
    yield visits
    visits.close()


@pytest.fixture
def plan(stack: "Stack") -> Iterator[Callable[..., Faults]]:
    """Plans what the next call of a stage comes to; whatever is held goes on after the test."""
    planned: list[Faults] = []

    def make(stage: str, *faults: str) -> Faults:
        planned.append(Faults(stack.data_dir, stage))
        planned[-1].plan(*faults)
        return planned[-1]

    yield make
    for faults in planned:
        faults.plan()
        faults.release()


@pytest.fixture(scope="session")
def score(client: Client) -> str:
    """A finished job, for whatever does not depend on how it came about."""
    done = client.get("/api/v1/jobs?status=completed&q=Menuet in G").json()["jobs"]
    if done:
        return str(done[0]["job_id"])
    job_id = client.upload(EXAMPLE, title="Menuet in G", recording="solo", instruments=["piano"])
    assert client.watch(job_id).last["type"] == "completed"
    return job_id


@pytest.fixture
def make_stopped(client: Client, recording: Path) -> Callable[[str], str]:
    """Make a job with a title that was stopped before it began, for which nothing is worked."""

    def make(title: str) -> str:
        job_id = client.upload(recording, title=title)
        client.cancel(job_id)
        return job_id

    return make
