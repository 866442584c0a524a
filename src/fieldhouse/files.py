"""The files that answers of the warehouse are written to, each whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fieldhouse.errors import ConfigurationError, WarehouseError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["kind", "make_folder", "write", "write_bytes"]


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, if it is not there. Raises WarehouseError."""
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)


def kind(target: Path) -> str:
    """``.parquet`` or ``.csv``, by a file's name. Raises ConfigurationError for another one."""
    suffix = target.suffix.lower()
    if suffix not in (".parquet", ".csv"):
        raise ConfigurationError(f"{target}: the name must end in .parquet or .csv")
    return suffix


def write(answer: "pa.RecordBatchReader", target: Path) -> int:
    """Write batches to a Parquet or CSV file, by its name; the rows written.

    A file of that name is replaced when all is written. Raises ConfigurationError for another kind
    of name, WarehouseError for what cannot be written.
    """
    write_kind = _write_parquet if kind(target) == ".parquet" else _write_csv
    partial = target.with_name(f".{target.name}.partial")
    try:
        with _told(target):
            rows = write_kind(answer, partial)
            partial.replace(target)
    finally:
        with suppress(OSError):  # it was never made, or stays; the first error is the one to tell
            partial.unlink()
    return rows


def write_bytes(content: bytes, target: Path, *, overwrite: bool = False) -> None:
    """Write a file, whole or not at all; one that exists is replaced only with ``overwrite``.

    Raises ConfigurationError for one that exists, WarehouseError for what cannot be written.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        with _told(target):
            partial.write_bytes(content)
            if not overwrite and target.exists():
                raise ConfigurationError(f"{target} is there already: --overwrite replaces it")
            partial.replace(target)
    finally:
        with suppress(OSError):
            partial.unlink()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WarehouseError(f"{path} cannot be written: {error.strerror or error}") from error


def _write_parquet(answer: "pa.RecordBatchReader", path: Path) -> int:
    from pyarrow import parquet

    rows = 0
    with parquet.ParquetWriter(path, answer.schema, compression="zstd") as writer:
        for batch in answer:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _write_csv(answer: "pa.RecordBatchReader", path: Path) -> int:
    from pyarrow import csv

    rows = 0
    with csv.CSVWriter(path, answer.schema) as writer:
        for batch in answer:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows
