"""The SQL directory: one statement, or one object, a file; the file's name is its name.

``sql/<engine>/<folder>/<name>.sql``. A line ``-- include <name>`` stands for the text of
``fragments/<name>.sql``, for what several statements share.
"""

import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fieldhouse.errors import ConfigurationError

__all__ = ["batches", "names", "text"]

_INCLUDE = re.compile(r"^ *-- include (\w+)\n", re.MULTILINE)


@cache
def names(engine: str, folder: str) -> tuple[str, ...]:
    """The names of the SQL files in a folder, in order."""
    found = (entry.name for entry in _folder(engine, folder).iterdir())
    return tuple(sorted(name.removesuffix(".sql") for name in found if name.endswith(".sql")))


@cache
def text(engine: str, folder: str, name: str) -> str:
    """The text of one SQL file, fragments included; ConfigurationError for an unknown name."""
    if name not in names(engine, folder):
        raise ConfigurationError(
            f"no {name!r} among the {folder}: there are {', '.join(names(engine, folder))}"
        )
    written = _folder(engine, folder).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return _INCLUDE.sub(lambda line: text(engine, "fragments", line[1]), written)


def batches(text: str) -> list[str]:
    """The parts of a T-SQL script that are sent one by one: what stands between lines of GO."""
    return [part for part in re.split(r"^GO\s*$", text, flags=re.MULTILINE) if part.strip()]


def _folder(engine: str, folder: str) -> Traversable:
    return files("fieldhouse.warehouse").joinpath("sql", engine, folder)
