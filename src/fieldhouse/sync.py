"""One channel's reading, carried out: what history wants, done to ThingSpeak and the warehouse."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pyarrow.compute as pc

from fieldhouse import events, recall
from fieldhouse.errors import EntryConflict, Interrupted, SourceInconsistent, StateMoved
from fieldhouse.readings import RAW, READINGS, REJECTED, Batch, parse_time, type_text
from fieldhouse.sources.thingspeak import api, history
from fieldhouse.sources.thingspeak.page import Page
from fieldhouse.state import ChannelState, Epoch, Known
from fieldhouse.warehouse import Counts, Warehouse
from fieldhouse.writer import Ticket, Writer

__all__ = [
    "Copied",
    "channel_row",
    "copy_history",
    "sync_metadata",
]

logger = logging.getLogger(__name__)

_LEVELS = {"suspicion": logging.INFO, "gap": logging.INFO}
_MANY = 1_000
"""Rows from which on a page is typed beside the writing, while the next one is asked for."""
_PLANS = 3
"""How often a channel is planned anew when the warehouse says that the plan no longer holds."""


@dataclass(slots=True)
class Copied:
    """What a reading brings, kept up as it goes, so that a failed one is told as truly.

    ``requests`` made, entries ``fetched`` (doubles included), and what became of them.
    """

    requests: int = 0
    fetched: int = 0
    counts: Counts = field(default_factory=Counts)
    state: ChannelState | None = None
    """What was held a while ago and is held still, where nothing was written or asked."""


def sync_metadata(source: api.Channel, warehouse: Warehouse, now: datetime, ttl: timedelta) -> bool:
    """Bring name, labels and place up to date, if they are older than ``ttl``; whether it asked."""
    if not _is_due(recall.channel_state(warehouse, source.channel_id), now, ttl):
        return False
    warehouse.call("upsert_channel", **channel_row(source.metadata(), source.channel_id, now))
    return True


def _is_due(state: ChannelState, now: datetime, ttl: timedelta) -> bool:
    return state.metadata_at is None or not timedelta(0) <= now - state.metadata_at < ttl


def channel_row(page: Page, channel_id: int, now: datetime) -> dict[str, Any]:
    """A channel object of ThingSpeak's as the columns of ``iot.Channels``."""
    channel = page.channel
    return {
        "channel_id": channel_id,
        "name": _text(channel.get("name")),
        "description": _text(channel.get("description")),
        "latitude": type_text(str(channel.get("latitude") or ""))[0],
        "longitude": type_text(str(channel.get("longitude") or ""))[0],
        "elevation": _text(channel.get("elevation")),
        **{f"field{n}": _text(channel.get(f"field{n}")) for n in range(1, 9)},
        "created_at": parse_time(str(channel.get("created_at"))),
        "updated_at": parse_time(str(channel.get("updated_at"))),
        "last_entry_id": page.last_entry_id,
        "refreshed_at": now,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def copy_history(
    source: api.Channel,
    warehouse: Warehouse,
    writer: Writer,
    policy: history.Policy,
    copied: Copied,
    *,
    state: ChannelState | None = None,
    look_up: Callable[[int], ChannelState] | None = None,
    metadata_ttl: timedelta = timedelta(hours=1),
    is_over: Callable[[], bool] | None = None,
    observe: events.Observer | None = None,
) -> None:
    """Read what is new and what is missing of a channel into the warehouse.

    ``state`` is what was held a while ago; the warehouse is asked whether it still is as soon as
    there is something to write, so that a poll that finds nothing asks the warehouse nothing.
    ``look_up`` is how it is asked: with the channels of other threads, say.
    Every page brings the channel's name and labels: where ours are older than ``metadata_ttl``, the
    first page renews them, and no request is made for them alone.
    ``copied`` is kept up with what it brings. Holds the channel's lock, from where the
    warehouse is first asked or told of it: a poll that finds nothing locks nothing. Raises what
    ``errors`` draws; whatever was written before stays, and the next reading carries on from it.
    Raises Interrupted once ``is_over`` is true: what was read is written, and no more is asked.
    """
    doubt: history.Doubt | None = None
    look_up = look_up or partial(recall.channel_state, warehouse)
    with _Lock(warehouse, source.channel_id) as lock:
        for _ in range(_PLANS):
            reading = _Reading(
                source,
                warehouse,
                writer,
                policy.after(source.requests),
                look_up,
                metadata_ttl,
                is_over,
                observe,
                lock,
            )
            try:
                reading.carry_out(state, doubt)
                copied.state = None if lock.is_held else state
                return
            except EntryConflict as conflict:
                disputed = tuple(Known(*each) for each in conflict.disputed)
                doubt = history.Doubt(str(conflict), disputed)
            except StateMoved:
                doubt = None
            finally:
                state = None
                copied.requests = source.requests
                copied.fetched += reading.fetched
                copied.counts += reading.ticket.counts
    text = doubt.text if doubt else "it keeps moving"
    raise SourceInconsistent(
        f"channel {source.channel_id}: {text}, {_PLANS} times over; the next run asks again;"
        f" fieldhouse lives {source.channel_id} shows what is known"
    )


class _Lock:
    """A channel's lock, taken when it is first needed and kept to the end of a ``with``."""

    def __init__(self, warehouse: Warehouse, channel_id: int) -> None:
        self._warehouse, self._channel_id = warehouse, channel_id
        self._held: AbstractContextManager[None] | None = None

    def __enter__(self) -> "_Lock":
        return self

    def __exit__(self, *error: Any) -> None:
        if self._held:
            self._held.__exit__(*error)

    @property
    def is_held(self) -> bool:
        """Whether it was taken."""
        return self._held is not None

    def take(self) -> None:
        """Wait for it, unless it is held already."""
        if self._held is None:
            held = self._warehouse.lock(self._channel_id)
            held.__enter__()
            self._held = held


class _Reading:
    """One plan, carried out effect by effect."""

    def __init__(
        self,
        source: api.Channel,
        warehouse: Warehouse,
        writer: Writer,
        policy: history.Policy,
        look_up: Callable[[int], ChannelState],
        metadata_ttl: timedelta,
        is_over: Callable[[], bool] | None,
        observe: events.Observer | None,
        lock: "_Lock",
    ) -> None:
        self.source, self.warehouse, self.writer = source, warehouse, writer
        self.policy, self.is_over, self.observe = policy, is_over, observe
        self.look_up, self.lock = look_up, lock
        self.metadata_ttl, self.metadata_due = metadata_ttl, False
        self.ticket = Ticket(source.channel_id)
        self.fetched = 0
        self.epoch = Epoch()
        self.written = 0
        self.unconfirmed: ChannelState | None = None

    def carry_out(self, given: ChannelState | None, doubt: history.Doubt | None) -> None:
        self.unconfirmed = given
        state: ChannelState = given or self.turn_to_warehouse(history.FindState())
        self.epoch = state.epoch
        self.metadata_due = _is_due(state, self.policy.now, self.metadata_ttl)
        plan = history.read(state, self.policy, doubt)
        outcome: Any = None
        try:
            while True:
                outcome = self.carry_out_one(plan.send(outcome))
        except StopIteration:
            pass
        finally:
            plan.close()
            self.ticket.wait()

    def carry_out_one(self, effect: history.Effect) -> Any:
        """Do what the plan wants done; once stopped, nothing more is asked of the source."""
        match effect:
            case history.Ask() | history.AskEntry():
                if self.is_over is not None and self.is_over():
                    raise Interrupted
                return self.ask(effect)
            case history.Write():
                return self.write(effect)
            case history.Notice(kind, text):
                return self.notice(kind, text)
        self.confirm()
        self.ticket.wait()  # the rest asks of what was written, or stands on it
        return self.turn_to_warehouse(effect)

    def ask(self, effect: history.Ask | history.AskEntry) -> Any:
        match effect:
            case history.Ask(results, start, end):
                return self.source.page(results=results, start=start, end=end, fresh=True)
            case history.AskEntry(entry_id):
                return self.source.entry(entry_id)

    def confirm(self) -> None:
        """What the plan stands on must be held still. Raises StateMoved."""
        held, self.unconfirmed = self.unconfirmed, None
        if held and self.turn_to_warehouse(history.FindState()) != held:
            raise StateMoved(f"channel {self.source.channel_id} has moved since it was looked up")

    def turn_to_warehouse(self, effect: history.Effect) -> Any:
        """Ask the warehouse, or tell it what was found out; a state that is sent is a new start."""
        self.lock.take()
        if isinstance(effect, history.FindState):
            outcome: Any = self.look_up(self.source.channel_id)
        else:
            outcome = recall.carry_out(self.warehouse, self.source.channel_id, effect)
        if isinstance(outcome, ChannelState):
            self.epoch, self.written = outcome.epoch, 0
        return outcome

    def write(self, write: history.Write) -> None:
        page = write.page
        metadata = self.metadata(page) if page else None
        if page and not write.quiet:
            self.fetched += page.served
            self.tell(page)
        if write.quiet and not metadata:
            return
        self.confirm()
        batch = partial(self.batch, write, metadata, self.version(write))
        if page and page.keys.num_rows >= _MANY:
            self.writer.put_unmade(self.ticket, page.keys.num_rows, batch)
        else:
            self.writer.put(self.ticket, batch())

    def batch(
        self, write: history.Write, metadata: dict[str, Any] | None, version: int | None
    ) -> Batch:
        page = write.page
        return Batch(
            channel_id=self.source.channel_id,
            epoch=write.epoch,
            readings=page.readings if page else READINGS.empty_table(),
            raw=page.raw if page else RAW.empty_table(),
            rejected=page.rejected if page else REJECTED.empty_table(),
            progress=write.progress,
            horizon=write.horizon,
            metadata=metadata,
            version=version,
        )

    def version(self, write: history.Write) -> int | None:
        """The state that a write stands on: the one that was found, and the writes since."""
        if write.epoch != self.epoch.number:
            return None
        self.written += 1
        return self.epoch.version + self.written - 1

    def metadata(self, page: Page) -> dict[str, Any] | None:
        """The channel's row, from the first page that has one, if ours is out of date."""
        if not (self.metadata_due and page.channel):
            return None
        self.metadata_due = False
        return channel_row(page, self.source.channel_id, self.policy.now)

    def tell(self, page: Page) -> None:
        if self.observe:
            rows = page.keys
            oldest = pc.min(rows["CreatedAt"]).as_py()
            lowest = pc.min(rows["EntryID"]).as_py()
            remaining = _to_come(lowest, self.epoch)
            read = events.PageRead(self.source.channel_id, page.served, oldest, remaining)
            events.tell(self.observe, read)

    def notice(self, kind: str, text: str) -> None:
        """Tell what was found out; what a person should know at once is a warning."""
        logger.log(_LEVELS.get(kind, logging.WARNING), "%s", text)
        noticed = events.Noticed(self.source.channel_id, kind, text)
        events.tell(self.observe, noticed)


def _to_come(lowest: int | None, held: Epoch) -> int | None:
    """The entries still to come after a page, by the ids below its lowest, if that can be said."""
    if lowest is None or held.highest_id is None:
        return lowest and lowest - 1
    if held.coverage.watermark:  # the past is there: between it and the page lies what is new
        return lowest - 1 - held.highest_id if lowest > held.highest_id else None
    return lowest - 1 if lowest <= held.highest_id else None
