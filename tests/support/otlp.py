"""Receives traces as a collector does: OTLP over HTTP."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from typing_extensions import override


@dataclass
class Collector:
    """What has arrived: each span with the name of its service.

    Attributes:
        endpoint: for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    """

    endpoint: str = ""
    spans: list[tuple[str, Span]] = field(default_factory=list)

    def of(self, trace_id: bytes) -> list[tuple[str, Span]]:
        """The spans of a trace."""
        return [(service, span) for service, span in self.spans if span.trace_id == trace_id]

    def take(self, body: bytes) -> None:
        """Take one export."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            told = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(told["service.name"], span) for span in scope.spans]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Receive traces within the block."""
    collector = Collector()

    class Receiver(BaseHTTPRequestHandler):
        @override
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            collector.take(body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    collector.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
