"""A stand-in for an OpenTelemetry collector: it reads what it is sent with OpenTelemetry's own classes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector(ThreadingHTTPServer):
    """`requests`: what came. `headers`: those of the last one. Port 0 chooses a free one."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Receiver)
        self.requests: list[ExportTraceServiceRequest] = []
        self.headers: dict[str, str] = {}
        self.refuses = False

    @property
    def url(self) -> str:
        """Returns its endpoint."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def spans(self) -> list[Span]:
        """Returns every span that came."""
        return [
            span
            for request in self.requests
            for of_resource in request.resource_spans
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
        ]

    @property
    def raw(self) -> str:
        """Returns everything that came, as text."""
        return "\n".join(str(request) for request in self.requests)


class _Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        """Keep what comes."""
        assert self.path == "/v1/traces"
        assert self.headers["Content-Type"] == "application/x-protobuf"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.server.refuses:
            self.server.requests.append(ExportTraceServiceRequest.FromString(body))
            self.server.headers = {name.lower(): value for name, value in self.headers.items()}
        self.send_response(503 if self.server.refuses else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def attributes(span: Span) -> dict[str, str | int | bool]:
    """Returns a span's attributes."""
    return {each.key: _value(each.value) for each in span.attributes}


def _value(value: AnyValue) -> str | int | bool:
    match value.WhichOneof("value"):
        case "bool_value":
            return value.bool_value
        case "int_value":
            return value.int_value
        case _:
            return value.string_value


@contextmanager
def collecting(port: int = 0) -> Iterator[Collector]:
    """Yields a collector that is at work for the duration of the block."""
    with Collector(port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
