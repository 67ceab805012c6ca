"""The bridge alone, for more watchers than one API process should carry: a composition root.

uvicorn bridge.app:from_environment --factory
"""

import contextlib
from collections.abc import AsyncIterator

from litestar import Litestar

from bridge.plugin import BridgePlugin
from scorewire.errors import StackFailedError
from scorewire.logs import configure
from scorewire.settings import Settings
from scorewire.store.engine import open_engine


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

    @contextlib.asynccontextmanager
    async def connections(_app: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await engine.dispose()

    plugin = BridgePlugin(engine, database_url, heartbeat_s=settings.heartbeat_s)
    return Litestar(lifespan=[connections], plugins=[plugin], openapi_config=None)


def from_environment() -> Litestar:
    """Make the application that the environment describes; for uvicorn's `--factory`."""
    settings = Settings()
    configure(settings.log_level, settings.log_format)
    return create_app(settings)
