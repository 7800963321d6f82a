"""Traces for OpenTelemetry, when they are switched on: what a request, a flush or a task spent its time with.

`OTEL_EXPORTER_OTLP_ENDPOINT` switches them on; the other variables of OpenTelemetry's specification work, too. Without
it nothing of the kind is loaded, and `span` costs a call.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SAMPLER, SAMPLER_SHARE = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
# Of each hundred requests one: at 15,000 sales a second that is more than anybody reads.
SHARE_DEFAULT = "0.01"
SERVICE = "OTEL_SERVICE_NAME"

# Adds to a span what is known at its end only.
Tell = Callable[..., None]
_switched_on: list[Any] = []


def switch_on(environment: Mapping[str, str] = os.environ) -> bool:
    """Begins tracing in this process, once, if the environment asks for it; answers whether it does."""
    if not environment.get(ENDPOINT):
        return False
    if _switched_on:
        return True
    os.environ.setdefault(SAMPLER, "parentbased_traceidratio")
    os.environ.setdefault(SAMPLER_SHARE, SHARE_DEFAULT)
    os.environ.setdefault(SERVICE, "possys")

    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    # They tell statements without their parameters, and commands without their arguments.
    PsycopgInstrumentor().instrument()
    RedisInstrumentor().instrument()
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    _switched_on.append(trace.get_tracer("possys"))
    return True


def span(name: str, **attributes: str | int | float) -> AbstractContextManager[Tell]:
    """A part of the work with its name; the context gives a function that adds attributes to it."""
    return _span(name, attributes) if _switched_on else nullcontext(_tell_nobody)


def trace_id() -> str:
    """The current trace's id as 32 hexadecimal digits; empty where there is none."""
    if not _switched_on:
        return ""
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


@contextmanager
def _span(name: str, attributes: Mapping[str, Any]) -> Iterator[Tell]:
    with _switched_on[0].start_as_current_span(name, attributes=attributes) as spanned:
        yield lambda **later: spanned.set_attributes(later)


def _tell_nobody(**attributes: object) -> None:
    pass
