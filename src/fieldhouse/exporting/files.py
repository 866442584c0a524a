"""The files that answers of the warehouse are written to, each whole or not at all."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fieldhouse.errors import ConfigurationError, WarehouseError

if TYPE_CHECKING:
    import pyarrow as pa

    from fieldhouse.exporting.formats import Csv

__all__ = ["kind", "make_folder", "refuse_existing", "write", "write_bytes", "write_to"]


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, if it is not there. Raises WarehouseError."""
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)


def kind(target: Path) -> str:
    """The format that a file's name ends in, as ``parquet``. Raises ConfigurationError."""
    from fieldhouse.exporting.formats import FORMATS, format_of

    try:
        return format_of(target.suffix)
    except ConfigurationError:
        endings = ", ".join(f".{name}" for name in FORMATS)
        raise ConfigurationError(f"{target}: the name must end in one of {endings}") from None


def refuse_existing(target: Path, *, overwrite: bool) -> None:
    """Refuse to replace a file that nobody said may go. Raises ConfigurationError."""
    if not overwrite and target.exists():
        raise ConfigurationError(f"{target} is there already: --overwrite replaces it")


def write(
    answer: "pa.RecordBatchReader",
    target: Path,
    *,
    form: str | None = None,
    csv: "Csv | None" = None,
    overwrite: bool = True,
) -> int:
    """Write batches to a file in a format, by default that of its name; the rows written.

    A file of that name is replaced when all is written. Raises ConfigurationError for another kind
    of name, and for a file that is there without ``overwrite``; WarehouseError for what cannot be
    written.
    """
    form = form or kind(target)
    refuse_existing(target, overwrite=overwrite)
    partial = target.with_name(f".{target.name}.partial")
    try:
        with _told(target):
            with partial.open("wb") as file:
                rows = write_to(answer, file, form, csv)
            refuse_existing(target, overwrite=overwrite)
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
            refuse_existing(target, overwrite=overwrite)
            partial.replace(target)
    finally:
        with suppress(OSError):
            partial.unlink()


def write_to(
    answer: "pa.RecordBatchReader", file: BinaryIO, form: str, csv: "Csv | None" = None
) -> int:
    """Write batches to an open file; the rows written."""
    from fieldhouse.exporting.formats import FORMATS, Csv

    return FORMATS[form](answer, file, csv or Csv())


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WarehouseError(f"{path} cannot be written: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    """What the system says; Arrow has its number in the text only."""
    number = re.search(r"\[errno (\d+)\]", str(error))
    return error.strerror or (os.strerror(int(number[1])) if number else str(error))
