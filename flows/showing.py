"""What Prefect's UI shows of a job besides its states: the way to its page, and its first page."""

import base64
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.exceptions import PrefectException

from flows.journal import Journal
from flows.runtime import page_url
from scorewire.music.engraving import first_page
from scorewire.store.engine import Engine

LINK = "job"
FIRST_PAGE = "first-page"
"""Keys of the artifacts."""

WIDTH = 800
"""Of the page, in pixels."""

logger = logging.getLogger(__name__)


def show_link(journal: Journal) -> None:
    """Tell Prefect where people watch the run's job; the work goes on meanwhile."""
    journal.runtime.start(_show_link, journal.job_id, journal.flow_run_id)


async def _show_link(_engine: Engine, job_id: UUID, flow_run_id: UUID) -> None:
    link = ArtifactCreate(
        key=LINK,
        type="markdown",
        data=f"[Watch the job]({page_url()}/jobs/{job_id})",
        flow_run_id=flow_run_id,
    )
    with _forgiving(job_id):
        async with get_client() as client:
            await client.create_artifact(link)


def show_first_page(journal: Journal, musicxml_key: str) -> None:
    """Give Prefect the first page of the run's score."""
    musicxml = journal.runtime.blobs.get_bytes(musicxml_key)
    drawing = first_page(musicxml, WIDTH).encode()
    page = ArtifactCreate(
        key=FIRST_PAGE,
        type="image",
        # Within the artifact: who sees Prefect's UI has no token for the API.
        data=f"data:image/svg+xml;base64,{base64.b64encode(drawing).decode()}",
        description=journal.request().title,
        flow_run_id=journal.flow_run_id,
    )
    with _forgiving(journal.job_id), get_client(sync_client=True) as client:
        client.create_artifact(page)


@contextmanager
def _forgiving(job_id: UUID) -> Iterator[None]:
    """A job does not fail for want of a picture of it."""
    try:
        yield
    except (PrefectException, httpx.HTTPError, OSError):
        logger.warning("Prefect does not show all of job %s", job_id, exc_info=True)
