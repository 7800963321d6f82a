"""Traces: nothing of them unless they are switched on, and then a real collector gets a request's spans."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from possys import tracing

PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = """
import io, os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "possys.settings"
django.setup()
from possys.wsgi import application
environ = {
    "REQUEST_METHOD": "GET", "PATH_INFO": "/robots.txt", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
    "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "HTTP_HOST": "localhost",
}
list(application(environ, lambda line, headers: print(line, dict(headers)["X-Request-ID"])))
from opentelemetry import trace
trace.get_tracer_provider().force_flush()
"""


class Collector(BaseHTTPRequestHandler):
    """The far side: keeps what it is sent."""

    got: list[bytes] = []

    def do_POST(self) -> None:
        self.got.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def test_it_is_off_by_itself() -> None:
    assert not tracing.switch_on({})
    with tracing.span("anything", shard=1) as tell:
        tell(status="200")
    assert tracing.trace_id() == ""


def test_a_collector_gets_the_spans_of_a_request() -> None:
    Collector.got.clear()
    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        asked = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=PROJECT,
            env={
                **os.environ,
                "DEMO": "1",
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
                "OTEL_TRACES_SAMPLER_ARG": "1",
            },
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        server.shutdown()
        server.server_close()
    status, request_id = asked.stdout.rsplit(maxsplit=1)
    assert status == "200 OK"
    spans = [
        span
        for body in Collector.got
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    [own] = [span for span in spans if span.name == "GET site"]
    attributes = {one.key: one.value.string_value for one in own.attributes}
    assert attributes == {"request_id": request_id, "area": "site", "status": "200"}
