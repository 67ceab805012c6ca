"""`/metrics`: a web service's figures for Prometheus, and who may read them."""

import asyncio
import hmac
import time
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from litestar import Request, Response, get
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.plugins.prometheus import PrometheusConfig
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from scorewire.errors import ServiceUnavailableError, UnauthenticatedError
from scorewire.http.gate import Gate
from scorewire.metrics import Metrics
from scorewire.store.census import count_jobs
from scorewire.store.engine import Engine

COUNT_EVERY_S = 5.0
"""However often someone asks, jobs are counted no more often."""

_SCHEME = "bearer "
_FORWARDED = ("x-forwarded-for", "forwarded")


class Exposition:
    """Answers Prometheus.

    Args:
        metrics: the figures.
        engine: where the jobs are counted.
        gate: keeps foreign web pages out.
        token: whoever shows it may read; without one, only a program on this machine may.
    """

    def __init__(self, metrics: Metrics, engine: Engine, gate: Gate, token: str | None) -> None:
        self._metrics = metrics
        self._engine = engine
        self._gate = gate
        self._token = token
        self._counting = asyncio.Lock()
        self._counted_s = float("-inf")

    def route(self) -> HTTPRouteHandler:
        """Make the handler."""

        @get("/metrics", include_in_schema=False)
        async def read_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
            """Tell all figures, in Prometheus's text format."""
            self._admit(request)
            await self._count()
            # The process's own figures and those of requests, which Litestar keeps for a process.
            text = generate_latest(REGISTRY) + generate_latest(self._metrics.registry)
            return Response(
                text, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"}
            )

        return read_metrics

    def _admit(self, request: Request[Any, Any, Any]) -> None:
        self._gate.check_origin(request)
        if self._token is not None:
            told = request.headers.get("authorization", "")
            shown = told[len(_SCHEME) :] if told.lower().startswith(_SCHEME) else ""
            if not hmac.compare_digest(shown.encode(), self._token.encode()):
                message = "The figures need SCOREWIRE_METRICS_TOKEN, as Authorization: Bearer."
                raise UnauthenticatedError(message)
            return
        # Behind a proxy on this machine every stranger would come from loopback.
        if any(name in request.headers for name in _FORWARDED) or not _is_local(request):
            message = (
                "Without SCOREWIRE_METRICS_TOKEN only programs on the server's own machine may "
                "read the figures; set it, and show it as Authorization: Bearer."
            )
            raise UnauthenticatedError(message)

    async def _count(self) -> None:
        async with self._counting:
            if time.monotonic() - self._counted_s < COUNT_EVERY_S:
                return
            metrics = self._metrics
            try:
                counts = await count_jobs(self._engine)
            except ServiceUnavailableError:
                counts = None
            metrics.jobs.clear()
            metrics.database_up.set(counts is not None)
            for count in counts or ():
                metrics.jobs.labels(count.status, count.stage or "").set(count.jobs)
            ages_s = [count.oldest_s for count in counts or () if count.oldest_s is not None]
            metrics.queue_age_s.set(max(ages_s, default=0.0))
            self._counted_s = time.monotonic()


def counting_requests(streams: Iterable[str]) -> DefineMiddleware:
    """Count and time requests by route; streams have figures of their own, and would last for ever.

    Args:
        streams: patterns of the paths that are streams.
    """
    config = PrometheusConfig(
        prefix="scorewire_http",
        scopes={ScopeType.HTTP},
        group_path=True,  # by route: a path has ids in it
        exclude=list(streams),
    )
    return config.middleware


def _is_local(request: Request[Any, Any, Any]) -> bool:
    if request.client is None:  # a Unix socket
        return True
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
