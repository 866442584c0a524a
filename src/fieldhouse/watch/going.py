"""Watching beside a process that goes on and serves nothing: metrics at a port, alerts, spans."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from fieldhouse import events
from fieldhouse.settings import Settings
from fieldhouse.times import utc_now
from fieldhouse.warehouse import Warehouse
from fieldhouse.watch.exposing import listening
from fieldhouse.watch.metrics import Metrics
from fieldhouse.watch.tracing import spans_to
from fieldhouse.watch.watching import Watching

__all__ = ["watched"]


@contextmanager
def watched(
    warehouse: Warehouse, settings: Settings, observe: events.Observer, port: int | None
) -> Iterator[events.Observer]:
    """An observer for what goes on; meanwhile rules are judged, and told.

    With a ``port`` (0: any that is free) ``/metrics`` is answered there, to this machine. Raises
    ConfigurationError where it cannot be.
    """
    with ExitStack() as stack:
        metrics = Metrics(settings.metrics)
        observers = [metrics.observe, observe]
        if port is not None:
            stack.enter_context(listening(metrics, port))
        if settings.metrics.traces:
            observers.append(stack.enter_context(spans_to()).observe)

        def tell_all(event: events.Event) -> None:
            for each in observers:
                events.tell(each, event)

        watching = stack.enter_context(Watching(warehouse, settings, utc_now, tell=tell_all))
        observers.append(watching.observe)
        yield tell_all
