"""The formats of files that answers are written in, each batch by batch to an open file."""

import io
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.errors import ConfigurationError

__all__ = ["FORMATS", "MOST_ROWS", "Counted", "Csv", "format_of", "in_cells", "in_rows"]


@dataclass(frozen=True, slots=True)
class Csv:
    """How a CSV file is written; a European spreadsheet wants ``;``, a comma, and a BOM."""

    separator: str = ","
    decimal_comma: bool = False
    bom: bool = False

    def __post_init__(self) -> None:
        if len(self.separator) != 1 or self.separator in '"\r\n.' or not self.separator.isascii():
            raise ConfigurationError(f"a separator is one sign, as ; or ,, not {self.separator!r}")
        if self.decimal_comma and self.separator == ",":
            raise ConfigurationError("a decimal comma needs another separator, as ;")

    @property
    def is_for_people(self) -> bool:
        """Whether a spreadsheet reads it, which takes no offset in a time."""
        return self.decimal_comma or self.bom


class Counted(io.RawIOBase, BinaryIO):
    """A stream that cannot say where it is, as a pipe, with a count of what was written."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._at = stream, 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        self._stream.write(data)
        self._at += len(data)
        return len(data)


def format_of(name: str) -> str:
    """The format that a file's ending or a word names. Raises ConfigurationError."""
    word = name.lower().removeprefix(".")
    found = _SAME.get(word, word)
    if found not in FORMATS:
        endings = ", ".join(f".{word}" for word in [*FORMATS, *_SAME])
        raise ConfigurationError(f"{name or 'no ending'} is no format; there is {endings}")
    return found


# Times and numbers as texts


def in_cells(
    reader: pa.RecordBatchReader, texts: Mapping[str, str], csv: Csv
) -> pa.RecordBatchReader:
    """As a CSV file has it: texts in the cells of their numbers, times with their zone's offset.

    A spreadsheet's times have none: there the header names the zone.
    """
    fields = [
        field if csv_type is None else pa.field(_header(field, csv), csv_type)
        for field in reader.schema
        if field.name not in texts.values()
        for csv_type in [_cell_type(field, texts, csv)]
    ]
    schema = pa.schema(fields)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            columns = [
                _cells(batch, field, texts, csv)
                for field in reader.schema
                if field.name not in texts.values()
            ]
            yield pa.record_batch(columns, schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _header(field: pa.Field, csv: Csv) -> str:
    is_local = csv.is_for_people and pa.types.is_timestamp(field.type)
    return f"{field.name} ({field.type.tz or 'UTC'})" if is_local else str(field.name)


def _cell_type(field: pa.Field, texts: Mapping[str, str], csv: Csv) -> pa.DataType | None:
    """Text where it is written otherwise than by itself; None where it is not."""
    is_marked = csv.decimal_comma and _is_broken(field.type)
    is_text = field.name in texts or pa.types.is_timestamp(field.type) or is_marked
    return pa.string() if is_text else None


def _is_broken(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _cells(batch: pa.RecordBatch, field: pa.Field, texts: Mapping[str, str], csv: Csv) -> pa.Array:
    column = batch[field.name]
    if _cell_type(field, texts, csv) is None:
        return column
    if pa.types.is_timestamp(field.type):
        return _local(column) if csv.is_for_people else _iso(column)
    written = column.cast(pa.string())
    if csv.decimal_comma and _is_broken(field.type):
        written = pc.replace_substring(written, ".", ",")
    return pc.coalesce(batch[texts[field.name]], written) if field.name in texts else written


def _iso(times: pa.Array) -> pa.Array:
    """``2026-11-24T12:00:00+01:00``, with a fraction only where there is one; naive is UTC's Z."""
    wall = pc.local_timestamp(times) if times.type.tz else times
    said = pc.replace_substring_regex(_clock(wall), "([0-9]) ([0-9])", r"\1T\2")
    return pc.binary_join_element_wise(said, _offsets(times, wall), "")


def _local(times: pa.Array) -> pa.Array:
    """``2026-11-24 12:00:00``, as a spreadsheet reads a time."""
    return _clock(pc.local_timestamp(times) if times.type.tz else times)


def _clock(wall: pa.Array) -> pa.Array:
    """What a clock shows, as text."""
    whole = wall.cast(pa.timestamp("s"), safe=False)
    if pc.all(pc.equal(whole.cast(wall.type), wall)).as_py() is not False:
        return whole.cast(pa.string())
    return pc.replace_substring_regex(wall.cast(pa.string()), r"\.0+$", "")


def _offsets(times: pa.Array, wall: pa.Array) -> pa.Array:
    """How far the clocks of a zone are ahead of UTC, as ``+01:00``: few, each said once."""
    if not times.type.tz:
        return pa.scalar("Z")
    naive = times.cast(pa.timestamp(times.type.unit, "UTC")).cast(pa.timestamp(times.type.unit))
    ahead = pc.subtract(wall, naive).cast(pa.duration("s")).dictionary_encode()
    said = [_offset(seconds) for seconds in ahead.dictionary.cast(pa.int64()).to_pylist()]
    return pa.array(said, pa.string()).take(ahead.indices)


def _offset(seconds: int) -> str:
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"


# The formats


def _write_csv(reader: pa.RecordBatchReader, file: BinaryIO, csv: Csv) -> int:
    from pyarrow import csv as arrow_csv

    if csv.bom:
        file.write("\ufeff".encode())
    options = arrow_csv.WriteOptions(delimiter=csv.separator)
    with arrow_csv.CSVWriter(file, reader.schema, write_options=options) as writer:
        return _each(reader, writer.write_batch)


def _write_parquet(reader: pa.RecordBatchReader, file: BinaryIO, _: Csv) -> int:
    from pyarrow import parquet

    with parquet.ParquetWriter(file, reader.schema, compression="zstd") as writer:
        return _each(reader, writer.write_batch)


def _write_arrow(reader: pa.RecordBatchReader, file: BinaryIO, _: Csv) -> int:
    with pa.ipc.new_file(file, reader.schema) as writer:
        return _each(reader, writer.write_batch)


def _write_jsonl(reader: pa.RecordBatchReader, file: BinaryIO, _: Csv) -> int:
    import msgspec

    encoder = msgspec.json.Encoder(decimal_format="number")

    return _each(reader, lambda batch: file.write(encoder.encode_lines(in_rows(batch))))


def in_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """A dict for each row, as JSON has it: times with their zone's offset, ``"NaN"`` for no number.

    So too ``"Infinity"`` and ``"-Infinity"``.
    """
    columns = [
        _iso(column) if pa.types.is_timestamp(column.type) else column for column in batch.columns
    ]
    rows: list[dict[str, Any]] = pa.record_batch(columns, names=batch.schema.names).to_pylist()
    for name, column in zip(batch.schema.names, columns, strict=True):
        if pa.types.is_nested(column.type) or _has_no_number(column):
            for row in rows:
                row[name] = _as_number(row[name])
    return rows


_NO_NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def _has_no_number(column: pa.Array) -> bool:
    return pa.types.is_floating(column.type) and pc.all(pc.is_finite(column)).as_py() is False


def _as_number(value: Any) -> Any:
    """What JSON has no number for, by its name."""
    match value:
        case float() if not math.isfinite(value):
            return _NO_NUMBERS[str(value)]
        case dict():
            return {key: _as_number(each) for key, each in value.items()}
        case list() | tuple():
            return [_as_number(each) for each in value]
    return value


def _each(reader: pa.RecordBatchReader, write: Callable[[pa.RecordBatch], object]) -> int:
    rows = 0
    for batch in reader:
        write(batch)
        rows += batch.num_rows
    return rows


# Spreadsheets

MOST_ROWS = 1_048_575
_LONGEST = 32_767
_MOST_DIGITS = 15
_FIRST_DAY = datetime(1900, 3, 1)
"""Before it a spreadsheet's days are off by one: it takes 1900 for a leap year."""


def _write_xlsx(reader: pa.RecordBatchReader, file: BinaryIO, _: Csv) -> int:
    try:
        import xlsxwriter
    except ImportError:
        raise ConfigurationError("XLSX needs a library more: pip install XlsxWriter") from None
    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for place, field in enumerate(reader.schema):
            sheet.write_string(0, place, _header(field, Csv(bom=True)))
        return _write_rows(reader, sheet)


def _write_rows(reader: pa.RecordBatchReader, sheet: Any) -> int:
    rows = 0
    for batch in reader:
        if rows + batch.num_rows > MOST_ROWS:
            raise ConfigurationError(
                f"a sheet of XLSX has {MOST_ROWS:,} rows, and there are more: write CSV or"
                " Parquet, or less of it"
            )
        columns = [_naive(column).to_pylist() for column in batch.columns]
        for values in zip(*columns, strict=True):
            rows += 1
            for place, value in enumerate(values):
                _write_cell(sheet, rows, place, value)
    return rows


def _naive(column: pa.Array) -> pa.Array:
    """The wall clock's time; the header says the zone."""
    is_zoned = pa.types.is_timestamp(column.type) and column.type.tz
    return pc.local_timestamp(column) if is_zoned else column


def _write_cell(sheet: Any, row: int, place: int, value: Any) -> None:
    """A cell of the value's kind; a text is never a formula, nor a number with digits lost."""
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(row, place, value)
        case int() | float() | Decimal() if _is_exact(value):
            sheet.write_number(row, place, float(value))
        case datetime() if value >= _FIRST_DAY:
            sheet.write_datetime(row, place, value)
        case _:
            text = value.isoformat(sep=" ") if isinstance(value, datetime) else f"{value!s}"
            if len(text) > _LONGEST:
                raise ConfigurationError(
                    f"a cell of XLSX holds {_LONGEST:,} characters, and a text has more: write"
                    " CSV or Parquet"
                )
            sheet.write_string(row, place, text)


def _is_exact(number: float | Decimal) -> bool:
    """Whether a spreadsheet's number has all the digits; it has none that is not finite."""
    if isinstance(number, float):
        return math.isfinite(number)
    digits = Decimal(number).normalize().as_tuple().digits
    return len(digits) <= _MOST_DIGITS


Write = Callable[[pa.RecordBatchReader, BinaryIO, Csv], int]
FORMATS: Mapping[str, Write] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "jsonl": _write_jsonl,
    "xlsx": _write_xlsx,
    "arrow": _write_arrow,
}
_SAME = {"ndjson": "jsonl", "feather": "arrow"}
