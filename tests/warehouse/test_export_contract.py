"""Contract of every engine: what a file gets of readings, and of texts that no number is."""

import csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warehouse_kit import DAY, MINUTE, T0, batch, row

from fieldhouse.archive import archive
from fieldhouse.errors import ConfigurationError, StateMoved
from fieldhouse.exporting.texts import Exported, export_readings
from fieldhouse.readings import NUMBERS
from fieldhouse.warehouse import Warehouse

ODD = {
    (1, "Field1"): ("ON", "unparseable"),
    (1, "Field2"): ("", "empty"),
    (2, "Field1"): ("04A2B0C3D4", "unparseable"),
    (2, "Latitude"): ("12,5", "unparseable"),
    (3, "Field1"): ("1700000000000", "out of range"),
    (3, "Field3"): ("0.1234567", "rounded"),
    (3, "Status"): (r"a\x00b", "unparseable"),
    (5, "Field2"): ('say "1,2"\r\n', "unparseable"),
    (5, "Elevation"): (r"\udcff é", "unparseable"),
}


def raw(entry_id: int, column: str, text: str, reason: str) -> dict[str, Any]:
    return {"EntryID": entry_id, "ColumnName": column, "RawValue": text, "Reason": reason}


def odd() -> list[dict[str, Any]]:
    return [raw(*key, *text) for key, text in ODD.items()]


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """Five readings of channel 9 with texts beside them, and others of channel 8."""
    rows = [row(n, Field4=n, Field3="0.123457" if n == 3 else None) for n in range(1, 6)]
    others = [row(1, Field1=8), row(2)]
    text = raw(2, "Field7", "of 8", "unparseable")
    warehouse.load([batch(rows, raw=odd()), batch(others, channel_id=8, raw=[text])])
    return warehouse


def cells(file: Path) -> list[dict[str, str]]:
    """The cells of a CSV file by their columns."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_cell_is_the_sources_text(filled: Warehouse, tmp_path: Path) -> None:
    """In CSV a value that no number is exactly stands as it came; the others are numbers."""
    file = tmp_path / "all.csv"
    done = export_readings(filled, file, channel_id=9)
    assert done.rows == 5
    assert sum(done.texts.values()) == len(ODD)
    rows = cells(file)
    assert [cells["EntryID"] for cells in rows] == list("12345")
    for (entry_id, column), (text, _) in ODD.items():
        assert rows[entry_id - 1][column] == text
    assert [cells["Field4"] for cells in rows] == [f"{n}.000000" for n in range(1, 6)]
    assert {cells["Field1"] for cells in rows[3:]} == {""}


def test_an_empty_text_is_not_a_missing_one(filled: Warehouse, tmp_path: Path) -> None:
    """What the source left empty is a pair of quotes; where there was nothing, nothing stands."""
    file = tmp_path / "all.csv"
    export_readings(filled, file, channel_id=9, end_at=T0 + 3 * MINUTE)
    names, first, second = (line.split(",") for line in file.read_text().splitlines())
    place = names.index('"Field2"')
    assert (first[place], second[place]) == ('""', "")


def test_texts_stand_beside_their_columns(filled: Warehouse, tmp_path: Path) -> None:
    """In Parquet a column has its texts in one beside it, if there are any in the span."""
    file = tmp_path / "all.parquet"
    done = export_readings(filled, file, channel_id=9)
    columns = sorted({column for _, column in ODD})
    assert done == Exported(5, {c: sum(key[1] == c for key in ODD) for c in columns})
    table = pq.read_table(file)
    names = table.column_names
    assert [name for name in names if name.endswith("Text")] == [
        f"{column}Text" for column in (*NUMBERS, "Status") if column in columns
    ]
    for column in columns:
        assert names[names.index(column) + 1] == f"{column}Text"
    rows = {row["EntryID"]: row for row in table.to_pylist()}
    for entry_id in rows:
        for column in columns:
            text, _ = ODD.get((entry_id, column), (None, None))
            assert rows[entry_id][f"{column}Text"] == text
    assert rows[3]["Field3"] == Decimal("0.123457")
    plain = tmp_path / "plain.parquet"
    assert export_readings(filled, plain, channel_id=9, start_at=T0 + 4 * MINUTE).texts == {
        "Elevation": 1,
        "Field2": 1,
    }


def test_what_was_replaced_stays_in(filled: Warehouse, tmp_path: Path) -> None:
    """A text that the source no longer says is history, and no part of an export."""
    filled.load([batch([row(1, Field1=1, Field2=2), row(2, Field4=7)])])
    file = tmp_path / "all.csv"
    assert export_readings(filled, file, channel_id=9).texts["Field1"] == 2
    first, second, *_ = cells(file)
    assert (first["Field1"], first["Field2"], second["Field4"]) == (
        "1.000000",
        "2.000000",
        "7.000000",
    )


def test_texts_of_superseded_readings_stay_with_them(filled: Warehouse, tmp_path: Path) -> None:
    """A newer life's reading has none of the texts of the one whose place it took."""
    filled.call("open_epoch", channel_id=9, number=2, started_at=T0)
    filled.load([batch([row(1, T0 + MINUTE, Field1=5)], epoch=2)])
    file = tmp_path / "all.csv"
    assert export_readings(filled, file, channel_id=9).texts["Field1"] == 2
    first, *_ = cells(file)
    assert (first["Epoch"], first["Field1"]) == ("2", "5.000000")
    both = export_readings(filled, tmp_path / "both.parquet", start_at=T0, end_at=T0 + DAY)
    assert both.rows == 8 and sum(both.texts.values()) == len(ODD) + 1


def test_the_archives_files_have_the_texts(filled: Warehouse, tmp_path: Path) -> None:
    """A month's Parquet file loses no text, of whatever channel, and it is said how many."""
    moved = archive(filled, date(2024, 3, 1), export=tmp_path, now=datetime(2026, 1, 1))
    assert sum(moved.texts.values()) == len(ODD) + 1
    table = pq.read_table(moved.files[0])
    texts = {(r["ChannelID"], r["EntryID"]): r["Field7Text"] for r in table.to_pylist()}
    assert {key for key, text in texts.items() if text} == {(8, 2)}
    again = export_readings(filled, tmp_path / "again.csv", channel_id=9)
    assert sum(again.texts.values()) == len(ODD)


def test_a_long_history_keeps_every_text_at_its_reading(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    """Over many batches, with readings at one instant and ids in no order of time."""
    count = 2_000
    rows = [row(n, T0 + ((n * 7919) % 600) * MINUTE, Field2=n) for n in range(1, count + 1)]
    texts = [raw(n, f"Field{n % 3 + 3}", f"text {n}", "unparseable") for n in range(1, count, 2)]
    warehouse.load([batch(rows, raw=texts)])
    narrow = Narrow(warehouse)
    done = export_readings(narrow, tmp_path / "all.csv", channel_id=9)
    assert (done.rows, sum(done.texts.values())) == (count, len(texts))
    for cells_ in cells(tmp_path / "all.csv"):
        number = int(cells_["EntryID"])
        found = {name: cells_[name] for name in ("Field3", "Field4", "Field5") if cells_[name]}
        assert found == ({f"Field{number % 3 + 3}": f"text {number}"} if number % 2 else {})


def test_of_two_texts_in_one_place_one_is_written(warehouse: Warehouse, tmp_path: Path) -> None:
    """Where a load brought two, for it met the entry twice, every engine exports the same one."""
    texts = [raw(1, "Field1", text, "unparseable") for text in ("b", "\u00e9", "B", "a")]
    warehouse.load([batch([row(1)], raw=texts)])
    done = export_readings(warehouse, tmp_path / "all.csv", channel_id=9)
    assert done.texts == {"Field1": 1}
    assert [cells["Field1"] for cells in cells(tmp_path / "all.csv")] == ["\u00e9"]


class Narrow:
    """A warehouse that answers in small batches, of a size of its own for readings and texts."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)

    def scan(self, name: str, /, **parameters: Any) -> pa.RecordBatchReader:
        table = self._warehouse.query(name, **parameters)
        size = {"readings": 97, "reading_texts": 31}[name]
        return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(size))


class Busy(Narrow):
    """A warehouse into which other values come while it is exported."""

    def scan(self, name: str, /, **parameters: Any) -> pa.RecordBatchReader:
        reader = self._warehouse.scan(name, **parameters)
        if name == "readings":
            text = raw(4, "Field8", "late", "unparseable")
            self._warehouse.load([batch([row(4, Field5=1)], raw=[text])])
        return reader


def test_what_comes_meanwhile_is_not_left_out_unsaid(filled: Warehouse, tmp_path: Path) -> None:
    """A text for a column that the file has none for ends the export, and leaves no file."""
    with pytest.raises(StateMoved, match="export them again"):
        export_readings(Busy(filled), tmp_path / "all.parquet", channel_id=9)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_will_not_do_is_told_first(filled: Warehouse, tmp_path: Path) -> None:
    """Nothing is asked for a file that could not be written."""
    with pytest.raises(ConfigurationError, match="must end in"):
        export_readings(filled, tmp_path / "all.doc", channel_id=9)
