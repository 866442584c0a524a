"""Derived fields: declared and removed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fieldhouse.derived import expressions
from fieldhouse.derived.following import follow, made_of, numbered
from fieldhouse.errors import ConfigurationError
from fieldhouse.names import find_field
from fieldhouse.warehouse import Warehouse

__all__ = [
    "WITHIN",
    "Declared",
    "Wanted",
    "declare",
    "derived_channels",
    "derived_name",
    "refuse",
    "remove",
    "require_none_follows",
]

WITHIN = timedelta(hours=2)
"""How old a value of another reading may be where nothing is said."""
_LONGEST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field as it is wanted: its label, with a unit behind it, and what it is made of."""

    label: str
    expression: str
    unit: str | None = None

    @property
    def shown(self) -> str:
        """The label as channels show it. Raises ConfigurationError."""
        unit = f" ({_line(self.unit, 'a unit')})" if self.unit else ""
        return _line(self.label, "a label") + unit


@dataclass(frozen=True, slots=True)
class Declared:
    """A derived field that is kept: where it is to be found, and of which channels it is made."""

    channel_id: int
    field: int
    channel_name: str
    label: str
    sources: tuple[int, ...]


def declare(
    house: Warehouse,
    base: int,
    wanted: Sequence[Wanted],
    *,
    now: datetime,
    name: str | None = None,
    within: timedelta | None = None,
) -> list[Declared]:
    """Keep fields that are made of ``base``'s, and others', and compute them.

    They are fields of the derived channel ``name`` (default: the base's name with "derived"), which
    is made where it is missing; one with the same label there is replaced. ``within``: how old a
    value of another reading may be (default: as before, or ``WITHIN``); it is that of all of the
    channel's fields. Raises ConfigurationError, in one line, for what cannot be meant.
    """
    channels = {row["ChannelID"]: row for row in house.query("channels").to_pylist()}
    rows = house.query("derived_fields").to_pylist()
    _require_source(channels, rows, base)
    name = derived_name(channels, base, name)
    channel_id = _own(channels, rows, base, name)
    held = {row["FieldNumber"]: row for row in rows if row["ChannelID"] == channel_id}
    within = within or _within(held)
    if not timedelta(seconds=1) <= within <= _LONGEST:
        raise ConfigurationError("values of other readings are from 1 second to 31 days old")

    def named(word: str, number: int) -> int:
        _require_source(channels, rows, number)
        return find_field(house, number, word)

    labels: dict[int, str | None] = {}
    made: dict[int, Mapping[str, str]] = {}
    for each in wanted:
        label = each.shown
        number = _place(channels.get(channel_id, {}), {*held, *made}, labels, label)
        labels[number], made[number] = label, _read(each.expression, base, named)
    with house.lock(channel_id):
        _describe(house, channels, base, channel_id, name, labels, now)
        _keep_fields(house, channel_id, base, within, {**_told(held), **made}, now)
    _bring_up(house, channel_id, now)
    sources = _sources(base, {**_told(held), **made})
    return [Declared(channel_id, n, name, str(labels[n]), tuple(sources)) for n in made]


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
        base, held = rows[0]["BaseChannelID"], {row["FieldNumber"]: row for row in left}
        name = channels[channel_id]["ChannelName"]
        _describe(house, channels, base, channel_id, name, {field: None}, now)
        _keep_fields(house, channel_id, base, _within(held), {**_told(held), field: {}}, now)
    _bring_up(house, channel_id, now)
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


def require_none_follows(house: Warehouse, channel_ids: Collection[int]) -> None:
    """Raise ConfigurationError where other channels than these are made of one of them."""
    for channel_id, sources in made_of(house).items():
        if channel_id not in channel_ids and (used := sources.intersection(channel_ids)):
            raise ConfigurationError(
                f"channel {channel_id} is derived from channel {min(used)}: remove that first, by"
                " fieldhouse derived remove"
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


def derived_name(channels: Mapping[int, Any], base: int, name: str | None) -> str:
    """A derived channel's name, by default that of its base. Raises ConfigurationError."""
    return _line(name or f"{channels[base]['ChannelName'] or base} (derived)", "a channel's name")


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
    channel: Mapping[str, Any],
    taken: Collection[int],
    labels: Mapping[int, str | None],
    label: str,
) -> int:
    """The number of a channel's field with a label, or a free one."""
    for number in sorted(taken):
        if labels.get(number, channel.get(f"Field{number}Name")) == label:
            return number
    if free := [number for number in range(1, 9) if number not in taken]:
        return free[0]
    raise ConfigurationError("a channel has eight fields: name another one for more")


def _read(expression: str, base: int, named: expressions.Named) -> Mapping[str, str]:
    """An expression as it is kept."""
    node = expressions.read(expression, base, named)
    if not expressions.fields_of(node):
        raise ConfigurationError(f"{expression[:60]!r} is made of no field")
    formula = expressions.resolved(expression, base, named)
    return {"expression": " ".join(expression.split()), "formula": formula}


def _told(held: Mapping[int, Mapping[str, Any]]) -> dict[int, Mapping[str, str]]:
    """Expressions that are kept already."""
    return {
        number: {"expression": row["Expression"], "formula": row["Formula"]}
        for number, row in held.items()
    }


def _within(held: Mapping[int, Mapping[str, Any]]) -> timedelta:
    seconds = next((row["WithinSeconds"] for row in held.values()), None)
    return WITHIN if seconds is None else timedelta(seconds=seconds)


def _sources(base: int, made: Mapping[int, Mapping[str, str]]) -> list[int]:
    """The channels that fields are made of."""
    nodes = (expressions.read(m["formula"], base, numbered) for m in made.values() if m)
    return sorted({base, *(channel for n in nodes for channel, _ in expressions.fields_of(n))})


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


def _keep_fields(
    house: Warehouse,
    channel_id: int,
    base: int,
    within: timedelta,
    made: Mapping[int, Mapping[str, str]],
    now: datetime,
) -> None:
    """Keep what each field is made of; one that is made of nothing goes."""
    sources = _sources(base, made)
    for number, told in sorted(made.items()):
        house.call(
            "set_derived_field",
            channel_id=channel_id,
            field_number=number,
            base_channel_id=base,
            within_seconds=within // timedelta(seconds=1),
            source_ids=sources,
            defined_at=now,
            **told,
        )


def _bring_up(house: Warehouse, channel_id: int, now: datetime) -> None:
    follow(house, [channel_id])
    house.call("refresh_anomalies", channel_ids=[channel_id], as_of=now)
    house.call("refresh_quality", channel_ids=[channel_id], as_of=now)
