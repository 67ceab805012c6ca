"""The bridge alone, for more watchers than one API process should carry: a composition root.

python -m bridge.server bridge.app:from_environment
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version

from litestar import Litestar
from litestar.di import Provide

from bridge.health import live, ready
from bridge.plugin import STREAMS, BridgePlugin
from scorewire.errors import StackFailedError
from scorewire.http.exposition import counting_requests
from scorewire.http.installation import exposition_of, gate_of, limits_of
from scorewire.http.origins import cors
from scorewire.http.problems import PROBLEM_HANDLERS
from scorewire.http.proxies import behind
from scorewire.http.upkeep import ending_silent_jobs
from scorewire.logs import configure
from scorewire.metrics import Metrics
from scorewire.settings import Settings, traces_wanted
from scorewire.store.engine import open_engine
from scorewire.traces import Traces


def create_app(settings: Settings) -> Litestar:
    """Make the application; nothing is connected before it starts.

    Raises:
        StackFailedError: no database is set.
    """
    if settings.database_url is None:
        message = "The bridge has no SCOREWIRE_DATABASE_URL; set it to the API's database."
        raise StackFailedError(message)
    database_url = settings.database_url.get_secret_value()
    engine = open_engine(database_url)
    traces = Traces("scorewire-bridge", wanted=traces_wanted())
    metrics = Metrics(version("scorewire"))

    @contextlib.asynccontextmanager
    async def connections(_app: Litestar) -> AsyncIterator[None]:
        try:
            async with ending_silent_jobs(engine, settings.job_silence_s, metrics):
                yield
        finally:
            await engine.dispose()
            await asyncio.to_thread(traces.close)

    gate = gate_of(settings)
    plugin = BridgePlugin(
        engine,
        database_url,
        gate=gate,
        limits=limits_of(settings, engine, metrics),
        heartbeat_s=settings.heartbeat_s,
        metrics=metrics,
        traces=traces,
    )
    return Litestar(
        route_handlers=[live, ready, exposition_of(settings, engine, gate, metrics).route()],
        dependencies={"caller": Provide(gate.admit, sync_to_thread=False)},
        exception_handlers=PROBLEM_HANDLERS,
        cors_config=cors(settings.allowed_origins),
        middleware=[*behind(settings.trusted_proxies), counting_requests(STREAMS)],
        lifespan=[connections],
        plugins=[plugin],
        logging_config=None,  # Litestar's own would take the place of ours
        openapi_config=None,
    )


def from_environment() -> Litestar:
    """Make the application that the environment describes; for uvicorn's `--factory`."""
    settings = Settings()
    configure(settings.log_level, settings.log_format)
    return create_app(settings)
