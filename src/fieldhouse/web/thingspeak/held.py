"""A warehouse as the protocol's endpoints ask it: a `House` of channels, a `Source` for each.

What counts is served: readings as the rules of corrections leave them, without what is superseded
or withdrawn. Sums, means and medians are the engine's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.exporting.texts import with_texts
from fieldhouse.protocol import About, Bucketing, Entry, Listed, Refused, Window
from fieldhouse.protocol.source import Pages
from fieldhouse.warehouse import Limits, Warehouse
from fieldhouse.web.meant import tags_of
from fieldhouse.web.thingspeak import columns

__all__ = ["Held"]

_BEGINNING = datetime(1, 1, 1)
_HOUR = 3600
_INTS = 2**32

Row = dict[str, Any]


class Held:
    """The channels of a warehouse, as one request sees them."""

    most_rows: int | None = None

    def __init__(self, warehouse: Warehouse, clock: Callable[[], int]) -> None:
        self.warehouse, self._clock = warehouse, clock

    def now(self) -> int:
        """The time now, unix seconds."""
        return self._clock()

    def channel(self, id: int) -> "Channel":
        """The channel of that id."""
        return Channel(self.warehouse, self.row(id))

    def row(self, id: int) -> Row:
        """Its row; a device that knows no sign gives an id below zero as one of 32 bits."""
        if not -_INTS < id < _INTS:
            raise Refused(404)
        number = id - _INTS if id >= _INTS // 2 else id
        found = self._table.filter(pc.equal(self._table["ChannelID"], number)).to_pylist()
        if not found:
            raise Refused(404)
        row: Row = found[0]
        return row

    @cached_property
    def _table(self) -> pa.Table:
        return self.warehouse.query("channels")

    @property
    def numbers(self) -> Sequence[int]:
        """The number of every channel."""
        ids: list[int] = self._table["ChannelID"].to_pylist()
        return ids

    def settings(self, id: int) -> Listed | None:
        """The channel of that id, as it is listed."""
        return self.listed(self.row(id)["ChannelID"])

    def listed(self, number: int) -> Listed:
        """The channel of that number, as it is listed."""
        return next(listed for listed in self.own() if listed.id == number)

    def own(self) -> Sequence[Listed]:
        """Every channel; keys are none of ours to show."""
        tags = tags_of(self.warehouse)
        last = _last_ids(self.warehouse, None)
        return [
            Listed(
                **_described(row, last.get(row["ChannelID"])), tags=tags.get(row["ChannelID"], ())
            )
            for row in self._table.to_pylist()
        ]

    def of_user(self, user: str) -> Sequence[Listed]:
        """Nothing: whose a channel is, a warehouse does not know."""
        raise Refused(404)

    def public(self) -> Sequence[Listed]:
        """Every channel, since whoever asks may see them; the one latest changed first."""
        return sorted(self.own(), key=lambda listed: (-(listed.updated_at or 0), listed.id))


class Channel:
    """One channel of a warehouse."""

    def __init__(self, warehouse: Warehouse, row: Row) -> None:
        self._warehouse, self._row, self._id = warehouse, row, row["ChannelID"]

    def about(self) -> About:
        """What it is, as last read."""
        return self._about

    @cached_property
    def _about(self) -> About:
        last = _last_ids(self._warehouse, [self._id]).get(self._id)
        described = _described(self._row, last)
        labels = {
            n: label for n in range(1, 9) if (label := self._row[f"Field{n}Name"]) is not None
        }
        if not labels and self._id < 0:  # a file's fields, to which nobody gave names
            labels = {n: f"Field {n}" for n in range(1, 9)}
        return About(**described, labels=labels)

    def may_be_read(self) -> bool:
        """True: who may ask at all is decided before."""
        return True

    def newest(self, window: Window) -> Pages:
        """The newest entries of a window, oldest first."""
        if (span := self._span(window)) is None:
            return
        limit = window.limit
        if limit is not None and limit <= columns.PAGE:
            rows = self._warehouse.query("readings", channel_id=self._id, **span)
            yield self._with_texts(rows.slice(max(0, rows.num_rows - limit)))
            return
        spare = 0 if limit is None else self._count(span) - limit
        for page in self._read("readings", **span):
            yield page[max(0, spare) :]
            spare -= len(page)

    def buckets(self, window: Window, by: Bucketing, digits: int | None) -> Pages:
        """The window in buckets; of a second in which a limit cuts, all entries count."""
        if (span := self._span(window)) is None:
            return []
        made = {"timescale": self._firsts, "median": self._medians}.get(by.kind, self._means)
        return columns.placed(made(span, by), by.seconds)

    def statuses(self, window: Window) -> Pages:
        """The newest entries of a window that have a status text."""
        span = {"start_at": _start(window), "end_at": columns.after(window.end)}
        with self._warehouse.scan(
            "statuses", channel_id=self._id, **span, limit=window.limit
        ) as found:
            for batch in found:
                yield columns.status_entries(batch)

    def entry(self, id: int) -> Entry | None:
        """The entry of that id, of the newest life that has one."""
        return self._found(entry_id=id)

    def last(self, number: int | None = None) -> Entry | None:
        """The entry with the highest id of the newest life, of those with a value in that field."""
        return self._found(field_number=number)

    def last_status(self) -> Entry | None:
        """The entry with the highest id that has a status text."""
        return self._found(has_status=True)

    def all(self) -> Pages:
        """Every entry, in the order of time, in which there is no end to them."""
        return self._read("readings")

    # What is asked of the warehouse

    def _span(self, window: Window) -> Row | None:
        """The span that holds a window's newest entries, and those of its first second.

        None: there is nothing.
        """
        span: Row = {"start_at": _start(window), "end_at": columns.after(window.end)}
        if window.limit is None:
            return span
        if window.limit == 0:
            return None
        cut = self._warehouse.query("newest_from", channel_id=self._id, **span, limit=window.limit)
        return span | {"start_at": cut["CreatedAt"][0].as_py()} if cut.num_rows else None

    def _count(self, span: Row) -> int:
        there = self._warehouse.query("field_spans", _COUNT, channel_id=self._id, **span)
        count: int = there["Readings"][0].as_py()
        return count

    def _found(self, **wanted: Any) -> Entry | None:
        where = self._warehouse.query("counted_entry", channel_id=self._id, **wanted).to_pylist()
        if not where:
            return None
        at = where[0]["CreatedAt"]
        rows = self._warehouse.query(
            "readings", channel_id=self._id, start_at=at, end_at=at + _MICRO
        )
        keys = zip(rows["Epoch"].to_pylist(), rows["EntryID"].to_pylist(), strict=True)
        is_it = pa.array([key == (where[0]["Epoch"], where[0]["EntryID"]) for key in keys])
        return next(iter(self._with_texts(rows.filter(is_it))), None)

    def _with_texts(self, rows: pa.Table) -> list[Entry]:
        if not rows.num_rows:
            return []
        ids = rows["EntryID"].to_pylist()
        kept = self._warehouse.query("entry_texts", channel_id=self._id, entry_ids=ids)
        texts = {
            (row["Epoch"], row["EntryID"], row["ColumnName"]): row["RawValue"]
            for row in kept.to_pylist()
        }
        return columns.entries(rows.combine_chunks(), texts)

    def _read(self, name: str, **span: Any) -> Iterator[Sequence[Entry]]:
        """Readings as a question answers them, with the texts beside them, a page at a time."""
        own: Row = {"channel_id": self._id, **span}
        beside = {key: own.get(key) for key in ("channel_id", "start_at", "end_at")}
        with (
            self._warehouse.scan(name, **own) as readings,
            self._warehouse.scan("reading_texts", **beside) as texts,
        ):
            merged, _ = with_texts(readings, texts, columns.TEXTS, in_place=False)
            yield from columns.pages(merged)

    def _firsts(self, span: Row, by: Bucketing) -> Iterator[tuple[int, Sequence[Any]]]:
        for page in self._read("firsts_of_buckets", **span, seconds=by.seconds):
            for entry in page:
                yield entry.created_at // by.seconds, entry.fields

    def _medians(self, span: Row, by: Bucketing) -> Iterable[tuple[int, Sequence[Any]]]:
        asked = {"channel_id": self._id, **span, "seconds": by.seconds}
        return self._figures("medians_of_buckets", "BucketStart", "Median", by, asked)

    def _means(self, span: Row, by: Bucketing) -> Iterable[tuple[int, Sequence[Any]]]:
        asked = {
            "channel_id": self._id,
            **span,
            "step_seconds": by.seconds,
            "origin": _BEGINNING,
            "offset_starts": [_BEGINNING],
            "offset_seconds": [0],
            "by_offset": False,
            "from_hours": by.seconds % _HOUR == 0,
        }
        figure = "Sum" if by.kind == "sum" else "Avg"
        return self._figures("field_statistics", "WallStart", figure, by, asked)

    def _figures(
        self, name: str, start: str, figure: str, by: Bucketing, asked: Row
    ) -> Iterator[tuple[int, Sequence[Any]]]:
        limits = Limits(columns=(start, *(f"Field{n}{figure}" for n in range(1, 9))))
        with self._warehouse.scan(name, limits, **asked) as found:
            for batch in found:
                starts = batch[start].cast(pa.int64()).to_pylist()
                values = [batch[f"Field{n}{figure}"].to_pylist() for n in range(1, 9)]
                for at, figures in zip(starts, zip(*values, strict=True), strict=True):
                    yield at // 1_000_000 // by.seconds, [_float_text(each) for each in figures]


_MICRO = timedelta(microseconds=1)
_COUNT = Limits(columns=("Readings",))


def _start(window: Window) -> datetime | None:
    return None if window.start is None else columns.instant(window.start)


def _float_text(value: float | None) -> str | None:
    """As ThingSpeak writes a figure, ``7.0``, but never with an exponent."""
    if value is None:
        return None
    text = str(value)
    return format(Decimal(text), "f") if "e" in text else text


def _last_ids(warehouse: Warehouse, channel_ids: Sequence[int] | None) -> dict[int, int | None]:
    """The last entry id of each channel: as its source said, or the highest that is held."""
    found = warehouse.query("channel_state", _IDS, channel_ids=channel_ids)
    said, highest = found["LastEntryID"].to_pylist(), found["HighestEntryID"].to_pylist()
    last = [
        high if counted is None else counted for counted, high in zip(said, highest, strict=True)
    ]
    return dict(zip(found["ChannelID"].to_pylist(), last, strict=True))


_IDS = Limits(columns=("ChannelID", "LastEntryID", "HighestEntryID"))


def _described(row: Row, last_entry_id: int | None) -> Row:
    return {
        "id": row["ChannelID"],
        "name": f"Channel {row['ChannelID']}" if row["ChannelName"] is None else row["ChannelName"],
        "description": row["Description"],
        "latitude": _place(row["Latitude"]),
        "longitude": _place(row["Longitude"]),
        "elevation": row["Elevation"],
        "created_at": columns.unix(row["CreatedAt"]),
        "updated_at": columns.unix(row["UpdatedAt"]),
        "last_entry_id": last_entry_id,
    }


def _place(value: Decimal | None) -> str:
    """As ThingSpeak writes it: ``0.0`` where there is none, one decimal at the least."""
    text = f"{value or 0:.6f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text
