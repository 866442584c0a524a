"""The statements of this benchmark: one a file, in ``bench/sql``."""

import re
from functools import cache
from pathlib import Path

from fieldhouse.warehouse import sqlfiles

_FOLDER = Path(__file__).parent.parent / "sql"


@cache
def batches(name: str) -> list[str]:
    """The parts of a file that are sent one by one."""
    return sqlfiles.batches((_FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def statement(name: str) -> str:
    """The one statement of a file."""
    [only] = batches(name)
    return only


def marked(name: str) -> str:
    """The one statement of a file, a question mark for each of its parameters."""
    return re.sub(r"@\w+", "?", statement(name))
