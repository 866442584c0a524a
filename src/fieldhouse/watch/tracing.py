"""Spans for OpenTelemetry, from events (extra ``otel``): one a channel's run, its work below it.

Where they go is set up by OpenTelemetry's own variables (``OTEL_EXPORTER_OTLP_ENDPOINT`` …). No
span holds an address, a key or a channel's name.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fieldhouse import events
from fieldhouse.errors import ConfigurationError
from fieldhouse.state import Run

__all__ = ["Spans", "spans_to"]

_NANOSECONDS = 1_000_000_000


class Spans:
    """An observer that makes spans with a tracer of OpenTelemetry's. Safe between threads.

    A run's span is ended by its RunEnded; what is of several channels is a span of its own.
    """

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer
        self._lock = threading.Lock()
        self._runs: dict[int, Any] = {}

    def observe(self, event: events.Event) -> None:
        """Begin, end or make a span."""
        with self._lock:
            match event:
                case events.RunStarted(channel_id):
                    given = {"fieldhouse.channel_id": channel_id}
                    self._runs[channel_id] = self._tracer.start_span("run", attributes=given)
                case events.RunEnded(run):
                    self._end(run)
                case events.RequestMade():
                    self._made("request", event.seconds, event.channel_id, _of_request(event))
                case events.LoadEnded(channels, rows, seconds):
                    given = {"fieldhouse.channels": channels, "fieldhouse.rows": rows}
                    self._made("load", seconds, None, given)
                case events.RefreshEnded(channels, seconds):
                    self._made("refresh", seconds, None, {"fieldhouse.channels": channels})

    def _made(
        self, name: str, seconds: float, channel_id: int | None, given: Mapping[str, Any]
    ) -> None:
        """A span that has ended just now; below its channel's run, or the only one that goes on."""
        from opentelemetry import trace

        only = next(iter(self._runs.values())) if len(self._runs) == 1 else None
        above = self._runs.get(channel_id, only) if channel_id is not None else only
        context = trace.set_span_in_context(above) if above else None
        now = time.time_ns()
        span = self._tracer.start_span(
            name,
            context=context,
            attributes=given,
            start_time=now - int(seconds * _NANOSECONDS),
        )
        span.end(now)

    def _end(self, run: Run) -> None:
        from opentelemetry.trace import Status, StatusCode

        if (span := self._runs.pop(run.channel_id, None)) is None:
            return
        span.set_attribute("fieldhouse.outcome", run.outcome)
        span.set_attribute("fieldhouse.inserted", run.inserted)
        if run.outcome == "failed":
            span.set_status(Status(StatusCode.ERROR, run.error))
        span.end()


def _of_request(event: events.RequestMade) -> dict[str, Any]:
    given: dict[str, Any] = {"fieldhouse.bytes": event.body_bytes}
    if event.outcome.isdecimal():
        given["http.response.status_code"] = int(event.outcome)
    if event.error:
        given["error.type"] = event.error
    return given


@contextmanager
def spans_to() -> Iterator[Spans]:
    """An observer whose spans go where OpenTelemetry's variables say, all of them by the end.

    Raises ConfigurationError without the extra.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"traces need {error.name}: pip install '.[otel]' in a checkout"
        ) from None
    provider = TracerProvider(resource=Resource.create({"service.name": "fieldhouse"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield Spans(provider.get_tracer("fieldhouse"))
    finally:
        provider.shutdown()
