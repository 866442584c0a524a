"""Watching over a run that ends: its requests are counted, its metrics are left or sent."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fieldhouse import events
from fieldhouse.errors import FieldhouseError
from fieldhouse.settings import Settings
from fieldhouse.settings.metrics import MetricsSettings
from fieldhouse.sync import utc_now
from fieldhouse.warehouse import Warehouse
from fieldhouse.watch.watching import Calls

__all__ = ["counting", "measuring"]

logger = logging.getLogger(__name__)


@contextmanager
def measuring(settings: Settings, observe: events.Observer) -> Iterator[events.Observer]:
    """An observer that measures and traces as well, where that is set.

    What can't be left or sent is a line of the log: it is no reason for a run to fail.
    """
    wanted = settings.metrics
    with ExitStack() as stack:
        if wanted.traces:
            from fieldhouse.watch.tracing import spans_to

            observe = _both(stack.enter_context(spans_to()).observe, observe)
        if wanted.file or wanted.push:
            observe = stack.enter_context(_measured(wanted, observe))
        yield observe


@contextmanager
def _measured(wanted: MetricsSettings, observe: events.Observer) -> Iterator[events.Observer]:
    from fieldhouse.watch.exposing import pushed, written
    from fieldhouse.watch.metrics import Metrics

    metrics = Metrics(wanted)
    try:
        yield _both(metrics.observe, observe)
    finally:
        try:
            if wanted.file:
                written(metrics, Path(wanted.file))
            if wanted.push:
                pushed(metrics, wanted.push)
        except FieldhouseError as error:
            logger.error("%s", error)


@contextmanager
def counting(warehouse: Warehouse, observe: events.Observer) -> Iterator[events.Observer]:
    """An observer that counts requests as well, which the warehouse is told of in the end."""
    calls = Calls()
    try:
        yield _both(calls.observe, observe)
    finally:
        try:
            calls.hand_over(warehouse, utc_now())
        except FieldhouseError as error:
            logger.warning("Requests are not counted: %s", error)


def _both(first: events.Observer, second: events.Observer) -> events.Observer:
    def observe(event: events.Event) -> None:
        events.tell(first, event)
        second(event)

    return observe
