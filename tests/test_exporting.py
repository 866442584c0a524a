"""Exports: what is in the warehouse comes out, in people's words, formats and times."""

import csv
import io
import json
import math
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from fieldhouse import open_warehouse
from fieldhouse.cli import app
from fieldhouse.errors import ConfigurationError, FieldhouseError
from fieldhouse.exporting import files
from fieldhouse.exporting.formats import Csv
from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.state import Progress

T0 = datetime(2026, 10, 25)
TEXTS = {3: "=1+2", 4: "@SUM(A1)", 5: "-cmd", 6: "1700000000000", 7: "12,5", 8: 'a "b";\nc'}
Export = Callable[..., str]


def readings(number: int, count: int) -> Batch:
    """One reading every ten minutes, over the night in which Zurich's clocks are changed."""
    rows = [
        {
            "EntryID": n,
            "CreatedAt": T0 + timedelta(minutes=10 * n),
            "Field1": None if n in TEXTS else Decimal(n) + Decimal("0.25"),
            "Field2": Decimal("123456789012.654321") if n == 1 else Decimal(n % 3),
            "Status": "=status" if n == 2 else None,
            "Latitude": Decimal("47.5") if n == 1 else None,
        }
        for n in range(1, count + 1)
    ]
    raw = [
        {"EntryID": n, "ColumnName": "Field1", "RawValue": text, "Reason": "unparseable"}
        for n, text in (TEXTS if number == 9 else {}).items()
    ]
    if number != 9:
        rows = [{**row, "Field1": Decimal(1)} for row in rows]
    tables = pa.Table.from_pylist(rows, READINGS), pa.Table.from_pylist(raw, RAW)
    return Batch(number, 1, *tables, REJECTED.empty_table(), Progress(), datetime(2030, 1, 1))


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Channels 9 to 11: 9 with texts, 11 with another label on its first field."""
    url = str(tmp_path_factory.mktemp("held") / "fieldhouse.duckdb")
    house = open_warehouse(url)
    house.migrate()
    house.load([readings(number, 60) for number in (9, 10, 11)])
    for number, label in {9: "Temp °C", 10: "Temp °C", 11: "Door"}.items():
        house.call("upsert_channel", channel_id=number, name="c", field1=label, field2='a,"b"')
    house.call("refresh_aggregates")
    house.close()
    return url


@pytest.fixture
def export(
    held: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Export:
    """Export into a folder of its own; what is said."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        app(["export", *words, "-w", held], standalone_mode=False)
        return capsys.readouterr().out

    return run


def rows_of(file: str, **options: Any) -> list[dict[str, str]]:
    with Path(file).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines, **options))


def test_every_format_holds_the_same(export: Export) -> None:
    """CSV, Parquet, Arrow, JSON lines: the same rows, and every text that is no number."""
    for ending in ("csv", "parquet", "arrow", "feather", "jsonl", "ndjson"):
        assert "60 rows" in export("9", "-o", f"all.{ending}")
    table = pq.read_table("all.parquet")
    assert pyarrow.feather.read_table("all.arrow").equals(table)
    assert pyarrow.feather.read_table("all.feather").equals(table)
    lines = Path("all.jsonl").read_text("utf-8").splitlines()
    assert lines == Path("all.ndjson").read_text("utf-8").splitlines()
    parsed = [json.loads(line, parse_float=Decimal) for line in lines]
    assert [row["Field2"] for row in parsed] == table["Field2"].to_pylist()
    assert [row["Field1Text"] for row in parsed] == table["Field1Text"].to_pylist()
    assert parsed[0]["CreatedAt"] == "2026-10-25T00:10:00Z"
    cells = rows_of("all.csv")
    assert {int(r["EntryID"]): r["Field1"] for r in cells if int(r["EntryID"]) in TEXTS} == TEXTS
    assert [Decimal(row["Field2"]) for row in cells] == table["Field2"].to_pylist()
    names = [name for name in table.column_names if name != "Field1Text"]
    assert list(cells[0]) == names == READING_COLUMNS
    assert cells[0]["CreatedAt"] == "2026-10-25T00:10:00Z"


READING_COLUMNS = [
    *("ReadingID", "ChannelID", "Epoch", "EntryID", "CreatedAt"),
    *(f"Field{n}" for n in range(1, 9)),
    *("Latitude", "Longitude", "Elevation", "Status", "Superseded", "ImportedAt", "WithdrawnAt"),
]
"""What an export has without any option, as it always had."""


def test_labels_and_chosen_fields_of_many_channels(export: Export) -> None:
    """A label is one column whichever channels have it; a name with a comma stands in quotes."""
    assert "180 rows" in export("9-11", "-o", "some.csv", "--labels", "--fields", '1,"a,""b"""')
    cells = rows_of("some.csv")
    assert list(cells[0]) == ["ChannelID", "EntryID", "CreatedAt", "Temp °C", 'a,"b"', "Door"]
    assert [r["ChannelID"] for r in cells] == ["9"] * 60 + ["10"] * 60 + ["11"] * 60
    assert cells[2]["Temp °C"] == "=1+2" and cells[2]["Door"] == ""
    assert cells[150]["Temp °C"] == "" and cells[150]["Door"] == "1.000000"
    said = export("11", "9", "-o", "some.parquet", "--labels")
    table = pq.read_table("some.parquet")
    assert table["Temp °C Text"].drop_null().to_pylist() == list(TEXTS.values())
    assert "Temp °C Text: 6" in said and table.num_rows == 120


def test_what_some_channels_lack_is_told(
    held: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error, whichever way is asked for; the file has the others' values."""
    monkeypatch.chdir(tmp_path)
    asked = ["export", "9", "11", "--fields", "door", "-o", "some.csv", "--overwrite", "-w"]
    for words in ((), ("--every", "1d"), ("--long",)):
        app([*asked, held, *words], standalone_mode=False)
        assert capsys.readouterr().err == "fieldhouse: there is no 'door' in channel 9\n"


def test_what_json_has_no_number_for_is_named(tmp_path: Path) -> None:
    """As `query --json` has it, within lists too; in JSON lines it is not lost as null."""
    rows = pa.table({"a": [1.5, float("nan"), None], "b": [[-math.inf], [], [math.inf, 2.0]]})
    files.write(rows.to_reader(), tmp_path / "a.jsonl")
    assert [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()] == [
        {"a": 1.5, "b": ["-Infinity"]},
        {"a": "NaN", "b": []},
        {"a": None, "b": ["Infinity", 2.0]},
    ]


def test_times_are_told_in_the_zone(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its offset, twice the same hour told apart; as typed where the file has types."""
    export("9", "-o", "zone.csv", "--tz", "Europe/Zurich", "--from", "2026-10-25T02:30")
    cells = [row["CreatedAt"] for row in rows_of("zone.csv")]
    assert cells[0] == "2026-10-25T02:30:00+02:00" and cells[6] == "2026-10-25T02:30:00+01:00"
    monkeypatch.setenv("FIELDHOUSE_DISPLAY_TIMEZONE", "Asia/Kolkata")
    export("9", "-o", "zone.parquet")
    assert pq.read_schema("zone.parquet").field("CreatedAt").type.tz == "Asia/Kolkata"
    export("9", "-o", "zone.jsonl", "--to", "2026-10-25")
    line = Path("zone.jsonl").read_text("utf-8").splitlines()[0]
    assert json.loads(line)["CreatedAt"] == "2026-10-25T05:40:00+05:30"


def test_a_european_spreadsheet_reads_it(export: Export) -> None:
    """Semicolons, decimal commas, the mark at the beginning, times without an offset."""
    options = ("--separator", ";", "--decimal-comma", "--bom", "--tz", "Europe/Zurich")
    export("9", "-o", "excel.csv", "--fields", "1", "--labels", *options)
    assert Path("excel.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    cells = rows_of("excel.csv", delimiter=";")
    assert cells[0]["Temp °C"] == "1,250000" and cells[6]["Temp °C"] == "12,5"
    assert cells[0]["CreatedAt (Europe/Zurich)"] == "2026-10-25 02:10:00"
    for separator, comma in ((",", True), ("", False), ('"', False), ("ab", False), (".", False)):
        with pytest.raises(ConfigurationError, match="separator"):
            Csv(separator, decimal_comma=comma)


def sheet(file: str) -> dict[str, tuple[str, str]]:
    """The cells of a sheet, read from its XML: each one's kind and what stands in it."""
    with zipfile.ZipFile(file) as parts:
        tree = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    assert not tree.findall(".//m:f", space)
    return {
        cell.get("r", ""): (cell.get("t", "n"), "".join(cell.itertext()))
        for cell in tree.findall(".//m:c", space)
    }


def test_no_text_becomes_a_formula(export: Export) -> None:
    """In XLSX a text is a text, a number a number; one with too many digits keeps them all."""
    export("9", "-o", "all.xlsx", "--labels", "--tz", "Europe/Zurich")
    cells = sheet("all.xlsx")
    texts = {value for kind, value in cells.values() if kind == "inlineStr"}
    assert {*TEXTS.values(), "=status", "123456789012.654321", "CreatedAt (Europe/Zurich)"} <= texts
    header = {value: place for place, (_, value) in cells.items() if place.endswith("1") and value}
    column = re.sub(r"\d", "", header["Temp °C"])
    assert cells[f"{column}2"] == ("n", "1.25")
    moment = re.sub(r"\d", "", header["CreatedAt (Europe/Zurich)"])
    kind, days = cells[f"{moment}2"]
    shown = datetime(1899, 12, 30) + timedelta(days=float(days))
    assert kind == "n" and abs(shown - datetime(2026, 10, 25, 2, 10)) < timedelta(seconds=1)


def test_long_loses_nothing(export: Export) -> None:
    """A row a value: fields, place and status, numbers and texts."""
    export("9", "-o", "long.parquet", "--long", "--labels")
    table = pq.read_table("long.parquet")
    assert table.column_names == [
        "ChannelID",
        "EntryID",
        "CreatedAt",
        "FieldNumber",
        "Field",
        "Value",
        "ValueText",
    ]
    told = {(row["FieldNumber"], row["Field"]) for row in table.to_pylist()}
    assert {name: n for n, name in told} == {
        **{"Temp °C": 1, 'a,"b"': 2},
        **{"Latitude": None, "Status": None},
    }
    counts = table["Field"].value_counts().to_pylist()
    assert {c["values"]: c["counts"] for c in counts} == {
        "Temp °C": 60,
        'a,"b"': 60,
        "Latitude": 1,
        "Status": 1,
    }
    assert set(table["ValueText"].drop_null().to_pylist()) == {*TEXTS.values(), "=status"}
    export("9", "-o", "long.csv", "--long", "--fields", "1")
    assert [row["Value"] for row in rows_of("long.csv")][:3] == ["1.250000", "2.250000", "=1+2"]
    assert pc.min(table["Value"]).as_py() is not None


def test_periods(export: Export) -> None:
    """Of any length from the readings, and those that are aggregated, by label."""
    export("9", "10", "-o", "days.csv", "--every", "1d", "--tz", "Europe/Zurich", "--labels",
           "--statistics", "mean,count")  # fmt: skip
    (first, *_) = cells = rows_of("days.csv")
    assert first["time"] == "2026-10-25T00:00:00+02:00" and first["Temp °C count"] == "54"
    assert len(cells) == 2
    export("9", "-o", "hours.parquet", "--table", "hourly", "--labels", "--fields", "temp °c")
    hours = pq.read_table("hours.parquet")
    assert hours.column_names[:3] == ["ChannelID", "PeriodStart", "PeriodEnd"]
    assert hours.column_names[3:] == [
        f"Temp °C {s}" for s in ("Avg", "Min", "Max", "StdDev", "Count")
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("9", "-o", "x.doc"), "x.doc: the name must end in one of .csv, .parquet, .jsonl"),
        (("9", "-o", "x"), "x: the name must end in"),
        (("9", "-o", "x.csv", "--format", "doc"), "doc is no format"),
        (("9", "-o", "-", "--format", "xlsx"), "XLSX goes to a file"),
        (("9", "-o", "there.csv"), "there.csv is there already: --overwrite replaces it"),
        (("9", "-o", "x.csv", "--from", "2026-11-01", "--to", "2026-10-01"), "--from 2026-11-01"),
        (("9", "-o", "x.csv", "--fields", "Humidity"), "channel 9 has no field 'Humidity'"),
        (("12", "-o", "x.csv"), "channel 12 is not in the warehouse: fieldhouse run 12"),
        (("12-19", "-o", "x.csv"), "no channel from 12 to 19"),
        (("9", "-o", "x.csv", "--every", "1h", "--table", "daily"), "--every is of readings"),
        (("9", "-o", "x.csv", "--long", "--table", "daily"), "--long is of readings"),
        (("9", "-o", "x.csv", "--every", "1h", "--statistics", "median"), "statistics is"),
        (("9", "-o", "no/such/x.csv"), "no/such/x.csv cannot be written"),
    ],
)
def test_what_cannot_be_meant_leaves_no_file(
    export: Export, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """One line says why; a file that was there is what it was, and none is begun."""
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(FieldhouseError) as raised:
        export(*words)
    assert str(raised.value).startswith(said)
    assert [(f.name, f.read_text()) for f in tmp_path.iterdir()] == [("there.csv", "mine")]
    assert "60 rows" in export("9", "-o", "there.csv", "--overwrite")


def test_standard_output_is_what_a_pipe_gets(held: str, tmp_path: Path) -> None:
    """Nothing but the rows, in the format that is asked for; what is said goes elsewhere."""

    def piped(*words: str) -> bytes:
        done = subprocess.run(
            [sys.executable, "-m", "fieldhouse", "export", "10", "-o", "-", "-w", held, *words],
            cwd=tmp_path,
            capture_output=True,
        )
        assert done.returncode == 0 and b"rows in standard output" in done.stderr
        return done.stdout

    assert pq.read_table(io.BytesIO(piped("--format", "parquet"))).num_rows == 60
    assert len(piped().decode().splitlines()) == 61


def test_more_rows_than_a_sheet_has_are_refused(tmp_path: Path) -> None:
    """In one line, and no file stays."""
    schema = pa.schema([("Text", pa.string())])
    many = pa.record_batch([pa.array(["x"] * 1_048_576)], schema)
    for batch, said in (
        (many, "has 1,048,575 rows"),
        (pa.record_batch([pa.array(["x" * 32_768])], schema), "holds 32,767 characters"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            files.write(pa.RecordBatchReader.from_batches(schema, [batch]), tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    """Neither a part of a file nor the loss of an older one."""
    target = tmp_path / "x.csv"
    target.write_text("mine")
    table = pa.table({"a": [1, 2]})

    def broken() -> Iterator[pa.RecordBatch]:
        yield from table.to_batches()
        raise FieldhouseError("the line went dead")

    with pytest.raises(FieldhouseError, match="went dead"):
        files.write(pa.RecordBatchReader.from_batches(table.schema, broken()), target)
    assert [(f.name, f.read_text()) for f in tmp_path.iterdir()] == [("x.csv", "mine")]
