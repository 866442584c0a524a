"""Derived fields: declared, removed, and kept current.

A refresh of aggregates learns in which hours anything that counts has changed, and marks them for
the channels that are made of those. ``follow`` takes the marks, computes these hours anew, each
part in one SELECT of the warehouse's, and keeps what differs. What is marked meanwhile stays so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import pyarrow as pa

from fieldhouse.derived import expressions
from fieldhouse.derived.expressions import Node
from fieldhouse.derived.statement import select
from fieldhouse.errors import ConfigurationError
from fieldhouse.names import find_field
from fieldhouse.readings import DECIMAL, FIELDS
from fieldhouse.warehouse import Warehouse

__all__ = ["WITHIN", "Declared", "declare", "derived_channels", "follow", "refuse", "remove"]

WITHIN = timedelta(hours=2)
"""How old a value of another reading may be where nothing is said."""
_LONGEST = timedelta(days=31)
_HOUR = timedelta(hours=1)
_APART = timedelta(days=1)
"""Hours that lie closer than this are computed together, with what lies between them."""
_HOURS = 2_000
"""Marks that are taken at a time."""
_ROWS = 10_000
"""About so many readings are kept in one transaction."""
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
class Declared:
    """A derived field that is kept: where it is to be found, and of which channels it is made."""

    channel_id: int
    field: int
    channel_name: str
    label: str
    sources: tuple[int, ...]


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


# What is declared


def declare(
    house: Warehouse,
    base: int,
    label: str,
    expression: str,
    *,
    now: datetime,
    unit: str | None = None,
    name: str | None = None,
    within: timedelta = WITHIN,
) -> Declared:
    """Keep a field that is made of ``base``'s, and others', and compute it.

    It is a field of the derived channel ``name`` (default: the base's name with "derived"), which
    is made where it is missing; one with this label there is replaced. ``within``: how old a value
    of another reading may be. Raises ConfigurationError, in one line, for what cannot be meant.
    """
    channels = {row["ChannelID"]: row for row in house.query("channels").to_pylist()}
    rows = house.query("derived_fields").to_pylist()
    _require_source(channels, rows, base)
    if not timedelta(seconds=1) <= within <= _LONGEST:
        raise ConfigurationError("values of other readings are from 1 second to 31 days old")

    def named(word: str, channel_id: int) -> int:
        _require_source(channels, rows, channel_id)
        return find_field(house, channel_id, word)

    name = _line(name or f"{channels[base]['ChannelName'] or base} (derived)", "a channel's name")
    shown = _line(label, "a label") + (f" ({_line(unit, 'a unit')})" if unit else "")
    node = expressions.read(expression, base, named)
    if not expressions.fields_of(node):
        raise ConfigurationError(f"{expression!r} is made of no field")
    channel_id = _own(channels, rows, base, name)
    number = _place(channels.get(channel_id, {}), rows, channel_id, shown)
    made = _channels([r for r in rows if r["ChannelID"] == channel_id])
    fields = {**(made[0].fields if made else {}), number: node}
    sources = sorted(_Channel(channel_id, base, within, fields).sources)
    with house.lock(channel_id):
        _describe(house, channels, base, channel_id, name, {number: shown}, now)
        for row in rows:  # one length of time for all of a channel's fields
            if row["ChannelID"] == channel_id and row["FieldNumber"] != number:
                kept = {"expression": row["Expression"], "formula": row["Formula"]}
                _set(house, channel_id, row["FieldNumber"], base, within, sources, now, **kept)
        formula = expressions.resolved(expression, base, named)
        kept = {"expression": " ".join(expression.split()), "formula": formula}
        _set(house, channel_id, number, base, within, sources, now, **kept)
    follow(house, [channel_id])
    house.call("refresh_quality", channel_ids=[channel_id], as_of=now)
    return Declared(channel_id, number, name, shown, tuple(sources))


def remove(house: Warehouse, channel_id: int, field: int, *, now: datetime) -> bool:
    """Take a derived field away; whether its channel, which has no other, is gone as well.

    Raises ConfigurationError where there is none.
    """
    rows = [r for r in house.query("derived_fields").to_pylist() if r["ChannelID"] == channel_id]
    if field not in (row["FieldNumber"] for row in rows):
        raise ConfigurationError(f"field {field} of channel {channel_id} is no derived one")
    left = [row for row in rows if row["FieldNumber"] != field]
    with house.lock(channel_id):
        if not left:
            house.call("forget_channel", channel_id=channel_id)
            return True
        channels = {row["ChannelID"]: row for row in house.query("channels").to_pylist()}
        (kept,) = _channels(left)
        name = channels[channel_id]["ChannelName"]
        _describe(house, channels, kept.base, channel_id, name, {field: None}, now)
        _set(house, channel_id, field, kept.base, kept.within, sorted(kept.sources), now)
    follow(house, [channel_id])
    house.call("refresh_quality", channel_ids=[channel_id], as_of=now)
    return False


def derived_channels(house: Warehouse) -> dict[int, int]:
    """The derived channels, and which channel each has its entries and times of."""
    found = house.query("derived_fields").to_pylist()
    return {row["ChannelID"]: row["BaseChannelID"] for row in found}


def refuse(house: Warehouse, channel_id: int, what: str) -> None:
    """Raise ConfigurationError where a channel is a derived one, of which ``what`` is not done."""
    if (base := derived_channels(house).get(channel_id)) is not None:
        raise ConfigurationError(
            f"channel {channel_id} is derived from channel {base}: {what} there, and it follows"
        )


def _require_source(
    channels: Mapping[int, Any], rows: Sequence[Mapping[str, Any]], channel_id: int
) -> None:
    if channel_id not in channels:
        raise ConfigurationError(f"channel {channel_id} is not in the warehouse")
    if channel_id in (row["ChannelID"] for row in rows):
        raise ConfigurationError(
            f"channel {channel_id} is a derived one: write its expression out, over the channel"
            " that it is made of"
        )


def _line(text: str, what: str) -> str:
    said = " ".join(text.split())
    if not said or len(said) > 255 or not said.isprintable():
        raise ConfigurationError(f"{what} is a line of 1 to 255 characters")
    return said


def _own(
    channels: Mapping[int, Any], rows: Sequence[Mapping[str, Any]], base: int, name: str
) -> int:
    """The derived channel of a name, or a number for it."""
    for row in rows:
        if channels.get(row["ChannelID"], {}).get("ChannelName") == name:
            if row["BaseChannelID"] != base:
                raise ConfigurationError(
                    f"{name!r} is derived from channel {row['BaseChannelID']}: give another name"
                )
            return int(row["ChannelID"])
    return int(min([0, *channels, *(row["ChannelID"] for row in rows)])) - 1


def _place(
    channel: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], channel_id: int, label: str
) -> int:
    """The number of a channel's field with a label, or a free one."""
    taken = {row["FieldNumber"] for row in rows if row["ChannelID"] == channel_id}
    for number in sorted(taken):
        if channel.get(f"Field{number}Name") == label:
            return int(number)
    if free := [number for number in range(1, 9) if number not in taken]:
        return free[0]
    raise ConfigurationError(
        f"channel {channel_id} has its eight fields: give another channel's name"
    )


def _describe(
    house: Warehouse,
    channels: Mapping[int, Any],
    base: int,
    channel_id: int,
    name: str,
    labels: Mapping[int, str | None],
    now: datetime,
) -> None:
    """Bring the channel's name, place and labels up to date."""
    of, held = channels[base], channels.get(channel_id, {})
    places = {key.lower(): of[key] for key in ("Latitude", "Longitude", "Elevation")}
    named = {f"field{n}": labels.get(n, held.get(f"Field{n}Name")) for n in range(1, 9)}
    made = held.get("CreatedAt") or now
    told = {"description": f"derived from channel {base}", "created_at": made, "updated_at": now}
    house.call("upsert_channel", channel_id=channel_id, name=name, **places, **named, **told)


def _set(
    house: Warehouse,
    channel_id: int,
    field: int,
    base: int,
    within: timedelta,
    sources: Sequence[int],
    now: datetime,
    **made: str,
) -> None:
    house.call(
        "set_derived_field",
        channel_id=channel_id,
        field_number=field,
        base_channel_id=base,
        within_seconds=within // timedelta(seconds=1),
        source_ids=sources,
        defined_at=now,
        **made,
    )


# What is kept current


def follow(
    house: Warehouse, channel_ids: Collection[int] | None, calls: Calls | None = None
) -> list[int]:
    """Compute what is marked of the derived channels that are made of some, or among them.

    Their aggregates are refreshed with it; the channels that were computed. None: of all.
    ``calls`` carries out what writes, by default the warehouse.
    """
    rows = house.query("derived_fields").to_pylist()
    calls, asked = calls or house, None if channel_ids is None else set(channel_ids)
    done = [
        channel.channel_id
        for channel in _channels(rows)
        if asked is None or asked & {channel.channel_id, *channel.sources}
        if _computed(house, calls, channel)
    ]
    if done:
        calls.call("refresh_aggregates", channel_ids=done)
    return done


def _channels(rows: Sequence[Mapping[str, Any]]) -> list[_Channel]:
    """The derived channels that rows of ``derived_fields`` tell of."""

    def numbered(word: str, _: int) -> int:
        return int(word.removeprefix("field"))

    nodes: dict[int, dict[int, Node]] = {}
    told: dict[int, tuple[int, timedelta]] = {}
    for row in rows:
        base, number = row["BaseChannelID"], row["FieldNumber"]
        node = expressions.read(row["Formula"], base, numbered)
        nodes.setdefault(row["ChannelID"], {})[number] = node
        told[row["ChannelID"]] = base, timedelta(seconds=row["WithinSeconds"])
    return [_Channel(channel_id, *told[channel_id], fields) for channel_id, fields in nodes.items()]


def _computed(house: Warehouse, calls: Calls, channel: _Channel) -> bool:
    """Compute all that is marked of a channel; whether there was anything."""
    is_any = False
    with house.lock(channel.channel_id):
        while True:
            taken = calls.call(
                "take_derived_hours", channel_id=channel.channel_id, limit=_HOURS
            ).to_pylist()
            if not taken:
                return is_any
            is_any = True
            size = 48
            while taken:
                part, taken = _parted(taken, size)
                rows = _keep(house, calls, channel, part)
                size = min(_HOURS, max(24, size * _ROWS // max(rows, 1)))


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
