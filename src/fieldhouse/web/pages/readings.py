"""Readings one by one: typed, with the texts that are kept, and beside them what was set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

from fieldhouse.report import gathering, pointing
from fieldhouse.warehouse import Limits, Warehouse
from fieldhouse.web.pages.view import View

__all__ = ["PAGE", "Few", "found"]

Row = Mapping[str, Any]

PAGE = 500
"""Readings of a page that shows each."""
_DAY = 86_400
_KEY = ("Epoch", "EntryID")


@dataclass(frozen=True, slots=True)
class Cell:
    """A field of a reading: what counts, the text it was kept as, the number that was sent."""

    value: str
    text: str | None = None
    sent: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of a channel's shown fields; ``fate`` says why it does not count as it was sent."""

    at: datetime
    entry_id: int
    epoch: int
    cells: Sequence[Cell]
    status: str | None
    fate: str | None


@dataclass(frozen=True, slots=True)
class Few:
    """The first readings of a span, and where the next ones begin, if there are more."""

    labels: Sequence[str]
    readings: Sequence[Reading]
    more_from: datetime | None
    has_status: bool
    has_epochs: bool


def found(house: Warehouse, view: View, most: int) -> Few:
    """The first ``most`` readings of the view's channel and span, and what was set aside.

    An instant is never parted: where it has more than a page holds, the page has them all.
    """
    end = _end_of(house, view, most)
    span = {"start_at": view.start, "end_at": end}
    number = view.number
    counted = house.query("readings", Limits(rows=most + 1), channel_id=number, **span).to_pylist()
    more_from = counted[most]["CreatedAt"] if len(counted) > most else None
    if more_from is None:
        more_from = end if end < view.end else None
    elif more_from and more_from > counted[0]["CreatedAt"]:
        span["end_at"] = more_from
        counted = [row for row in counted if row["CreatedAt"] < more_from]
    elif more_from:
        more_from += timedelta(microseconds=1)
        span["end_at"] = more_from
        counted = house.query("readings", channel_id=number, **span).to_pylist()
    readings = _told(house, view, counted, span)
    return Few(
        labels=[field.label for field in view.own],
        readings=readings,
        more_from=more_from,
        has_status=any(reading.status for reading in readings),
        has_epochs=view.channel["Epochs"] > 1,
    )


def _end_of(house: Warehouse, view: View, most: int) -> datetime:
    """An end of the span before which there are ``most`` readings, if it has so many.

    Days know how many they have: of ten years not all readings are sorted for the first few.
    """
    if view.end - view.start <= timedelta(days=1):
        return view.end
    days = gathering.buckets(house, view.number, view.start, view.end, _DAY)
    counts = days["ReadingCount"].to_pylist()
    for day, total in zip(days["BucketStart"].to_pylist(), accumulate(counts), strict=True):
        if total - counts[0] > most:  # the first day is counted whole, and may be cut
            end: datetime = max(day, view.start) + timedelta(days=1)
            return min(view.end, end)
    return view.end


def _told(house: Warehouse, view: View, counted: Sequence[Row], span: Mapping[str, Any]) -> list[
    Reading
]:  # fmt: skip
    texts: dict[tuple[int, int], dict[str, str]] = {}
    for row in house.query("reading_texts", channel_id=view.number, **span).to_pylist():
        texts.setdefault(_key(row), {})[row["ColumnName"]] = row["RawValue"]
    aside = pointing.set_aside(house, view.number, span["start_at"], span["end_at"])
    rules = house.query("corrections", channel_id=view.number).to_pylist() if aside else []
    fates = {_key(row): (row, _fate(row, view, rules)) for row in aside}
    shown = [_counted(row, view, texts, fates) for row in counted]
    gone = {_key(row) for row in counted}
    shown += [
        _set_aside(row, view, texts, fate) for key, (row, fate) in fates.items() if key not in gone
    ]
    return sorted(shown, key=lambda reading: (reading.at, reading.epoch, reading.entry_id))


def _key(row: Row) -> tuple[int, int]:
    return row["Epoch"], row["EntryID"]


def _fate(row: Row, view: View, rules: Sequence[Row]) -> str | None:
    """What became of a reading, in the words of the first field that something became of."""
    fates = (pointing.fate_of(row, field.number, rules, view.zone) for field in view.own)
    return next(filter(None, fates), None)


def _counted(
    row: Row,
    view: View,
    texts: Mapping[tuple[int, int], Mapping[str, str]],
    fates: Mapping[tuple[int, int], tuple[Row, str | None]],
) -> Reading:
    own = texts.get(_key(row), {})
    sent, fate = fates.get(_key(row), ({}, None))
    cells = [_cell(row[name], own.get(name), sent.get(name)) for name in _columns(view)]
    return Reading(row["CreatedAt"], row["EntryID"], row["Epoch"], cells, row["Status"], fate)


def _columns(view: View) -> list[str]:
    return [f"Field{field.number}" for field in view.own]


def _cell(value: Decimal | None, text: str | None, sent: Decimal | None) -> Cell:
    return Cell(_number(value), text, _number(sent) if sent not in (None, value) else None)


def _set_aside(
    row: Row,
    view: View,
    texts: Mapping[tuple[int, int], Mapping[str, str]],
    fate: str | None,
) -> Reading:
    own = texts.get(_key(row), {})
    cells = [_cell(None, own.get(name), row[name]) for name in _columns(view)]
    return Reading(row["CreatedAt"], row["EntryID"], row["Epoch"], cells, row["Status"], fate)


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"
