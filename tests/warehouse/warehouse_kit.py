"""What the warehouse's tests share: batches made from few words, and what a warehouse holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import clickhouse_kit
import pyarrow as pa
from sqlserver_kit import PASSWORD

from fieldhouse.readings import NUMBERS, RAW, READINGS, REJECTED, Batch
from fieldhouse.state import Progress
from fieldhouse.warehouse import Warehouse, open_warehouse, owner, registry
from fieldhouse.web.owning import owned

ENGINES = tuple(registry.ENGINES)
"""The engines that the contract is checked on."""
REMOTE = "remote"
"""A file that another process owns; some suites check the contract through it as well."""

T0 = datetime(2024, 1, 1)
"""A Monday, midnight."""
FAR = datetime(2030, 1, 1)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

Row = Mapping[str, Any]


def row(entry_id: int, at: datetime | None = None, /, **values: Any) -> Row:
    """One reading; without a time of its own it comes a minute after the entry before."""
    typed = {name: _typed(name, value) for name, value in values.items()}
    return {"EntryID": entry_id, "CreatedAt": at or T0 + entry_id * MINUTE, **typed}


def _typed(name: str, value: object) -> object:
    return value if value is None or name == "Status" else Decimal(str(value))


def batch(
    rows: Iterable[Row] = (),
    *,
    channel_id: int = 9,
    epoch: int = 1,
    raw: Sequence[Row] = (),
    rejected: Sequence[Row] = (),
    horizon: datetime = FAR,
    **progress: Any,
) -> Batch:
    """A batch of ``rows``; other keywords are ``Progress``'s."""
    return Batch(
        channel_id,
        epoch,
        pa.Table.from_pylist(list(rows), READINGS),
        pa.Table.from_pylist(list(raw), RAW),
        pa.Table.from_pylist(list(rejected), REJECTED),
        Progress(**progress),
        horizon,
    )


@contextmanager
def owner_of(file: str) -> Iterator[Warehouse]:
    """An owner of a file in this process: its warehouse, which others are led to by the note."""
    with closing(open_warehouse(file, own=True)) as house, owned(house, file):
        yield house


def through_owner(file: str, *, read_only: bool = False) -> Warehouse:
    """The file through its owner, as another process opens it."""
    note = owner.note_of(file)
    assert note
    house: Warehouse | None = registry.SERVED.load().open(note, file, read_only=read_only)
    assert house
    return house


def opened(url: str, **options: Any) -> Warehouse:
    """The warehouse at a URL of the fixtures; a database that is not there is made."""
    if url.startswith(f"{REMOTE}:"):
        return through_owner(url.removeprefix(f"{REMOTE}:"), **options)
    server = {"password": PASSWORD, "create": True} if url.startswith("sqlserver:") else {}
    if url.startswith("clickhouse:"):
        server = {"password": clickhouse_kit.PASSWORD}
    return open_warehouse(url, **{**server, **options})


def rows_of(warehouse: Warehouse, statement: str) -> list[dict[str, Any]]:
    """A user's own SELECT, answered."""
    answer: list[dict[str, Any]] = warehouse.stream(statement).read_all().to_pylist()
    return answer


VALUES = ", ".join((*NUMBERS, "Status"))
STATE = {
    "SensorReadings": f"ChannelID, Epoch, EntryID, CreatedAt, {VALUES}, Superseded, WithdrawnAt",
    "RawValues": "ChannelID, Epoch, EntryID, ColumnName, RawValue, Reason",
    "RejectedEntries": "ChannelID, EntryText, Reason",
    "Coverage": "ChannelID, Epoch, SpanStart, SpanEnd",
    "Gaps": "ChannelID, Epoch, FirstEntryID, LastEntryID, State, AtSecond",
    "Epochs": "ChannelID, Epoch, HighestEntryID, NewestEntryID, NewestCreatedAt",
}
"""Tables, and those of their columns that do not depend on when and how they were filled."""


def tables(warehouse: Warehouse) -> dict[str, list[Any]]:
    """What the warehouse holds, less surrogate keys and load times; marks as a set."""
    held = {
        table: sorted(rows_of(warehouse, f"SELECT {columns} FROM iot.{table}"), key=_in_order)
        for table, columns in STATE.items()
    }
    held["PeriodMarks"] = marks(warehouse)
    return held


def _in_order(row: Row) -> list[tuple[bool, Any]]:
    """A key that sorts rows of any columns; what is NULL comes last."""
    return [(value is None, "" if value is None else value) for value in row.values()]


def marks(warehouse: Warehouse, aggregation_type: str | None = None) -> list[Any]:
    """The marked periods, each once: (channel, type, start)."""
    found = rows_of(
        warehouse, "SELECT DISTINCT ChannelID, AggregationType, PeriodStart FROM iot.PeriodMarks"
    )
    wanted = (r for r in found if aggregation_type in (None, r["AggregationType"]))
    return sorted(tuple(r.values()) for r in wanted)


def is_babelfish(warehouse: Warehouse) -> bool:
    """Whether the server is the stand-in that lacks some of SQL Server (see the guide)."""
    if type(warehouse).__name__ != "SQLServerWarehouse":
        return False
    found = rows_of(warehouse, "SELECT CAST(SERVERPROPERTY('BabelfishVersion') AS NVARCHAR(9)) v")
    return found[0]["v"] is not None


def earliest_week(warehouse: Warehouse) -> datetime:
    """The first Monday that there is; Babelfish's DATEADD gives nothing before 1753."""
    return datetime(1753, 1, 8) if is_babelfish(warehouse) else datetime(1, 1, 1)


def refresh(warehouse: Warehouse, channel_ids: list[int] | None = None) -> int:
    """Refresh all three aggregations; how many periods."""
    done = warehouse.call("refresh_aggregates", channel_ids=channel_ids)
    periods: int = done["Periods"][0].as_py()
    return periods


def aggregates(warehouse: Warehouse, kind: str, channel_id: int = 9) -> dict[datetime, Any]:
    """The stored periods by their start, less keys and times of making."""
    found = warehouse.query(
        "aggregates", channel_id=channel_id, aggregation_type=kind, start_at=None, end_at=None
    )
    less = found.drop_columns(["AggregationID", "CreatedAt"])
    return {period["PeriodStart"]: period for period in less.to_pylist()}
