"""Exported files, read back cell by cell."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from fieldhouse.exporting.texts import export_readings
from fieldhouse.warehouse import Warehouse

KEYS = [*(f"field{n}" for n in range(1, 9)), "latitude", "longitude", "elevation", "status"]
COLUMNS = [*(f"Field{n}" for n in range(1, 9)), "Latitude", "Longitude", "Elevation", "Status"]


def cells(file: Path) -> list[dict[str, str | None]]:
    """The cells of a CSV file by column; None where nothing stands, "" where a pair of quotes."""
    names = file.read_text(encoding="utf-8").split("\n", 1)[0].replace('"', "").split(",")
    table = pyarrow.csv.read_csv(
        file,
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    rows: list[dict[str, str | None]] = table.to_pylist()
    return rows


def is_the_same(cell: str | None, sent: str | None) -> bool:
    """Whether a cell is what was sent, or the number that it is, to the last digit."""
    if cell is None or sent is None or cell == sent:
        return cell == sent
    try:
        return Decimal(cell) == Decimal(sent.strip())
    except ArithmeticError:
        return False


def check_export(warehouse: Warehouse, truth: dict[tuple[int, int], Any], file: Path) -> None:
    """Every text of every entry is in the CSV as it went in, or as the exact number."""
    done = export_readings(warehouse, file, start_at=datetime(1, 1, 1), end_at=datetime(9999, 1, 1))
    rows = cells(file)
    assert done.rows == len(rows) == len(truth)
    values = texts = 0
    for row in rows:
        feed = truth[int(str(row["ChannelID"])), int(str(row["EntryID"]))]
        for key, column in zip(KEYS, COLUMNS, strict=True):
            sent, cell = feed.get(key), row[column]
            assert is_the_same(cell, sent), (row, column, feed)
            values += sent is not None
            texts += sent is not None and cell == sent
    assert values > texts > sum(done.texts.values()) > 1_000
