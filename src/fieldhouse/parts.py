"""The parts of a process, made in one place, each with a life of its own.

A warehouse, a client of ThingSpeak (its pace, its budget) and a writer live as long as the process
and serve all channels; a job lives as long as its own work and is stopped by itself.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from fieldhouse import events
from fieldhouse.budget import Budget
from fieldhouse.derived.configured import sync_derived
from fieldhouse.settings import Settings, digests
from fieldhouse.sources.thingspeak.api import Channel, ThingSpeak
from fieldhouse.sources.thingspeak.pacing import Gate, Pacer
from fieldhouse.state import ChannelState
from fieldhouse.times import utc_now
from fieldhouse.warehouse import HasOwner, Warehouse, open_warehouse
from fieldhouse.writer import Writer

__all__ = [
    "Parts",
    "asking",
    "build",
    "built_on",
    "client",
    "foreign_ranges",
    "sync_ranges",
    "warehouse_of",
]

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a job works with; all but ``stop`` is shared with the other jobs of the process."""

    settings: Settings
    warehouse: Warehouse
    server: ThingSpeak
    writer: Writer
    stop: threading.Event
    observe: events.Observer | None = None
    clock: Clock = utc_now
    look_up: Callable[[int], ChannelState] | None = None
    """What is held of a channel, asked together with those of other threads."""

    def job(self) -> "Parts":
        """The same parts for another piece of work, which is stopped by itself."""
        return replace(self, stop=threading.Event())

    def tell(self, event: events.Event) -> None:
        """Tell the observer, if there is one."""
        events.tell(self.observe, event)

    def channel(self, channel_id: int) -> Channel:
        """A channel of the server, with the key that its settings name, read until ``stop``."""
        own = self.settings.channel(channel_id)
        key = own.api_key.get_secret_value() if own.api_key else None
        return self.server.channel(channel_id, key, decimal_comma=own.decimal_comma, stop=self.stop)


@contextmanager
def build(
    settings: Settings,
    *,
    own: bool = False,
    observe: events.Observer | None = None,
    clock: Clock = utc_now,
) -> Iterator[Parts]:
    """Make all parts of a process that copies; they are closed in the opposite order.

    ``own``: as the one owner of a file, where other commands may work through another process.
    """
    with (
        warehouse_of(settings, own=own, observe=observe) as warehouse,
        built_on(warehouse, settings, observe=observe, clock=clock) as parts,
    ):
        yield parts


@contextmanager
def built_on(
    warehouse: Warehouse,
    settings: Settings,
    *,
    gate: Gate | None = None,
    observe: events.Observer | None = None,
    clock: Clock = utc_now,
) -> Iterator[Parts]:
    """Make the other parts on a warehouse that is open, and stays so; ``gate``: see `Pacer`."""
    with (
        client(settings, warehouse, gate=gate, observe=observe, clock=clock) as server,
        Writer(warehouse, observe) as writer,
    ):
        sync_ranges(warehouse, settings)
        _sync_derived(warehouse, settings, clock())
        yield Parts(settings, warehouse, server, writer, threading.Event(), observe, clock)


@contextmanager
def warehouse_of(
    settings: Settings, *, own: bool = False, observe: events.Observer | None = None
) -> Iterator[Warehouse]:
    """The warehouse that the settings name, of this version's schema, to read and write."""
    opened = open_warehouse(
        settings.warehouse_url,
        password=settings.warehouse_password,
        wait=settings.wait,
        own=own,
        observe=observe,
    )
    with closing(opened) as warehouse:
        warehouse.migrate()
        yield warehouse


@contextmanager
def client(
    settings: Settings,
    warehouse: Warehouse | None = None,
    *,
    attempts: int = 5,
    gate: Gate | None = None,
    observe: events.Observer | None = None,
    clock: Clock = utc_now,
) -> Iterator[ThingSpeak]:
    """A client with its pace; what it asks is counted in ``warehouse`` if a budget is set."""
    with ExitStack() as stack:
        budget = None
        if warehouse and settings.daily_budget:
            budget = stack.enter_context(Budget(warehouse, settings.daily_budget, clock))
        yield stack.enter_context(
            ThingSpeak(
                settings.base_url,
                pacer=Pacer(settings.rate_limit_delay, budget=budget, gate=gate),
                timeout=settings.timeout,
                attempts=attempts,
                proxies=settings.proxies,
                settings_file=settings.file,
                observe=observe,
            )
        )


@contextmanager
def asking(
    settings: Settings, *, attempts: int = 5, observe: events.Observer | None = None
) -> Iterator[ThingSpeak]:
    """A client for questions apart from any copying; it opens the warehouse only to be counted."""
    with ExitStack() as stack:
        warehouse = stack.enter_context(warehouse_of(settings)) if settings.daily_budget else None
        yield stack.enter_context(client(settings, warehouse, attempts=attempts, observe=observe))


def sync_ranges(warehouse: Warehouse, settings: Settings) -> None:
    """Bring the configured ranges into the warehouse, where the quality is computed.

    A warehouse that another process keeps current is judged by what that one has configured: ours
    would be in force until it starts again, and nobody would know.
    """
    if isinstance(warehouse, HasOwner) and warehouse.ranges is not None:
        if line := foreign_ranges(warehouse, settings):
            logger.warning("%s", line)
        return
    ranges = [
        (channel_id, number, low, high)
        for channel_id in sorted(settings.channels)
        for number, (low, high) in sorted(settings.ranges_of(channel_id).items())
    ]
    warehouse.call(
        "sync_field_ranges",
        channel_ids=[channel_id for channel_id, _, _, _ in ranges],
        field_numbers=[number for _, number, _, _ in ranges],
        minima=[low for _, _, low, _ in ranges],
        maxima=[high for _, _, _, high in ranges],
    )


def _sync_derived(warehouse: Warehouse, settings: Settings, now: datetime) -> None:
    """Keep the fields that the settings name; of a served warehouse its owner keeps its own."""
    if not isinstance(warehouse, HasOwner):
        for line in sync_derived(warehouse, settings.derived, now=now):
            logger.warning("%s", line)


def foreign_ranges(warehouse: Warehouse, settings: Settings) -> str | None:
    """A line that says that qualities are judged by other ranges than are set here, if so."""
    if not isinstance(warehouse, HasOwner):
        return None
    if warehouse.ranges in (None, digests.of_ranges(settings)):
        return None
    return "ranges are those of the process that serves the warehouse, not the ones set here"
