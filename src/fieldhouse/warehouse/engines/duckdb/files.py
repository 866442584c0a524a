"""Which files may be a warehouse: others DuckDB opens too, as something else, and keeps nothing."""

import re
from pathlib import Path

from fieldhouse.errors import ConfigurationError, WarehouseUnusable

__all__ = ["require_warehouse"]

_OTHERS = re.compile(
    r"\.(arrow|avro|bak|csv|feather|gz|html?|ipc|jsonl?|log|md|ndjson|orc|parquet|py|sql|sqlite3?"
    r"|toml|tsv|txt|wal|xlsx?|xml|ya?ml|zip|zst)",
    re.IGNORECASE,
)
"""How names end of which everybody expects something else."""
_MARK, _MARK_AT = b"DUCK", 8


def require_warehouse(path: str) -> None:
    """Refuse a name, or a file, that is no DuckDB file's.

    Raises ConfigurationError for a name, WarehouseUnusable for what is there.
    """
    file = Path(path)
    if _OTHERS.fullmatch(file.suffix):
        name = f"{file.stem.removesuffix('.duckdb')}.duckdb"
        raise ConfigurationError(
            f"{path}: no warehouse's name ends in {file.suffix}; one is {name}"
        )
    try:
        with file.open("rb") as opened:
            begin = opened.read(_MARK_AT + len(_MARK))
    except (OSError, ValueError):
        return  # none yet, or none that may be read: DuckDB says what it is
    if not begin and file.is_file():
        raise WarehouseUnusable(
            f"{path}: an empty file, no warehouse: remove it, and a run makes one in its place"
        )
    if begin[_MARK_AT:] != _MARK:
        raise WarehouseUnusable(f"{path}: not a DuckDB file")
