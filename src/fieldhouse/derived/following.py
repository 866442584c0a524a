"""Derived fields kept current.

A refresh of aggregates learns in which hours anything that counts has changed, and marks them for
the channels that are made of those. ``follow`` takes the marks, computes these hours anew, each
part in one SELECT of the warehouse's, and keeps what differs. What is marked meanwhile stays so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import pyarrow as pa

from fieldhouse.derived import expressions
from fieldhouse.derived.expressions import Node
from fieldhouse.derived.statement import select
from fieldhouse.readings import DECIMAL, FIELDS
from fieldhouse.warehouse import Warehouse

__all__ = ["follow", "made_of", "numbered"]

_HOUR = timedelta(hours=1)
_APART = timedelta(days=1)
"""Hours that lie closer than this are computed together, with what lies between them."""
_HOURS = 2_000
"""Marks that are taken at a time."""
_FIRST = 48
"""So many hours at least are computed together, or as many as have about ``_ROWS`` readings."""
_ROWS = 10_000
_READINGS = pa.schema(
    [
        ("Epoch", pa.int32()),
        ("EntryID", pa.int64()),
        ("CreatedAt", pa.timestamp("us")),
        *((name, DECIMAL) for name in FIELDS),
    ]
)


class Calls(Protocol):
    """What carries out calls: a warehouse, or the queue before it."""

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """As ``Warehouse.call``."""
        ...


@dataclass(frozen=True, slots=True)
class _Channel:
    """A derived channel: what each of its fields is made of."""

    channel_id: int
    base: int
    within: timedelta
    fields: Mapping[int, Node]

    @property
    def sources(self) -> frozenset[int]:
        """The channels that it is made of."""
        of = {
            channel for node in self.fields.values() for channel, _ in expressions.fields_of(node)
        }
        return frozenset(of | {self.base})

    @property
    def reach(self) -> timedelta:
        """How long after a reading others may depend on it."""
        return self.within * max(map(expressions.back, self.fields.values()), default=0)


def follow(
    house: Warehouse, channel_ids: Collection[int] | None, calls: Calls | None = None
) -> list[int]:
    """Compute what is marked of the derived channels that are made of some, or among them.

    Their aggregates are refreshed with it; the channels that were computed. None: of all.
    ``calls`` carries out what writes, by default the warehouse.
    """
    calls, asked = calls or house, None if channel_ids is None else set(channel_ids)
    done = [
        channel_id
        for channel_id, channel in _channels(house).items()
        if asked is None or asked & {channel_id, *channel.sources}
        if _computed(house, calls, channel_id)
    ]
    if done:
        calls.call("refresh_aggregates", channel_ids=done)
    return done


def made_of(house: Warehouse) -> dict[int, frozenset[int]]:
    """The derived channels, and the channels that each is made of."""
    return {channel_id: channel.sources for channel_id, channel in _channels(house).items()}


def _channels(house: Warehouse) -> dict[int, _Channel]:
    """The derived channels, by their numbers."""
    nodes: dict[int, dict[int, Node]] = {}
    told: dict[int, tuple[int, timedelta]] = {}
    for row in house.query("derived_fields").to_pylist():
        base, number = row["BaseChannelID"], row["FieldNumber"]
        node = expressions.read(row["Formula"], base, numbered)
        nodes.setdefault(row["ChannelID"], {})[number] = node
        told[row["ChannelID"]] = base, timedelta(seconds=row["WithinSeconds"])
    return {each: _Channel(each, *told[each], fields) for each, fields in nodes.items()}


def numbered(word: str, _: int) -> int:
    """The field of a formula, which names it by its number."""
    return int(word.removeprefix("field"))


def _computed(house: Warehouse, calls: Calls, channel_id: int) -> bool:
    """Compute all that is marked of a channel; whether there was anything.

    What it is made of is looked up under its lock, where nobody changes it.
    """
    is_any, channel = False, None
    with house.lock(channel_id):
        while taken := _taken(calls, channel_id):
            if (channel := channel or _channels(house).get(channel_id)) is None:
                break
            is_any, size = True, _FIRST
            while taken:
                part, taken = _parted(taken, size)
                rows = _keep(house, calls, channel, part)
                size = min(_HOURS, max(_FIRST, size * _ROWS // max(rows, 1)))
    return is_any


def _taken(calls: Calls, channel_id: int) -> Sequence[Mapping[str, Any]]:
    rows = calls.call("take_derived_hours", channel_id=channel_id, limit=_HOURS)
    found: list[dict[str, Any]] = rows.to_pylist()
    return found


def _parted(
    hours: Sequence[Mapping[str, Any]], most: int
) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """The first hours that are close to each other; and the others."""
    for place in range(1, len(hours)):
        if place == most or hours[place]["Hour"] - hours[place - 1]["Hour"] > _APART:
            return hours[:place], hours[place:]
    return hours, []


def _keep(
    house: Warehouse, calls: Calls, channel: _Channel, part: Sequence[Mapping[str, Any]]
) -> int:
    """Compute what some hours touch, and keep it; how many readings it is now."""
    hours = [row["Hour"] for row in part]
    start, end = hours[0], hours[-1] + _HOUR + channel.reach
    asked, values = select(
        channel.fields,
        channel.base,
        within=channel.within,
        start=start,
        end=end,
        reach=channel.reach,
    )
    found = house.stream(asked, parameters=values).read_all()
    calls.call(
        "keep_derived",
        channel_id=channel.channel_id,
        start_at=start,
        end_at=end,
        hours=hours,
        marks=[row["Mark"] for row in part],
        readings=_typed(found),
    )
    return int(found.num_rows)


def _typed(found: pa.Table) -> pa.Table:
    """What was computed, as readings are typed."""
    columns = [
        found[name].cast(kind) if name in found.column_names else pa.nulls(found.num_rows, kind)
        for name, kind in zip(_READINGS.names, _READINGS.types, strict=True)
    ]
    return pa.table(columns, schema=_READINGS)
