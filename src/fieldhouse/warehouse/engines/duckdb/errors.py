"""DuckDB's exceptions, told as ours: one line that names the file and says what would help."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from fieldhouse.errors import (
    ConfigurationError,
    StateMoved,
    WarehouseError,
    WarehouseLocked,
    WarehouseUnusable,
)

__all__ = ["ONLY_READS", "translated"]

ONLY_READS = "only one statement that reads is answered: a SELECT"
_READ_ONLY = re.compile(r"(attached|launched) in read-only mode")
"""The file, or the transaction: a SELECT may hide what would write, as behind WITH or EXPLAIN."""

_UNUSABLE = {  # what DuckDB says, and what that means of the file
    r"No space left on device|File too large|Disk quota exceeded": (
        "no space left on its disk: free some, then run again"
    ),
    r"created with a newer version|version number \d+, but we can only": (
        "written by a newer DuckDB: upgrade the duckdb package"
    ),
    r"database does not exist": (
        "there is no such file here: 'fieldhouse run' makes one, --warehouse names another"
    ),
    r"not a valid DuckDB database": "not a DuckDB file",
    r"[Cc]orrupt|checksum|Could not read enough bytes|deserialize|replaying WAL": (
        "corrupt: restore it from a backup"
    ),
    r"Permission denied|Read-only file system": (
        "may not be opened or written: check the permissions of the file and its folder"
    ),
    r"Is a directory": "a folder, not a file",
    r"No such file or directory": "its folder does not exist",
    r"attached in read-only mode": "opened read-only",
    r"different configuration than existing": "open in this process already, in another way",
    r"Connection already closed|Connection Error|has been invalidated": "closed: open it again",
}
_SAID_BY_US = re.compile(r"(StateMoved|ConfigurationError): ([^\n]+)")
_NO_SCHEMA = re.compile(r"with name .*does not exist", re.DOTALL)
_LOCK = re.compile(
    r"(?:Could not set lock on file|File is already open in).*?(?:\(PID (\d+)\)|$)", re.DOTALL
)
"""As Linux and macOS have it, and Windows."""


@contextmanager
def translated(path: str, *, statement: str | None = None) -> Iterator[None]:
    """Raise ours for DuckDB's; with ``statement``, what is wrong with it is its author's error.

    Ctrl-C while it works is a RuntimeError of its own, which is a KeyboardInterrupt here.
    """
    try:
        yield
    except duckdb.Error as error:
        raise _ours(path, str(error), error, statement) from error
    except (OSError, pa.ArrowException) as error:
        raise _ours(path, str(error), error, statement) from error
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from None


def _ours(path: str, said: str, error: Exception, statement: str | None) -> Exception:
    file = Path(path)
    if locked := _LOCK.search(said):
        holder = f"process {locked[1]}" if locked[1] else "another process"
        return WarehouseLocked(f"{file} is in use by {holder}; wait for it or end it", holder)
    if statement is not None and _READ_ONLY.search(said):
        return ConfigurationError(ONLY_READS)
    if ours := _SAID_BY_US.search(said):  # error('…') in a file of ours
        return (StateMoved if ours[1] == "StateMoved" else ConfigurationError)(ours[2])
    for pattern, meaning in _UNUSABLE.items():
        if re.search(pattern, said):
            return WarehouseUnusable(f"{file}: {meaning}")
    return _other(file, said, error, statement)


def _other(file: Path, said: str, error: Exception, statement: str | None) -> Exception:
    """What is wrong with a statement, a schema, or with something that has no name here."""
    first = said.strip().splitlines()[0] if said.strip() else type(error).__name__
    interrupted = said.startswith("INTERRUPT")
    if statement is not None and isinstance(error, duckdb.Error) and not interrupted:
        return ConfigurationError(_with_hints(said, statement) or first)
    if isinstance(error, duckdb.CatalogException) and _NO_SCHEMA.search(said):
        return WarehouseUnusable(f"{file}: its schema is not there yet: migrate it first ({first})")
    return WarehouseError(f"{file}: {first}")


def _with_hints(said: str, statement: str) -> str:
    """All that DuckDB says of a statement, in one line: what it could be meant for, and where."""
    hints, mark, place = said.partition("\nLINE ")
    lines = statement.strip().count("\n")
    where = f" (line {place.partition(':')[0]})" if mark and lines else ""
    return " ".join(hints.split()) + where
