"""Mounts the bridge into a Litestar application: its routes, and what runs behind them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

import structlog
from litestar import Litestar
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.plugins import InitPlugin
from typing_extensions import override

from bridge.deliveries import Deliveries
from bridge.hub import Hub
from bridge.polling import read_job
from bridge.pump import Pump
from bridge.sse import StreamWatcher, events
from bridge.watch import Bridge
from bridge.websocket import SocketWatcher, stream
from scorewire.http.gate import Gate
from scorewire.http.limits import Limits
from scorewire.metrics import Metrics
from scorewire.store.engine import Engine
from scorewire.store.listener import Listener
from scorewire.traces import Traces

STREAMS = ("^/api/v1/jobs/[^/]+/events$",)
"""Paths of requests that last as long as someone watches."""

log = structlog.get_logger(__name__)


class BridgePlugin(InitPlugin):
    """The event bridge, as part of an application.

    Args:
        engine: the store's database; whoever opened it closes it.
        database_url: the same database, for the connection that listens.
        gate: who may watch.
        limits: how often, and how many at once.
        heartbeat_s: silence after which a connection gets a heartbeat.
        metrics: what is counted up.
        traces: where the delivery of stages and ends is traced.
    """

    def __init__(  # noqa: PLR0913 - the parts of the bridge, each given by name
        self,
        engine: Engine,
        database_url: str,
        *,
        gate: Gate,
        limits: Limits,
        heartbeat_s: float,
        metrics: Metrics,
        traces: Traces,
    ) -> None:
        hub = Hub()
        self._pump = Pump(engine, Listener(database_url), hub, metrics, Deliveries(traces))
        self._bridge = Bridge(
            engine,
            hub=hub,
            pump=self._pump,
            gate=gate,
            limits=limits,
            heartbeat_s=heartbeat_s,
            metrics=metrics,
        )
        metrics.listening.set_function(self._pump.listening)
        for channel in (SocketWatcher, StreamWatcher):
            metrics.watchers.labels(channel.channel).set_function(partial(hub.count, channel))

    @property
    def listening(self) -> bool:
        """Whether events arrive at this moment."""
        return self._pump.listening()

    @override
    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add the routes, and keep the pump running as long as the application."""
        app_config.dependencies["bridge"] = Provide(lambda: self._bridge, sync_to_thread=False)
        app_config.route_handlers += [stream, events, read_job]
        app_config.lifespan.append(self._running)
        return app_config

    @contextlib.asynccontextmanager
    async def _running(self, _app: Litestar) -> AsyncIterator[None]:
        if self._bridge.gate.open:
            log.info("no key is set: everyone who reaches this server may use it")
        pumping = asyncio.create_task(self._pump.run())
        pumping.add_done_callback(_report)
        try:
            yield
        finally:
            pumping.cancel()
            await asyncio.gather(pumping, return_exceptions=True)
            await self._pump.aclose()


def _report(pumping: asyncio.Task[None]) -> None:
    """Tell of a fault of ours: without its pump a bridge is not ready, and stays so."""
    if not pumping.cancelled() and (error := pumping.exception()) is not None:
        log.critical("no events arrive any more; restart this process", exc_info=error)
