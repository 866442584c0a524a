"""Spans: one a channel's run, its requests below it, loads and refreshes beside."""

from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from watch_kit import installed

from fieldhouse.simulator import Fault
from fieldhouse.watch.tracing import Spans


def test_a_run_is_a_span_and_its_work_lies_below(tmp_path: Path) -> None:
    """A failing run's span says so; its requests are its children, as many as were made."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    spans = Spans(provider.get_tracer("test"))
    with installed(tmp_path) as house:
        house.pass_time(3)
        house.run()
        house.simulator.faults.add(Fault("500", times=None))
        (failed,) = house.run()
        for event in house.told:
            spans.observe(event)
    made = exporter.get_finished_spans()
    good, bad = [span for span in made if span.name == "run"]
    assert good.attributes is not None and good.attributes["fieldhouse.inserted"] == 3
    assert bad.status.description == failed.error and not bad.status.is_ok
    requests = [span for span in made if span.name == "request"]
    below = [s for s in requests if s.parent and s.parent.span_id == bad.context.span_id]
    assert len(below) == failed.requests == 2
    assert {s.attributes["error.type"] for s in below if s.attributes} == {"SourceUnavailable"}
    assert {"load", "refresh"} <= {span.name for span in made}
    assert "127.0.0.1" not in str([span.attributes for span in made])
