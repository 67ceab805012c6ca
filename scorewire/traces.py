"""OpenTelemetry traces of attempts, where an exporter is set up; otherwise nothing is imported.

An attempt's trace and its first span have ids that follow from the job and the attempt, so the API,
the flow and every bridge name the same trace without handing anything over: it survives retries in
Prefect, restarts, and notifications, which have no room for it. Exporters, samplers and the like
are set by OpenTelemetry's own environment variables.
"""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING
from uuid import UUID

from typing_extensions import override

from scorewire.errors import SetupError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider

Attribute = str | int | float | bool
_NS_A_S = 1_000_000_000

# What the span that is being started is to be called; the generator of ids has no parameters.
_NAMED: ContextVar[tuple[int, int] | None] = ContextVar("named_span", default=None)


class Traces:
    """Makes spans, and hands them to the exporter in the background.

    Args:
        service: the process's name in a trace, unless `OTEL_SERVICE_NAME` says otherwise.
        wanted: whether an exporter is set up.

    Raises:
        SetupError: one is, and the libraries are not installed.
    """

    def __init__(self, service: str, *, wanted: bool) -> None:
        self._provider = _provider(service) if wanted else None

    @property
    def on(self) -> bool:
        """Whether spans go anywhere."""
        return self._provider is not None

    def attempt(self, job_id: UUID, attempt: int, since: datetime) -> AbstractContextManager[None]:
        """The first span of an attempt: from its request until it is launched."""
        if self._provider is None:
            return contextlib.nullcontext()
        return self._attempt(self._provider, job_id, attempt, since)

    def traceparent(self, job_id: UUID, attempt: int) -> str | None:
        """What an attempt's run goes below; None where nothing is traced."""
        return attempt_traceparent(job_id, attempt) if self.on else None

    def within(
        self, name: str, traceparent: str | None, **attributes: Attribute
    ) -> AbstractContextManager[None]:
        """A span below the one that is current, or else below `traceparent`."""
        if self._provider is None:
            return contextlib.nullcontext()
        return self._within(self._provider, name, traceparent, attributes)

    def note(
        self,
        name: str,
        traceparent: str,
        since: datetime,
        **attributes: Attribute,
    ) -> None:
        """Note a span that has just ended."""
        if self._provider is not None:
            span = self._provider.get_tracer(__name__).start_span(
                name, _context(traceparent), start_time=_ns(since), attributes=attributes
            )
            span.end()

    def close(self) -> None:
        """Send what waits to be sent."""
        if self._provider is not None:
            self._provider.shutdown()

    @contextmanager
    def _attempt(
        self, provider: "TracerProvider", job_id: UUID, attempt: int, since: datetime
    ) -> Iterator[None]:
        from opentelemetry.context import Context  # noqa: PLC0415 - an optional library
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 - an optional library

        tracer = provider.get_tracer(__name__)
        told = _NAMED.set(_ids(job_id, attempt))
        try:
            span = tracer.start_span(
                "submit",
                Context(),
                SpanKind.SERVER,
                {"scorewire.job_id": str(job_id), "scorewire.attempt": attempt},
                start_time=_ns(since),
            )
        finally:
            _NAMED.reset(told)
        try:
            yield
        finally:
            span.end()

    @contextmanager
    def _within(
        self,
        provider: "TracerProvider",
        name: str,
        traceparent: str | None,
        attributes: dict[str, Attribute],
    ) -> Iterator[None]:
        from opentelemetry import trace  # noqa: PLC0415 - an optional library

        known = trace.get_current_span().get_span_context().is_valid
        context = None if known or traceparent is None else _context(traceparent)
        with provider.get_tracer(__name__).start_as_current_span(
            name, context, attributes=attributes
        ):
            yield


def attempt_traceparent(job_id: UUID, attempt: int) -> str:
    """The first span of an attempt, as W3C's `traceparent` has it."""
    trace_id, span_id = _ids(job_id, attempt)
    return f"00-{trace_id:032x}-{span_id:016x}-01"


def _ids(job_id: UUID, attempt: int) -> tuple[int, int]:
    digest = sha256(f"{job_id}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


def _context(traceparent: str) -> "Context":
    from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415 - an optional library

    return tracecontext.TraceContextTextMapPropagator().extract({"traceparent": traceparent})


def _provider(service: str) -> "TracerProvider":
    try:
        from opentelemetry import trace  # noqa: PLC0415 - an optional library
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an optional library
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import (  # noqa: PLC0415 - an optional library
            OTELResourceDetector,
            Resource,
        )
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an optional library
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an optional library
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415 - an optional library
    except ImportError as error:
        message = (
            "OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, and OpenTelemetry is not installed; "
            "install scorewire[traces], or unset it."
        )
        raise SetupError(message) from error

    class Ids(RandomIdGenerator):
        """Random, but for an attempt's first span."""

        @override
        def generate_trace_id(self) -> int:
            named = _NAMED.get()
            return super().generate_trace_id() if named is None else named[0]

        @override
        def generate_span_id(self) -> int:
            named = _NAMED.get()
            return super().generate_span_id() if named is None else named[1]

        @override
        def is_trace_id_random(self) -> bool:
            return _NAMED.get() is None

    # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say comes before ours.
    ours = Resource({"service.name": service, "service.version": version("scorewire")})
    resource = Resource.create().merge(ours).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, id_generator=Ids())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)  # Prefect's own spans of flows and tasks go there, too
    return provider


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * _NS_A_S)
