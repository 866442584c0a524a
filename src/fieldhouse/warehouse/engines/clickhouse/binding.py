"""Statements as they are sent: whose database, which parameters, each value as ClickHouse reads it.

Values are bound on the server, as ``{name:Type}``; what is bound is a text in ClickHouse's escaped
form, the same for every transport.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

__all__ = ["IOT", "Bound", "bound", "in_database", "numbered", "statements"]

IOT = "iot"
"""The database that our files, and statements of users, name; it may be called otherwise."""

Bound = dict[str, str]
"""Parameters by their names, as texts."""

_PARAMETER = re.compile(r"\{(\w+):\s*(Array)?")
_ENDS = re.compile(r";[ \t]*(?:\n|\Z)")
_COMMENTS = re.compile(r"(?:[ \t]*--[^\n]*\n|\s+)*")
_PASSED_OVER = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`\\]|\\.)*`|--[^\n]*|/\*.*?\*/"
_OURS = re.compile(rf"{_PASSED_OVER}|\b{IOT}\.(?=\w)", re.DOTALL)
_PLACES = re.compile(rf"{_PASSED_OVER}|\?", re.DOTALL)
_ESCAPES = str.maketrans(
    {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": r"\0", "'": r"\'"}
)


def statements(text: str) -> Iterator[str]:
    """The statements of one of our files, which end where a line ends in a semicolon."""
    for statement in _ENDS.split(text):
        if statement[_COMMENTS.match(statement).end() :]:  # type: ignore[union-attr]
            yield statement.strip()


def in_database(statement: str, database: str) -> str:
    """The statement with ``database`` where it names ``iot``, texts and comments apart."""
    if database == IOT:
        return statement
    return _OURS.sub(lambda it: f"`{database}`." if it[0] == f"{IOT}." else it[0], statement)


def bound(statement: str, values: Mapping[str, Any]) -> Bound:
    """Those of the values that a statement names; one that nobody gave is NULL."""
    return {
        name: _text([None] if is_list and values.get(name) is None else values.get(name))
        for name, is_list in _PARAMETER.findall(statement)
    }


def numbered(statement: str, values: Sequence[Any]) -> tuple[str, Bound]:
    """A user's statement whose question marks are parameters, and these.

    Raises ValueError where there are not as many marks as values.
    """
    given, names = list(values), iter(range(len(values)))

    def place(found: re.Match[str]) -> str:
        if found[0] != "?":
            return found[0]
        number = next(names, None)
        if number is None:
            raise ValueError("more question marks than values")
        return f"{{p{number}:{_type(given[number])}}}"

    written = _PLACES.sub(place, statement)
    if next(names, None) is not None:
        raise ValueError("more values than question marks")
    return written, {f"p{number}": _text(value) for number, value in enumerate(given)}


def _type(value: Any) -> str:
    """The type that a value of a user's is bound as."""
    if value is None:
        return "Nullable(String)"
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "String")


_TYPES = (  # a bool is an int, a datetime a date: the narrower come first
    (bool, "Bool"),
    (int, "Int64"),
    (float, "Float64"),
    (Decimal, "Decimal(38, 12)"),
    (datetime, "DateTime64(6, 'UTC')"),
    (date, "Date32"),
)


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{','.join('NULL' if each is None else _quoted(each) for each in value)}]"
    return r"\N" if value is None else _plain(value).translate(_ESCAPES)


def _quoted(value: Any) -> str:
    text = _plain(value).translate(_ESCAPES)
    return text if isinstance(value, (bool, int, float, Decimal)) else f"'{text}'"


def _plain(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.replace(tzinfo=None).isoformat(" ")
        case Decimal():
            return f"{value:f}"
    return str(value)
