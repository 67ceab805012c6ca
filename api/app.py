"""The REST service with the event bridge in it: the composition root.

python -m bridge.server api.app:from_environment
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version

import structlog
from litestar import Litestar, Router
from litestar.di import Provide

from api import page
from api.documents.openapi import openapi_config
from api.engraver import Engraver
from api.forgotten import launching_forgotten_jobs
from api.launcher import Launcher
from api.routes import (
    documents,
    ending,
    estimate,
    health,
    jobs,
    listing,
    revising,
    scores,
    server,
    sheets,
    sound,
)
from api.services import Services
from api.strict import StrictRequest
from bridge.plugin import STREAMS, BridgePlugin
from scorewire.blobs import open_blobs
from scorewire.errors import StackFailedError
from scorewire.http.exposition import counting_requests
from scorewire.http.installation import exposition_of, gate_of, limits_of
from scorewire.http.limits import submission_guard
from scorewire.http.origins import cors
from scorewire.http.problems import PROBLEM_HANDLERS
from scorewire.http.proxies import behind
from scorewire.http.upkeep import ending_silent_jobs
from scorewire.logs import configure
from scorewire.metrics import Metrics
from scorewire.settings import Settings, traces_wanted
from scorewire.stack import swagger_ui
from scorewire.store.engine import open_engine
from scorewire.traces import Traces

log = structlog.get_logger(__name__)


def create_app(settings: Settings) -> Litestar:
    """Make the application; nothing is connected before it starts.

    Raises:
        StackFailedError: no database is set.
        SetupError: the settings of who may ask cannot be followed.
    """
    if settings.database_url is None:
        message = "The API has no SCOREWIRE_DATABASE_URL; set it, or start with scorewire up."
        raise StackFailedError(message)
    database_url = settings.database_url.get_secret_value()
    gate = gate_of(settings)
    engine = open_engine(database_url)
    metrics = Metrics(version("scorewire"))
    traces = Traces("scorewire-api", wanted=traces_wanted())
    launcher = Launcher(traces)
    limits = limits_of(settings, engine, metrics)
    bridge = BridgePlugin(
        engine,
        database_url,
        gate=gate,
        limits=limits,
        heartbeat_s=settings.heartbeat_s,
        metrics=metrics,
        traces=traces,
    )
    blobs = open_blobs(settings.storage_url, settings.data_dir)
    engraver = Engraver(blobs)
    services = Services(
        engine=engine,
        blobs=blobs,
        presigned_downloads=settings.presigned_downloads,
        launcher=launcher,
        engraver=engraver,
        url_hosts=settings.url_hosts,
        max_upload_bytes=settings.max_upload_bytes,
        max_duration_s=settings.max_duration_s,
        token_required=not gate.open,
        prefect_ui_url=settings.prefect_ui_url,
        traces=traces,
        listening=lambda: bridge.listening,
    )

    @contextlib.asynccontextmanager
    async def connections(_app: Litestar) -> AsyncIterator[None]:
        if gate.open:
            log.info("no key is set: everyone who reaches this server may use it")
        warming_up = asyncio.create_task(launcher.warm_up())
        try:
            async with (
                ending_silent_jobs(engine, settings.job_silence_s, metrics),
                launching_forgotten_jobs(services),
            ):
                yield
        finally:
            warming_up.cancel()
            engraver.close()
            await launcher.aclose()
            await engine.dispose()
            await asyncio.to_thread(traces.close)

    return Litestar(
        route_handlers=[
            Router(
                "/",
                guards=[gate.guard, submission_guard(limits)],
                route_handlers=[
                    jobs.transcribe,
                    jobs.transcribe_upload,
                    jobs.retry_job,
                    revising.revise,
                ],
            ),
            Router(
                "/",
                guards=[gate.guard],
                route_handlers=[
                    listing.read_jobs,
                    ending.cancel,
                    ending.options,  # before its sibling, of which Litestar would derive another
                    ending.remove,
                    estimate.read_estimate,
                    revising.rename,
                    scores.read_musicxml,
                    scores.read_midi,
                    scores.read_pdf,
                    sheets.read_pages,
                    sheets.read_playback,
                    sound.read_recording,
                    sound.read_stems,
                    sound.read_stem,
                ],
            ),
            server.read_server,
            health.live,
            health.serving,
            health.ready,
            exposition_of(settings, engine, gate, metrics).route(),
            *documents.routes(swagger_ui.find()),
            *page.routes(page.find()),
        ],
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "caller": Provide(gate.admit, sync_to_thread=False),
        },
        request_class=StrictRequest,
        exception_handlers=PROBLEM_HANDLERS,
        cors_config=cors(settings.allowed_origins),
        middleware=[*behind(settings.trusted_proxies), counting_requests(STREAMS)],
        lifespan=[connections],
        plugins=[bridge],
        logging_config=None,  # Litestar's own would take the place of ours
        openapi_config=openapi_config(),
    )


def from_environment() -> Litestar:
    """Make the application that the environment describes; for uvicorn's `--factory`."""
    settings = Settings()
    configure(settings.log_level, settings.log_format)
    return create_app(settings)
