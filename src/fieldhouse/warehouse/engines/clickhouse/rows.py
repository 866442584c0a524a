"""Rows of ``iot.Rows``: what a load or a finding changes, gathered, and written in one insert."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.readings import DECIMAL, NUMBERS
from fieldhouse.warehouse import offer

__all__ = ["NEVER", "ROWS", "Kind", "Rows", "said"]

INSTANT = pa.timestamp("us")
NEVER: Final = datetime(1970, 1, 1)
"""What says that there is no time: a NULL would leave the one that is there."""

ROWS = pa.schema(
    [
        ("ChannelID", pa.int64()),
        ("Kind", pa.int8()),
        ("CreatedAt", INSTANT),
        ("EntryID", pa.int64()),
        ("Epoch", pa.int32()),
        ("Sub", pa.uint64()),
        ("Deleted", pa.bool_()),
        ("ReadingID", pa.int64()),
        *((name, DECIMAL) for name in NUMBERS),
        ("Status", pa.string()),
        ("Superseded", pa.bool_()),
        *((name, INSTANT) for name in ("ImportedAt", "WithdrawnAt", "CorrectedAt", "OriginalAt")),
        *((name, pa.string()) for name in ("ColumnName", "RawValue", "Reason", "State")),
        ("Mark", pa.int64()),
        ("Done", pa.int64()),
    ]
)
"""The columns, as Arrow has them; one that is left out has its default."""


class Kind:
    """What a row is; as ``migrations/0001_tables`` has it."""

    READING = 1
    TEXT = 2
    MARK = 3
    REJECTED = 4
    BATCH = 5
    LIFE = 6
    LABELS = 7
    DISPUTE = 8
    REIMPORTS = 9
    RULE = 10
    CORRECTED = 11
    CHANNEL = 12
    POLLED = 13
    ARCHIVED = 14
    TAG = 15
    RANGE = 16
    ODD_MARK = 17
    ODD_LABEL = 18
    DERIVED = 19
    SOURCE = 20
    DERIVED_MARK = 21


_PERIODS = {"HOURLY": 1, "DAILY": 2, "WEEKLY": 3, "QUALITY": 4}
"""The numbers by which the marks of a period are told, in ``EntryID``."""


class Rows:
    """Rows that are written together, stamped with one instant, the server's, naive UTC.

    ``number`` is their own: it grows from one writing to the next, and readings are numbered from
    it. ``left_days`` are days of channels, of which it is to be seen whether readings are left.
    """

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.number = int(at.replace(tzinfo=UTC).timestamp()) * 10**9 + at.microsecond * 1000
        self.left_days: set[tuple[int, date]] = set()
        self._numbered = 0
        self._parts: list[pa.Table] = []
        self._said: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return sum((int(part.num_rows) for part in self._parts), len(self._said))

    def add(self, kind: int, rows: pa.Table, **constants: Any) -> None:
        """Add rows of some of the columns; ``constants`` are the same for all of them."""
        if not rows.num_rows:
            return
        for name, value in {"Kind": kind, **constants}.items():
            column = pa.repeat(pa.scalar(value, ROWS.field(name).type), rows.num_rows)
            rows = rows.append_column(ROWS.field(name), column)
        self._parts.append(rows)

    def say(self, kind: int, channel_id: int, /, **columns: Any) -> None:
        """Add one row."""
        self._said.append({"ChannelID": channel_id, "Kind": kind, **columns})

    def mark(self, touched: pa.Table) -> None:
        """Mark the periods in which readings, by ``ChannelID`` and ``CreatedAt``, have changed."""
        if touched.num_rows:
            self.mark_periods(offer.periods(touched))

    def mark_periods(self, marks: pa.Table) -> None:
        """Mark periods, as ``offer.MARKS``."""
        codes = pa.array([*_PERIODS.values()], pa.int64())
        place = pc.index_in(marks["AggregationType"], pa.array([*_PERIODS]))
        rows = pa.table(
            {
                "ChannelID": marks["ChannelID"],
                "CreatedAt": marks["PeriodStart"],
                "EntryID": codes.take(place),
                "ColumnName": marks["AggregationType"],
            }
        )
        self.add(Kind.MARK, rows, Mark=self.number)

    def unmark(self, channel_id: int, day: date) -> None:
        """Have a day not judged that these rows' ``number`` marks."""
        at = datetime.combine(day, time.min)
        code = {"EntryID": _PERIODS["QUALITY"], "ColumnName": "QUALITY"}
        self.say(Kind.MARK, channel_id, CreatedAt=at, **code, Done=self.number)

    def table(self) -> pa.Table:
        """All of them, less the columns that say nothing."""
        parts = list(self._parts)
        if self._said:
            names = {name for row in self._said for name in row}
            schema = pa.schema([field for field in ROWS if field.name in names])
            parts.append(pa.Table.from_pylist(self._said, schema))
        whole = pa.concat_tables(parts, promote_options="default")
        kept = [n for n in ROWS.names if n in whole.column_names and _says(whole[n])]
        return whole.select(kept).cast(pa.schema([ROWS.field(name) for name in kept]))

    def reading_ids(self, count: int) -> pa.Array:
        """Numbers for so many new readings."""
        first = self.number + self._numbered
        self._numbered += count
        return pa.array(np.arange(first, first + count, dtype=np.int64))


def _says(column: pa.ChunkedArray) -> bool:
    return bool(column.null_count < len(column))


def said(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """What a row says in ``State``."""
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> str:
    match value:
        case datetime():
            return value.isoformat(" ")
        case Decimal():
            return f"{value:f}"
    raise TypeError(type(value).__name__)
