"""The SQL directory and the ledger: a file is what its name says, and is applied once."""

import re
from pathlib import Path

import pytest
from warehouse_kit import opened, rows_of

import fieldhouse.warehouse
from fieldhouse.errors import WarehouseUnusable
from fieldhouse.warehouse import Warehouse, migrations, open_warehouse, sqlfiles

SQL = Path(fieldhouse.warehouse.__file__).parent / "sql"
FILES = sorted(SQL.rglob("*.sql"))
OBJECT = re.compile(
    r"^CREATE OR (?:REPLACE|ALTER) (?:MACRO|VIEW|PROCEDURE) iot\.(\w+)", re.MULTILINE
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SQL)))
def test_every_file_says_what_it_is(file: Path) -> None:
    """A file begins with its intent and ends with one line end; a query's intent names it."""
    text = file.read_text(encoding="utf-8")
    assert text.startswith("-- ") and text.endswith("\n") and not text.endswith("\n\n")
    wide = 140 if "sqlserver" in file.parts else 120  # its formatter keeps an index in one line
    assert "\t" not in text and max(map(len, text.splitlines())) <= wide
    if file.parent.name in ("queries", "calls"):
        assert text.startswith(f"-- {file.stem}(")


@pytest.mark.parametrize(
    "file", [f for f in FILES if f.parent.name in ("views", "procedures")], ids=lambda f: f.stem
)
def test_a_files_name_is_its_objects(file: Path) -> None:
    """A file of an object makes one object, of the file's name."""
    assert OBJECT.findall(file.read_text(encoding="utf-8")) == [file.stem]


def test_the_ledger_names_what_was_applied(fresh_url: str) -> None:
    """The first migration applies everything, in order; the next one nothing."""
    warehouse = opened(fresh_url)
    applied = warehouse.migrate()
    assert applied[0] == "migrations/0001_tables"
    assert list(applied).index("views/CurrentReadings") < list(applied).index(
        "procedures/usp_DetectAnomalies"
    )
    assert warehouse.migrate() == []
    ledger = rows_of(warehouse, "SELECT ScriptName FROM iot.SchemaMigrations ORDER BY 1")
    assert [entry["ScriptName"] for entry in ledger] == sorted(applied)
    warehouse.close()


def test_the_tables_are_the_architectures(warehouse: Warehouse) -> None:
    """The tables, procedures and columns that the architecture names exist under its names."""
    columns = rows_of(warehouse, "SELECT table_name, column_name FROM information_schema.columns")
    held = {(column["table_name"], column["column_name"]) for column in columns}
    for table, names in {
        "Channels": "ChannelID ChannelName Description Latitude Longitude Field1Name Field8Name"
        " CreatedAt UpdatedAt IsActive",
        "SensorReadings": "ReadingID ChannelID EntryID CreatedAt Field1 Field8 Latitude Longitude"
        " Elevation Status ImportedAt",
        "AggregatedData": "AggregationID ChannelID AggregationType PeriodStart PeriodEnd Field1Avg"
        " Field1Min Field1Max Field1StdDev Field4Avg Field8Avg Field8Count ReadingCount CreatedAt",
        "DataQuality": "QualityID ChannelID CheckDate TotalReadings MissingReadings"
        " OutOfRangeReadings AnomaliesDetected QualityScore Notes CreatedAt",
    }.items():
        assert {(table, name) for name in names.split()} <= held


def test_a_changed_object_is_made_again() -> None:
    """An object whose text differs from the one applied is run again; a migration is not."""
    applied = {script.name: script.checksum for script in migrations.pending("duckdb", {})}
    assert migrations.pending("duckdb", applied) == []
    changed = migrations.pending("duckdb", {**applied, "views/CurrentReadings": "other"})
    assert [script.name for script in changed] == ["views/CurrentReadings"]


def test_a_changed_migration_is_refused() -> None:
    """A migration that has another text than was applied stops, and names itself."""
    with pytest.raises(WarehouseUnusable, match="x: migrations/0001_tables is not the text"):
        migrations.check("duckdb", {"migrations/0001_tables": "other"}, where="x")


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A file that a newer Fieldhouse migrated is neither opened nor touched, and says why."""
    import duckdb

    file = tmp_path / "x.duckdb"
    warehouse = open_warehouse(str(file))
    warehouse.migrate()
    warehouse.close()
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "INSERT INTO iot.SchemaMigrations (ScriptName, Checksum)"
            " VALUES ('migrations/9999_later', 'x')"
        )
    for read_only in (False, True):
        with pytest.raises(WarehouseUnusable, match=r"x\.duckdb: a newer Fieldhouse"):
            open_warehouse(str(file), read_only=read_only)


def test_line_ends_do_not_matter() -> None:
    """A checkout with other line ends has the same checksums."""
    unix, windows = (
        migrations.Script("x", f"SELECT 1;{end}SELECT 2;{end}") for end in ("\n", "\r\n")
    )
    assert unix.checksum == windows.checksum


def test_every_include_is_there() -> None:
    """No include is left over in any text, and none names a file that is not there."""
    for file in FILES:
        engine, folder = file.relative_to(SQL).parts[:2]
        assert "-- include" not in sqlfiles.text(engine, folder, file.stem)
