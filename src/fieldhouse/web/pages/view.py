"""What of a channel a page shows: the address says it, so that the address shows it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse import names, times
from fieldhouse.errors import ConfigurationError
from fieldhouse.report.gathering import Wanted
from fieldhouse.times import Length
from fieldhouse.warehouse import Limits, Warehouse
from fieldhouse.web.meant import span_of

__all__ = ["BEFORE", "LASTS", "Asked", "View", "view_of"]

Row = Mapping[str, Any]

LASTS = {
    "1h": "hour",
    "6h": "6 hours",
    "1d": "day",
    "7d": "week",
    "1mo": "month",
    "1y": "year",
    "all": "all",
}
"""Spans that end now, or with the newest reading of a channel that fell silent."""
BEFORE = {
    "1d": "a day before",
    "1w": "a week before",
    "1mo": "a month before",
    "1y": "a year before",
}
"""What the same span is compared with."""
_USUAL = "7d"
_MOST_FIELDS = 64
_MOST_POINTS = 4000
_SHORTEST = timedelta(seconds=5)
_MOST_LABEL = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """An address's parameters, as they were written; empty is not given.

    Where ``start`` or ``end`` is given, ``last`` says nothing.
    """

    last: str = ""
    start: str = ""
    end: str = ""
    every: str = ""
    fields: str = ""
    compare: str = ""
    before: str = ""
    tz: str = ""

    def address(self, path: str, **changed: str) -> str:
        """The same view at a path, with some things changed."""
        given = {
            "last": self.last, "from": self.start, "to": self.end, "every": self.every,
            "fields": self.fields, "compare": self.compare, "before": self.before, "tz": self.tz,
        }  # fmt: skip
        given |= {name.rstrip("_"): text for name, text in changed.items()}
        query = urlencode({name: text for name, text in given.items() if text}, safe=":,")
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class View:
    """Fields of channels over ``[start, end)``, naive UTC, as a reader of ``zone`` asked for."""

    asked: Asked
    channel: Row
    wanted: tuple[Wanted, ...]
    start: datetime
    end: datetime
    first: datetime | None
    """The first reading of all these channels, or when the span begins, if that is earlier.

    None: nobody has asked.
    """
    now: datetime
    zone: ZoneInfo
    every: Length | None
    before: Length | None
    is_live: bool
    """Whether the span goes on as time does."""

    @property
    def number(self) -> int:
        """The channel's."""
        number: int = self.channel["ChannelID"]
        return number

    @property
    def own(self) -> tuple[Wanted, ...]:
        """The fields of the channel itself."""
        return tuple(field for field in self.wanted if field.channel_id == self.number)

    @property
    def channel_ids(self) -> list[int]:
        """The channels that are shown, the page's first."""
        return list(dict.fromkeys([self.number, *(field.channel_id for field in self.wanted)]))


def view_of(
    house: Warehouse,
    channel_id: int,
    asked: Asked,
    zone: ZoneInfo,
    now: datetime,
    *,
    is_whole: bool = True,
) -> View | None:
    """What an address shows; None: no such channel. Raises ConfigurationError, in one line.

    Unless it is to be whole, no more is asked of the channels than drawing a known span needs.
    """
    others = [_other(word) for word in asked.compare.split(",") if word.strip()]
    ids = list(dict.fromkeys([channel_id, *(number for number, _ in others)]))
    rows = _rows(house, ids, now, is_whole=is_whole or not (asked.start and asked.end))
    if channel_id not in rows:
        return None
    wanted = _wanted(rows, channel_id, asked.fields, others)
    start, end, is_live = _span(asked, rows[channel_id], zone, now)
    every = times.length_of(asked.every) if asked.every else None
    if every and 0 < _seconds(every) * _MOST_POINTS < (end - start).total_seconds():
        raise ConfigurationError(
            f"every={asked.every[:20]} is more than {_MOST_POINTS:,} points: show a shorter span"
        )
    if asked.before and asked.before not in BEFORE:
        raise ConfigurationError(f"before={asked.before[:20]}: write {', '.join(BEFORE)}")
    firsts = [row["FirstReading"] for row in rows.values() if row.get("FirstReading")]
    return View(
        asked,
        rows[channel_id],
        wanted,
        start,
        end,
        min([*firsts, start]) if "FirstReading" in rows[channel_id] else None,
        now,
        zone,
        every,
        times.length_of(asked.before) if asked.before else None,
        is_live,
    )


def _rows(house: Warehouse, ids: list[int], now: datetime, *, is_whole: bool) -> dict[int, Row]:
    """What is to be said of channels, or only how they and their fields are called."""
    if is_whole:
        found = house.query("overview", channel_ids=ids, as_of=now).to_pylist()
    else:
        table = house.query("channels", _NAMES)
        found = table.filter(pc.is_in(table["ChannelID"], pa.array(ids))).to_pylist()
    return {row["ChannelID"]: row for row in found}


_NAMES = Limits(columns=("ChannelID", "ChannelName", *(f"Field{n}Name" for n in range(1, 9))))


def _seconds(length: Length) -> int:
    return length.seconds + (length.days + length.months * 28) * 86_400


def labels_in(row: Row) -> dict[int, str]:
    """The labels of a channel's fields, by number; of one that has none all fields, unlabelled."""
    named = {n: label for n in range(1, 9) if (label := (row[f"Field{n}Name"] or "").strip())}
    return named or {n: f"Field {n}" for n in range(1, 9)}


def _other(word: str) -> tuple[int, str]:
    """A channel, and perhaps a field, to compare with: ``12`` or ``12:1``."""
    number, _, field = word.strip().partition(":")
    if (channel_id := names.channel_number(number)) is None:
        raise ConfigurationError(f"compare={word[:60]!r} is no channel: write 12, or 12:1")
    return channel_id, field.strip()


def _wanted(
    rows: Mapping[int, Row], channel_id: int, fields: str, others: Sequence[tuple[int, str]]
) -> tuple[Wanted, ...]:
    own = _chosen(rows[channel_id], [word for word in fields.split(",") if word.strip()])
    wanted = [*own]
    for number, field in others:
        if number not in rows:
            raise ConfigurationError(f"compare={number}: this channel is not in the warehouse")
        wanted += _chosen(rows[number], [field]) if field else _alike(rows[number], own)
    chosen = tuple(dict.fromkeys(wanted))
    if len(chosen) > _MOST_FIELDS:
        raise ConfigurationError(f"{len(chosen)} fields are more than a page holds, {_MOST_FIELDS}")
    return chosen


def _chosen(row: Row, words: Sequence[str]) -> list[Wanted]:
    labels, number = labels_in(row), row["ChannelID"]
    whose = f"channel {number}"
    numbers = [names.field_named(labels, word, whose) for word in words] if words else [*labels]
    called = (row["ChannelName"] or "").strip() or whose
    return [
        Wanted(number, n, labels.get(n, f"Field {n}")[:_MOST_LABEL], called[:_MOST_LABEL])
        for n in dict.fromkeys(numbers)
    ]


def _alike(row: Row, shown: Sequence[Wanted]) -> list[Wanted]:
    """The fields that are called as those that are shown, or else all."""
    labels = {field.label.strip().casefold() for field in shown}
    own = _chosen(row, [])
    return [field for field in own if field.label.strip().casefold() in labels] or own


def _span(asked: Asked, row: Row, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime, bool]:
    if asked.start or asked.end:
        first, last = span_of(asked.start or None, asked.end or None, zone, now)
        end = last or now
        start = first or max(datetime.min + timedelta(days=7), end) - timedelta(days=7)
        is_live = not asked.end or asked.end.strip().lower() == "now"
    else:
        start, end, is_live = _last(asked.last or _USUAL, row, zone, now)
    if end - start < _SHORTEST:
        begin, until = (at.isoformat(" ", "seconds") for at in (start, end))
        raise ConfigurationError(f"from {begin} to {until} UTC is no span: from must be before to")
    return start, end, is_live


def _last(last: str, row: Row, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime, bool]:
    """A span that ends now; of a channel that sent nothing in it, with its newest reading."""
    newest = row["NewestReading"]
    if last == "all":
        first = row["FirstReading"] or now - timedelta(days=7)
        return min(first, now - timedelta(hours=1)), now, True
    start = times.instant_of(last, zone, now)
    if newest is None or newest >= start:
        return start, now, True
    end = newest + timedelta(seconds=1)
    return times.instant_of(last, zone, end), end, False
