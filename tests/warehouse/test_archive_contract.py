"""Contract of every engine: the archive, and the steps that fill it."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_properties_contract import histories
from warehouse_kit import (
    DAY,
    HOUR,
    MINUTE,
    T0,
    aggregates,
    batch,
    marks,
    opened,
    refresh,
    row,
    rows_of,
)

from fieldhouse.archive import Archived, archive
from fieldhouse.errors import ConfigurationError, EntryConflict, StateMoved, WarehouseError
from fieldhouse.readings import Batch
from fieldhouse.warehouse import Counts, Warehouse
from fieldhouse.warehouse.questions import QUERIES

BEFORE = T0 + 10 * MINUTE


def move(warehouse: Warehouse, before: datetime = BEFORE) -> int:
    """Archive all readings from before an instant; how many."""
    moved: int = warehouse.call("archive_readings", before=before)["Readings"][0].as_py()
    return moved


def values(
    warehouse: Warehouse, table: str, columns: str = "EntryID, Field1"
) -> list[tuple[Any, ...]]:
    found = rows_of(
        warehouse, f"SELECT {columns} FROM iot.{table} ORDER BY ChannelID, Epoch, EntryID"
    )
    return [tuple(reading.values()) for reading in found]


def ids(warehouse: Warehouse, table: str) -> list[int]:
    return [entry_id for (entry_id,) in values(warehouse, table, "EntryID")]


def raw(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    found = rows_of(
        warehouse,
        "SELECT ChannelID, EntryID, ColumnName, RawValue, Reason FROM iot.RawValues"
        " ORDER BY ChannelID, EntryID, ColumnName, RawValue, Reason",
    )
    return [tuple(text.values()) for text in found]


def archived_before(warehouse: Warehouse) -> dict[int, datetime | None]:
    channels = warehouse.query("channels").to_pylist()
    return {channel["ChannelID"]: channel["ArchivedBefore"] for channel in channels}


def test_older_readings_of_all_channels_move(warehouse: Warehouse) -> None:
    """What lies before the instant is in the archive and nowhere else; the instant's own stays."""
    for channel_id in (8, 9):
        warehouse.load([batch([row(n, Field1=n) for n in (9, 10, 11)], channel_id=channel_id)])
    assert move(warehouse) == 2
    held = [(8, 10), (8, 11), (9, 10), (9, 11)]
    assert values(warehouse, "SensorReadings", "ChannelID, EntryID") == held
    assert values(warehouse, "SensorReadings_Archive", "ChannelID, EntryID, Field1") == [
        (8, 9, Decimal(9)),
        (9, 9, Decimal(9)),
    ]


def test_again_moves_nothing(warehouse: Warehouse) -> None:
    """A second time, and up to an earlier instant, nothing moves and nothing changes."""
    warehouse.load([batch([row(9), row(10)])])
    move(warehouse)
    columns = "EntryID, ReadingID, ImportedAt"
    before = values(warehouse, "SensorReadings_Archive", columns)
    assert move(warehouse) == move(warehouse, T0) == 0
    assert values(warehouse, "SensorReadings_Archive", columns) == before
    assert archived_before(warehouse) == {9: BEFORE}


def test_a_reading_is_archived_whole(warehouse: Warehouse) -> None:
    """The archive has the columns of the readings, surrogate key included."""
    place = {"Latitude": "1.5", "Longitude": "-2.5", "Elevation": 3}
    fields = {f"Field{n}": f"{n}.000001" for n in range(1, 9)}
    warehouse.load([batch([row(1, **fields, **place, Status="é")])])
    (held,) = rows_of(warehouse, "SELECT * FROM iot.SensorReadings")
    assert move(warehouse) == 1
    (kept,) = rows_of(warehouse, "SELECT * FROM iot.SensorReadings_Archive")
    assert kept == held and list(kept) == list(held)
    assert rows_of(warehouse, "SELECT * FROM iot.AllReadings") == [held]


def test_the_instant_is_kept_for_channels_that_have_readings(warehouse: Warehouse) -> None:
    """ArchivedBefore only grows, also where nothing was as old; without readings it stays NULL."""
    warehouse.call("upsert_channel", channel_id=7, name="empty")
    warehouse.load([batch([row(1)]), batch([row(500)], channel_id=8)])
    for before, kept in ((BEFORE, BEFORE), (T0, BEFORE), (T0 + DAY, T0 + DAY), (T0, T0 + DAY)):
        move(warehouse, before)
        assert archived_before(warehouse) == {7: None, 8: kept, 9: kept}


def test_an_archived_entry_is_a_duplicate(warehouse: Warehouse) -> None:
    """A page that overlaps the archive inserts what is new, and counts the rest as duplicates."""
    warehouse.load([batch([row(n, Field1=n) for n in range(1, 15)])])
    move(warehouse)
    page = [row(n, Field1=n) for n in range(5, 18)]
    assert warehouse.load([batch(page[:3])]) == {9: Counts(duplicates=3)}
    assert warehouse.load([batch(page)]) == {9: Counts(inserted=3, duplicates=10)}
    assert ids(warehouse, "SensorReadings_Archive") == list(range(1, 10))
    assert ids(warehouse, "AllReadings") == list(range(1, 18))
    assert warehouse.query("duplicate_audit").num_rows == 0


def test_an_archived_entry_is_filled_and_replaced(warehouse: Warehouse) -> None:
    """A value fills NULL, a differing one replaces and is kept as text, NULL never erases."""
    warehouse.load([batch([row(1, Field1=1), row(2, Field1=2), row(3, Field1=3), row(11)])])
    move(warehouse)
    page = [row(1, Field2=5), row(2, Field1=20, Status="ok"), row(3), row(11, Field1=11)]
    assert warehouse.load([batch(page)]) == {9: Counts(updated=3, duplicates=1, raw=1)}
    assert values(warehouse, "SensorReadings_Archive", "EntryID, Field1, Field2, Status") == [
        (1, Decimal(1), Decimal(5), None),
        (2, Decimal(20), None, "ok"),
        (3, Decimal(3), None, None),
    ]
    assert values(warehouse, "SensorReadings") == [(11, Decimal(11))]
    assert raw(warehouse) == [(9, 2, "Field1", "2.000000", "replaced")]


def test_another_time_for_an_archived_entry_is_a_conflict(warehouse: Warehouse) -> None:
    """An archived entry that comes with another time refuses the whole load."""
    warehouse.load([batch([row(1), row(11)])])
    move(warehouse)
    with pytest.raises(EntryConflict, match="entry 1 of channel 9"):
        warehouse.load([batch([row(12)]), batch([row(1, T0 + DAY)])])
    assert ids(warehouse, "AllReadings") == [1, 11]


def test_late_rows_wait_for_the_next_archiving(warehouse: Warehouse) -> None:
    """A late row is a reading like any other, changes no aggregate, and moves the next time."""
    warehouse.load([batch([row(2, Field1=2), row(700, Field1=7)])])
    refresh(warehouse)
    move(warehouse, T0 + HOUR)
    hourly = aggregates(warehouse, "HOURLY")
    assert warehouse.load([batch([row(1, Field1=1)])]) == {9: Counts(inserted=1)}
    assert ids(warehouse, "SensorReadings") == [1, 700]
    refresh(warehouse)
    assert aggregates(warehouse, "HOURLY") == hourly
    assert marks(warehouse, "HOURLY") == []
    assert move(warehouse, T0 + HOUR) == 1
    assert ids(warehouse, "SensorReadings_Archive") == [1, 2]


def test_a_newer_epoch_supersedes_archived_readings(warehouse: Warehouse) -> None:
    """An archived reading gives way to a newer epoch's at its instant, held or archived itself."""
    warehouse.load([batch([row(n) for n in (1, 2, 3, 11)])])
    move(warehouse)
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0)
    again = [row(1, T0 + 2 * MINUTE), row(2, T0 + 11 * MINUTE)]
    warehouse.load([batch(again, epoch=2)])
    key = "Epoch, EntryID, Superseded"
    assert [r[:2] for r in values(warehouse, "AllReadings", key) if r[2]] == [(1, 2), (1, 11)]
    assert move(warehouse) == 1
    assert [r[:2] for r in values(warehouse, "AllReadings", key) if r[2]] == [(1, 2), (1, 11)]
    everything = {"channel_id": 9, "start_at": None, "end_at": None}
    counting = warehouse.query("readings", **everything).select(["Epoch", "EntryID"]).to_pylist()
    assert [tuple(r.values()) for r in counting] == [(1, 1), (2, 1), (1, 3), (2, 2)]


def test_what_is_known_includes_the_archive(warehouse: Warehouse) -> None:
    """Missing ids, known entries, status and exports do not lose what was archived."""
    warehouse.load([batch([row(n) for n in (1, 2, 5, 11, 13)])])
    questions: dict[str, dict[str, Any]] = {
        "missing_ids": {"channel_id": 9, "epoch": 1, "above": 0, "upto": 13},
        "known_entries": {"channel_id": 9, "entry_ids": [2, 3, 11]},
        "entries_held": {"channel_id": 9, "entry_ids": [2, 3, 11]},
        "status": {"as_of": T0 + DAY},
        "readings": {"channel_id": 9, "start_at": T0 + 2 * MINUTE, "end_at": T0 + 13 * MINUTE},
    }
    before = {name: warehouse.query(name, **asked) for name, asked in questions.items()}
    assert move(warehouse) == 3
    for name, asked in questions.items():
        assert warehouse.query(name, **asked).to_pylist() == before[name].to_pylist(), name
    assert before["status"]["Readings"].to_pylist() == [5]


def test_analyses_do_not_see_the_archive(warehouse: Warehouse) -> None:
    """Trend and anomalies answer from the readings that are left; stored periods stay."""
    warehouse.load([batch([row(n + 1, T0 + n * HOUR, Field1=n % 7) for n in range(72)])])
    refresh(warehouse)
    daily = aggregates(warehouse, "DAILY")
    move(warehouse, T0 + DAY)
    days = warehouse.query("usp_GetTrendAnalysis", channel_id=9, field_number=1, as_of=T0 + 4 * DAY)
    assert days["ReadingDate"].to_pylist() == [date(2024, 1, 2), date(2024, 1, 3)]
    assert ids(warehouse, "CurrentReadings") == list(range(25, 73))
    assert aggregates(warehouse, "DAILY") == daily


def test_an_archived_day_keeps_its_judgement(warehouse: Warehouse) -> None:
    """A day whose readings are archived is not judged anew, by hand or not: its row answers."""
    warehouse.load([batch([row(1, Field1=1), row(2, Field1=2)])])
    as_of = T0 + 3 * DAY
    warehouse.call("refresh_quality", as_of=as_of)
    stored = "SELECT * FROM iot.DataQuality WHERE CheckDate < '2024-01-02'"
    (before,) = rows_of(warehouse, stored)
    assert (before["TotalReadings"], before["QualityScore"]) == (2, 100.0)
    move(warehouse, T0 + DAY)
    asked = {"channel_id": 9, "check_date": T0.date(), "as_of": as_of}
    assert warehouse.call("usp_CalculateDataQuality", **asked).to_pylist() == [before]
    warehouse.call("refresh_quality", as_of=as_of)
    assert rows_of(warehouse, stored) == [before]


def test_months_that_can_be_archived(warehouse: Warehouse) -> None:
    """Each month with readings from before an instant, and how many; archived ones no more."""
    days = (datetime(2023, 12, 31, 23, 59, 59), T0, T0 + DAY, datetime(2024, 3, 1))
    for channel_id in (8, 9):
        rows = [row(n, at) for n, at in enumerate(days, 1)]
        warehouse.load([batch(rows, channel_id=channel_id)])

    def months(before: datetime) -> list[tuple[Any, ...]]:
        found = warehouse.query("archivable_months", before=before).to_pylist()
        return [(month["Month"], month["Readings"]) for month in found]

    december, january = (date(2023, 12, 1), 2), (date(2024, 1, 1), 4)
    assert months(datetime(2024, 3, 1)) == [december, january]
    assert months(T0) == [december]
    move(warehouse, T0)
    assert months(datetime(2024, 3, 1)) == [january]


def test_a_span_of_all_channels(warehouse: Warehouse) -> None:
    """All channels' readings of a span, archived or not, half-open, as they were sent, in order."""
    warehouse.load([batch([row(n) for n in (3, 1, 2)], channel_id=c) for c in (9, 8)])
    span = {"start_at": T0 + MINUTE, "end_at": T0 + 3 * MINUTE}
    found = warehouse.query("readings_between", **span)
    keys = found.select(["ChannelID", "EntryID"]).to_pylist()
    assert [tuple(key.values()) for key in keys] == [(8, 1), (8, 2), (9, 1), (9, 2)]
    columns = list(rows_of(warehouse, "SELECT * FROM iot.SensorReadings")[0])
    assert found.column_names == [name for name in columns if name != "CorrectedAt"]
    move(warehouse)
    assert warehouse.query("readings_between", **span).to_pylist() == found.to_pylist()


@given(histories(), st.lists(st.integers(-1, 201), min_size=1))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_archiving_between_loads_changes_nothing_that_is_held(
    place: Callable[[int], str],
    history: tuple[list[Batch], list[list[Batch]]],
    hours: list[int],
) -> None:
    """Whatever is archived in between, the same loads count alike and end in the same rows."""
    _, loads = history
    assert _held(place(0), loads, hours) == _held(place(1), loads, [])


def _held(url: str, loads: Sequence[list[Batch]], hours: list[int]) -> Any:
    """What the loads count and leave, with something archived before and after each of them."""
    counts = []
    with closing(opened(url)) as warehouse:
        for number, load in enumerate(loads):
            if hours:
                move(warehouse, T0 + timedelta(hours=hours[number % len(hours)]))
            counts.append(warehouse.load(load))
        columns = "ChannelID, Epoch, EntryID, CreatedAt, Field1, Field2, Superseded"
        return counts, values(warehouse, "AllReadings", columns), raw(warehouse)


# The steps around it

NOW = datetime(2024, 6, 20, 12)
MARCH = date(2024, 3, 1)


def history_of(channel_id: int) -> Batch:
    """A reading a day, from December 2023 to the present."""
    rows = [row(n + 1, T0 + (n - 5) * DAY, Field1=n % 9) for n in range(160)]
    return batch(rows, channel_id=channel_id)


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """Two channels with half a year of readings that nobody has aggregated yet."""
    warehouse.load([history_of(8), history_of(9)])
    return warehouse


def test_all_is_computed_before_it_goes(filled: Warehouse) -> None:
    """What is archived has been aggregated and judged, whoever loaded it and forgot to."""
    assert archive(filled, MARCH, now=NOW) == Archived(2 * 65)
    for channel_id in (8, 9):
        daily = aggregates(filled, "DAILY", channel_id)
        assert [daily[T0 + n * DAY]["Field1Avg"] for n in range(-5, 60)] == [
            n % 9 for n in range(65)
        ]
        assert len(daily) == 160 and len(aggregates(filled, "WEEKLY", channel_id)) == 24
    judged = rows_of(filled, "SELECT ChannelID, CheckDate FROM iot.DataQuality")
    assert len([day for day in judged if day["CheckDate"] < MARCH]) == 2 * 65
    assert marks(filled) == []
    assert archive(filled, MARCH, now=NOW) == Archived(0)


def test_months_are_exported_before_they_go(filled: Warehouse, tmp_path: Path) -> None:
    """Each month that goes is a file of all channels and columns, in order; the others are none."""
    folder = tmp_path / "cold" / "storage"
    columns = QUERIES["readings_between"].columns.names
    wanted = [folder / f"readings_{month}.parquet" for month in ("2023-12", "2024-01", "2024-02")]
    assert archive(filled, MARCH, export=folder, now=NOW) == Archived(130, tuple(wanted))
    assert sorted(folder.iterdir()) == wanted
    tables = [pq.read_table(file) for file in wanted]
    assert [table.num_rows for table in tables] == [2 * 5, 2 * 31, 2 * 29]
    for table in tables:
        assert table.column_names == columns
        order = [(r["ChannelID"], r["CreatedAt"]) for r in table.to_pylist()]
        assert order == sorted(order)


def test_a_file_that_is_there_is_not_replaced(filled: Warehouse, tmp_path: Path) -> None:
    """A month's file that is there already stops all, unless it may be overwritten."""
    file = tmp_path / "readings_2024-02.parquet"
    file.write_text("precious")
    with pytest.raises(ConfigurationError, match=f"{file} is there already: .*--overwrite"):
        archive(filled, MARCH, export=tmp_path, now=NOW)
    assert list(tmp_path.glob("*.parquet")) == [file] and file.read_text() == "precious"
    assert ids(filled, "SensorReadings_Archive") == []
    assert len(archive(filled, MARCH, export=tmp_path, overwrite=True, now=NOW).files) == 3
    assert pq.read_table(file).num_rows == 58


def test_what_cannot_be_exported_is_not_archived(filled: Warehouse, tmp_path: Path) -> None:
    """Where nothing can be written the line names it, and everything stays where it is."""
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(WarehouseError, match=f"{folder} cannot be written"):
            archive(filled, MARCH, export=folder, now=NOW)
    assert ids(filled, "SensorReadings_Archive") == []


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (date(2024, 3, 2), "2024-03-02 is no month's first day: archive before 2024-03-01"),
        (date(2024, 6, 19), "is no month's first day: archive before 2024-04-01"),
        (date(2024, 5, 1), "62 days before today: archive before 2024-04-01, not 2024-05-01"),
        (date(2030, 1, 1), "archive before 2024-04-01"),
    ],
)
def test_a_day_that_will_not_do(filled: Warehouse, before: date, said: str) -> None:
    """A day within a month, or too near to today, is refused with the month's day that would do."""
    with pytest.raises(ConfigurationError, match=said):
        archive(filled, before, now=NOW)
    assert marks(filled) != []


def test_sixty_two_days_are_enough(filled: Warehouse) -> None:
    """The last day that may be archived lies 62 days back, not one less."""
    first = datetime(2024, 4, 1)
    with pytest.raises(ConfigurationError):
        archive(filled, first.date(), now=first + 62 * DAY - MINUTE)
    assert archive(filled, first.date(), now=first + 62 * DAY) == Archived(2 * 96)


class Busy:
    """A warehouse into which a late row comes as soon as a month is read."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)

    def scan(self, name: str, /, **parameters: Any) -> pa.RecordBatchReader:
        reader = self._warehouse.scan(name, **parameters)
        self._warehouse.load([batch([row(500, T0 - DAY + HOUR)])])
        return reader


def test_what_comes_during_the_export_is_not_archived_without(
    filled: Warehouse, tmp_path: Path
) -> None:
    """Where a month has other readings than its file, nothing is archived, and it is said."""
    with pytest.raises(StateMoved, match="before 2024-03-01 came in while they were exported"):
        archive(Busy(filled), MARCH, export=tmp_path, now=NOW)
    assert ids(filled, "SensorReadings_Archive") == []
    assert archive(filled, MARCH, export=tmp_path, overwrite=True, now=NOW).readings == 131
