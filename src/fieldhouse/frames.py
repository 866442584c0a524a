"""Readings as people want them: by label, in local time, as floats, over periods of any length.

`read` answers a `Frame`, which any library of data frames takes; `read_batches` the same batch by
batch, for what does not fit into memory.
"""

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from numbers import Integral
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from fieldhouse import times
from fieldhouse.errors import ConfigurationError
from fieldhouse.exporting import beside
from fieldhouse.exporting.columns import Chosen, Request, chosen_channels, pieces, schema_of
from fieldhouse.exporting.marking import marked
from fieldhouse.names import lacking
from fieldhouse.periods import STATISTICS
from fieldhouse.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Frame", "read", "read_batches"]

Words = Sequence[str | int] | str | int
Moment = str | date | None
Place = Warehouse | str | os.PathLike[str] | None


@dataclass(frozen=True, slots=True)
class Frame:
    """What `read` found: all that its Arrow table can be asked, and ways to other libraries.

    ``time`` is a timestamp in microseconds with its zone.
    """

    table: pa.Table

    def __getattr__(self, name: str) -> Any:
        return getattr(self.table, name)

    def __getitem__(self, column: str | int) -> pa.ChunkedArray:
        return self.table[column]

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Hand the table to any library that takes Arrow: ``duckdb``, ``polars``, ``pandas``."""
        return self.table.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        return f"<Frame: {len(self):,} rows of {', '.join(self.table.column_names)}>"

    def to_pandas(self) -> "pandas.DataFrame":
        """A pandas data frame with the time as its index (in the long layout as a column)."""
        _require("pandas")
        frame: pandas.DataFrame = self.table.to_pandas()
        return frame if "field" in self.table.column_names else frame.set_index("time")

    def to_polars(self) -> "polars.DataFrame":
        """A polars data frame."""
        _require("polars")
        import polars

        frame = polars.from_arrow(self.table)
        assert isinstance(frame, polars.DataFrame)  # noqa: S101 - a table never is a series
        return frame


def read(
    channels: Words,
    fields: Words | None = None,
    *,
    start: Moment = None,
    end: Moment = None,
    every: str | timedelta | None = None,
    tz: str | tzinfo | None = None,
    labels: bool = True,
    numbers: str = "float",
    layout: str = "wide",
    statistics: Sequence[str] | str = "mean",
    mean: str = "reading",
    original: bool = False,
    anomalies: bool = False,
    align: str | timedelta | None = None,
    warehouse: Place = None,
) -> Frame:
    """Read channels' fields from the warehouse, as they count now: no withdrawn readings.

    ``channels``: one or several numbers, ranges (``"20001-20200"``), tags or ThingSpeak addresses.
    ``fields``: numbers or labels; without them those with a label or a value. What only some of
    several channels have is told in a warning.
    ``start`` and ``end``: as ``"2026-11-24T12:00"``, ``"2026-11"``, ``"yesterday"``, ``"7d"`` ago,
    dates or datetimes, in ``tz`` unless they have a zone; a day, month or year ends with its end.
    ``every``: the mean over periods as ``"5min"``, ``"1h"``, ``"1d"``, ``"1w"`` (from Monday),
    ``"1mo"``, ``"1y"``, on the wall clock of ``tz``, by when they begin; those without readings are
    left out. ``statistics``: any of ``mean``, ``min``, ``max``, ``sum``, ``count`` instead.
    ``mean``: of a period's readings, or by ``time``: a value holds until the next one, at most
    three of the channel's usual distances, from before the period too; so where a channel sends
    more often at times, these do not weigh more.
    ``tz``: as ``"Europe/Zurich"``; by default the configured zone, or UTC.
    ``labels``: columns are called as fields are labelled, and as ``Field1`` without.
    ``numbers``: ``float``, ``decimal`` (exact), or ``text`` (as the source wrote it, where kept).
    ``layout``: ``wide``, a column a field, or ``long``, a row a value.
    ``original``: readings as their source sent them, whatever corrections say.
    ``anomalies``: one more column, ``unusual``, which says of a reading what is unusual in which of
    its fields, as ``Temperature: spike``; null where nothing is.

    Several channels follow one another, told apart by a column ``channel``. They stand side by side
    (``Temperature (9)``) with ``every``, or with ``align``: how old, as ``"5min"``, a reading may
    be that is put beside one of the first channel's.
    ``warehouse``: a URL, a file, or one that is open; by default the configured one.
    Raises ConfigurationError, in one line, for what is not there or can't be meant, and what the
    warehouse raises.

    >>> import fieldhouse
    >>> days = fieldhouse.read(9, "temperature", start="2026-01", every="1d", tz="Europe/Zurich")
    >>> days.table.column_names
    ['time', 'Temperature']
    >>> frame = fieldhouse.read(9, [1, 2], start="2026-01-05", end="2026-01-05").to_pandas()
    >>> list(frame.columns)
    ['Temperature', 'Door']
    """
    wanted = _Wanted.of(
        channels, fields, start, end, every, labels, numbers, layout, statistics, mean, original
    )
    with _asked(warehouse, tz) as (house, zone):
        request = wanted.request(house, zone)
        if anomalies and (every or align):
            raise ConfigurationError("anomalies are of readings: leave out every and align")
        tolerance = beside.tolerance(align, request)
        if not request.is_long and len(request.channels) > 1 and (every or align):
            tables = [_table(request, channel) for channel in request.channels]
            return Frame(beside.joined(request.channels, tables, tolerance))
        table = _reader(request).read_all()
        return Frame(marked(request, table) if anomalies else table)


def read_batches(
    channels: Words,
    fields: Words | None = None,
    *,
    start: Moment = None,
    end: Moment = None,
    every: str | timedelta | None = None,
    tz: str | tzinfo | None = None,
    labels: bool = True,
    numbers: str = "float",
    layout: str = "wide",
    statistics: Sequence[str] | str = "mean",
    mean: str = "reading",
    original: bool = False,
    warehouse: Place = None,
) -> pa.RecordBatchReader:
    """Read as `read` does, batch by batch; channels always follow one another.

    The warehouse, unless it is given open, is open until the last batch is read.

    >>> import fieldhouse
    >>> batches = fieldhouse.read_batches(9, "temperature", start="2026-01-05", end="2026-01-05")
    >>> sum(batch.num_rows for batch in batches)
    144
    """
    wanted = _Wanted.of(
        channels, fields, start, end, every, labels, numbers, layout, statistics, mean, original
    )
    with ExitStack() as stack:
        house, zone = stack.enter_context(_asked(warehouse, tz))
        reader = _reader(wanted.request(house, zone))
        held = stack.pop_all()

    def batches() -> Iterator[pa.RecordBatch]:
        with held:
            yield from reader

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


@contextmanager
def _asked(place: Place, tz: str | tzinfo | None) -> Iterator[tuple[Warehouse, ZoneInfo]]:
    """The warehouse to ask, open, and the zone to tell times in."""
    zone = _zone(tz) if tz is not None else None
    if place is not None and not isinstance(place, (str, os.PathLike)):
        if not hasattr(place, "query"):
            raise ConfigurationError(
                f"warehouse is a URL, a file, or one that is open, not a {type(place).__name__}"
            )
        yield place, zone or times.zone_of("UTC")
        return
    from fieldhouse.settings import load_settings
    from fieldhouse.warehouse import open_warehouse

    settings = load_settings({"warehouse_url": None if place is None else os.fsdecode(place)})
    url = settings.read_url or settings.warehouse_url
    password, wait = settings.warehouse_password, settings.wait
    with closing(open_warehouse(url, read_only=True, password=password, wait=wait)) as house:
        yield house, zone or settings.display_zone


def _zone(tz: str | tzinfo) -> ZoneInfo:
    if isinstance(tz, str) or tz is UTC:
        return times.zone_of(tz if isinstance(tz, str) else "UTC")
    if isinstance(tz, ZoneInfo) and tz.key:
        return tz
    raise ConfigurationError(f"tz is the name of a time zone, as Europe/Zurich, not {tz!r}")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a caller gave, before anything is opened."""

    channels: Sequence[str | int]
    fields: Sequence[str | int] | None
    start: Moment
    end: Moment
    every: str | timedelta | None
    labels: bool
    numbers: str
    layout: str
    statistics: tuple[str, ...]
    mean: str
    original: bool

    @classmethod
    def of(
        cls, channels: Words, fields: Words | None, start: Moment, end: Moment,
        every: str | timedelta | None, labels: bool, numbers: str, layout: str,
        statistics: Sequence[str] | str, mean: str, original: bool,
    ) -> "_Wanted":  # fmt: skip
        """One word or several, as lists."""
        return cls(
            _listed(channels),
            None if fields is None else _listed(fields),
            start,
            end,
            every,
            labels,
            numbers,
            layout,
            tuple(map(str, _listed(statistics))),
            mean,
            original,
        )

    def __post_init__(self) -> None:
        _refuse("numbers", self.numbers, ("float", "decimal", "text"))
        _refuse("layout", self.layout, ("wide", "long"))
        if self.fields is not None and not self.fields:
            raise ConfigurationError("fields names none: leave it out, or name one")
        for one in self.statistics or ("none",):
            _refuse("statistics", one, tuple(STATISTICS))
        _refuse("mean", self.mean, ("reading", "time"))
        if self.mean == "time" and (not self.every or "mean" not in self.statistics):
            raise ConfigurationError(
                "mean='time' is of periods: write every, as every='1h', and the statistic mean"
            )
        if self.every and self.numbers == "text":
            raise ConfigurationError(
                "numbers='text' is of readings; with every write float or decimal"
            )
        if self.every and self.original:
            raise ConfigurationError("original is of readings; periods are of what counts")

    def request(self, house: Warehouse, zone: ZoneInfo) -> Request:
        """The same, looked up in the warehouse and in the zone."""
        length = None if self.every is None else times.length_of(self.every)
        span = _instant(self.start, zone), _instant(self.end, zone, is_end=True)
        if span[0] and span[1] and span[0] >= span[1]:
            raise ConfigurationError(f"start={self.start!r} is not before end={self.end!r}")
        channels = chosen_channels(house, self.channels, self.fields, span, labels=self.labels)
        if line := lacking({one.number: one.lacks for one in channels}):
            warnings.warn(line, stacklevel=3)
        is_long = self.layout == "long"
        shape = self.numbers, is_long
        return Request(
            *(house, channels, *span, length, zone, *shape, self.statistics, self.original),
            is_by_time=self.mean == "time",
        )


def _listed(words: Words) -> Sequence[str | int]:
    """Words as a list; whole numbers of any library are numbers."""
    many = words if isinstance(words, Iterable) and not isinstance(words, str) else [words]
    return [_word(word) for word in many]


def _word(word: object) -> str | int:
    if isinstance(word, str):
        return word
    if isinstance(word, Integral):
        return int(word)
    raise ConfigurationError(f"{word!r} is no name: write a number or a text")


def _refuse(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigurationError(f"{name} is {', '.join(known[:-1])} or {known[-1]}, not {value!r}")


def _instant(given: Moment, zone: ZoneInfo, *, is_end: bool = False) -> datetime | None:
    if given is None:
        return None
    if isinstance(given, datetime):
        aware = given if given.tzinfo else given.replace(tzinfo=zone)
        return times.instant_of(aware.isoformat())
    if not isinstance(given, (str, date)):
        raise ConfigurationError(f"{given!r} is no time: write a text, a date or a datetime")
    text = given if isinstance(given, str) else given.isoformat()
    return (times.end_of if is_end else times.instant_of)(text, zone)


def _reader(request: Request) -> pa.RecordBatchReader:
    batches = (batch for channel in request.channels for batch in pieces(request, channel))
    return pa.RecordBatchReader.from_batches(schema_of(request), batches)


def _table(request: Request, channel: Chosen) -> pa.Table:
    alone = request.of(channel)
    return pa.Table.from_batches(pieces(alone, channel), schema_of(alone))


def _require(library: str) -> None:
    from importlib.util import find_spec

    if find_spec(library) is None:
        raise ImportError(f"{library} is not installed: pip install {library}")
