"""Mounts the bridge into a Litestar application: its route, and what runs behind it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from litestar import Litestar, websocket
from litestar.config.app import AppConfig
from litestar.plugins import InitPlugin
from typing_extensions import override

from bridge.hub import Hub
from bridge.pump import Pump
from bridge.watch import Bridge
from bridge.websocket import Socket, stream
from scorewire.store.engine import Engine
from scorewire.store.listener import Listener

STREAM_PATH = "/api/v1/jobs/{job_id:str}/stream"


class BridgePlugin(InitPlugin):
    """The event bridge, as part of an application.

    Args:
        engine: the store's database; whoever opened it closes it.
        database_url: the same database, for the connection that listens.
        heartbeat_s: silence after which a connection gets a heartbeat.
    """

    def __init__(self, engine: Engine, database_url: str, *, heartbeat_s: float) -> None:
        hub = Hub()
        self._listener = Listener(database_url)
        self._pump = Pump(engine, self._listener, hub)
        self._bridge = Bridge(engine, hub, self._pump, heartbeat_s=heartbeat_s)

    @property
    def listening(self) -> bool:
        """Whether events arrive at this moment."""
        return self._listener.connected

    @override
    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add the route, and keep the pump running as long as the application."""

        @websocket(STREAM_PATH)
        async def job_stream(socket: Socket) -> None:
            await stream(socket, self._bridge)

        app_config.route_handlers.append(job_stream)
        app_config.lifespan.append(self._running)
        return app_config

    @contextlib.asynccontextmanager
    async def _running(self, _app: Litestar) -> AsyncIterator[None]:
        pumping = asyncio.create_task(self._pump.run())
        try:
            yield
        finally:
            pumping.cancel()
            await asyncio.gather(pumping, return_exceptions=True)
            await self._pump.aclose()
