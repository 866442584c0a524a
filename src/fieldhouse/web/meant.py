"""What a request means by its words, the same for pages, forms and the API."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from fastapi import HTTPException

from fieldhouse import times
from fieldhouse.errors import ConfigurationError
from fieldhouse.warehouse import Limits, Warehouse

__all__ = ["not_held", "require_held", "row_of", "span_of", "tags_of"]

Row = Mapping[str, Any]
OpenSpan = tuple[datetime | None, datetime | None]


def span_of(start: str | None, end: str | None, zone: tzinfo, now: datetime) -> OpenSpan:
    """``[start, end)``, naive UTC, in the words of a person of that zone; None is open.

    Raises ConfigurationError for what is no time, and for a span that ends before it begins.
    """
    begin = None if start is None else times.instant_of(start, zone, now)
    until = None if end is None else times.end_of(end, zone, now)
    if begin and until and begin >= until:
        raise ConfigurationError(f"from={start!r} is not before to={end!r}")
    return begin, until


def row_of(house: Warehouse, channel_id: int) -> Row:
    """A channel's row of the question channels. Raises the 404 that says that it is not held."""
    rows: list[Row] = house.query("channels").to_pylist()
    for row in rows:
        if row["ChannelID"] == channel_id:
            return row
    raise not_held(channel_id)


def require_held(house: Warehouse, channel_id: int) -> None:
    """Raise that 404, without asking for more than is needed to know."""
    held = house.query("channels", Limits(columns=("ChannelID",)))["ChannelID"]
    if channel_id not in held.to_pylist():
        raise not_held(channel_id)


def not_held(channel_id: int) -> HTTPException:
    """The 404 for a channel that is not there, and how it would come there."""
    how = f": fieldhouse run {channel_id}" if channel_id > 0 else ""
    return HTTPException(404, f"channel {channel_id} is not in the warehouse{how}")


def tags_of(house: Warehouse) -> dict[int, list[str]]:
    """The tags of every channel that has one, by its number."""
    tags: dict[int, list[str]] = {}
    for row in house.query("channel_tags").to_pylist():
        tags.setdefault(row["ChannelID"], []).append(row["Tag"])
    return tags
