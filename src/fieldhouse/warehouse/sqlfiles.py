"""The SQL directory: one statement, or one object, a file; the file's name is its name.

``sql/<engine>/<folder>/<name>.sql``. A line ``-- include <name>`` stands for the text of
``fragments/<name>.sql``, for what several statements share.

What is the same for all eight fields is written once, with ``#`` where the field's number comes: a
line that ends in ``-- each field``, or the lines between ``-- each field`` and ``-- end``. They
stand there eight times, one after the other; ``-- each field, OR between`` puts a word between two
of them, ``-- each field, comma between`` a comma. The file stays SQL, of either dialect, and can be
parsed and laid out as it is::

    SELECT
        min(r.Field#) AS Field#Min, max(r.Field#) AS Field#Max, -- each field
        count(*) AS ReadingCount
    FROM iot.CurrentReadings AS r
    WHERE
        -- each field, OR between
        r.Field# > 0
        -- end

``#`` at the beginning of a name is T-SQL's, a temporary table, and stays. In a fragment that comes
in by ``-- include <name> of one field`` there is one field, Field1: what is written for eight
beside one another serves fields that stand one below the other as well.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fieldhouse.errors import ConfigurationError

__all__ = ["batches", "names", "text"]

_INCLUDE = re.compile(r"^ *-- include (\w+)( of one field)?\n", re.MULTILINE)
_EACH = r"-- each field(?:, ([\w ]+) between)?\n"
_BLOCK = re.compile(rf"^ *{_EACH}(.*?\n) *-- end\n", re.MULTILINE | re.DOTALL)
_LINE = re.compile(rf"^(.*\S) +{_EACH}", re.MULTILINE)
_NUMBER = re.compile(r"(?<=\w)#|#(?!\w)")
_FIELDS = range(1, 9)


@cache
def names(engine: str, folder: str) -> tuple[str, ...]:
    """The names of the SQL files in a folder, in order."""
    found = (entry.name for entry in _folder(engine, folder).iterdir())
    return tuple(sorted(name.removesuffix(".sql") for name in found if name.endswith(".sql")))


@cache
def text(engine: str, folder: str, name: str) -> str:
    """One SQL file, fragments included, for each field; ConfigurationError for an unknown name."""
    return _expanded(_included(engine, folder, name), _FIELDS)


def _included(engine: str, folder: str, name: str) -> str:
    if name not in names(engine, folder):
        raise ConfigurationError(
            f"no {name!r} among the {folder}: there are {', '.join(names(engine, folder))}"
        )
    written = _folder(engine, folder).joinpath(f"{name}.sql").read_text(encoding="utf-8")

    def fragment(line: re.Match[str]) -> str:
        text = _included(engine, "fragments", line[1])
        return _expanded(text, _FIELDS[:1]) if line[2] else text

    return _INCLUDE.sub(fragment, written)


def _expanded(written: str, fields: Sequence[int]) -> str:
    """A text in which nothing is written once for each field any more."""

    def each(lines: str, between: str | None) -> str:
        joint = {None: "", "comma": ","}.get(between, f" {between}")
        made = [_NUMBER.sub(str(number), lines).removesuffix("\n") for number in fields]
        return f"{joint}\n".join(made) + "\n"

    blocks = _BLOCK.sub(lambda block: each(block[2], block[1]), written)
    return _LINE.sub(lambda line: each(f"{line[1]}\n", line[2]), blocks)


def batches(text: str) -> list[str]:
    """The parts of a T-SQL script that are sent one by one: what stands between lines of GO."""
    return [part for part in re.split(r"^GO\s*$", text, flags=re.MULTILINE) if part.strip()]


def _folder(engine: str, folder: str) -> Traversable:
    return files("fieldhouse.warehouse").joinpath("sql", engine, folder)
