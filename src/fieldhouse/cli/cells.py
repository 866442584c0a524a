"""The values of a column as text, all at once: for CSV, and for JSON (pure)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fieldhouse.cli import values

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["as_json", "listed", "separated"]

_NOUGHTS = ((r"\.0+(Z?)$", r"\1"), (r"(\.\d*[1-9])0+(Z?)$", r"\1\2"))
"""What ends a decimal or a time, and says nothing."""
_PLAIN_SCALE = 6
"""Beyond so many places Arrow writes exponents, 0E-12, as of a product of two readings."""
_BETWEEN = r"([0-9]) ([0-9])"
"""Where a day ends and a clock begins; what is beyond all calendars has words in its place."""


def separated(column: "pa.Array", separator: str) -> "pa.Array":
    """As fields of CSV: no value is nothing, an empty text ``""``; quotes where they are needed."""
    import pyarrow as pa
    from pyarrow import compute, types

    said = _written(column)
    if said is None:
        said = _each(column, values.text)
    if not types.is_string(column.type) and not types.is_nested(column.type):
        return compute.fill_null(said, "")
    doubled = compute.replace_substring(said, '"', '""')
    is_odd = compute.match_substring_regex(said, f'^$|["\\r\\n{separator}]')
    quoted = compute.binary_join_element_wise(pa.scalar('"'), doubled, pa.scalar('"'), "")
    return compute.fill_null(compute.if_else(is_odd, quoted, said), "")


def as_json(column: "pa.Array") -> "pa.Array":
    """As JSON's values, as ``values.json_text`` writes each."""
    from pyarrow import compute, types

    kind, said = column.type, _written(column)
    if said is None or types.is_string(kind):
        said = _each(column, values.json_text)
    elif types.is_floating(kind):
        said = compute.if_else(compute.is_finite(column), said, _each(column, values.json_text))
    elif types.is_timestamp(kind):
        said = _quoted(compute.replace_substring_regex(said, _BETWEEN, r"\1T\2"))
    elif types.is_date(kind) or types.is_time(kind):
        said = _quoted(said)
    return compute.fill_null(said, "null")


def _written(column: "pa.Array") -> "pa.Array | None":
    """In Arrow's own way, less noughts that say nothing; None where that will not do."""
    import pyarrow as pa
    from pyarrow import compute, types

    kind = column.type
    if types.is_timestamp(kind) and kind.tz not in (None, "UTC"):
        return None
    if types.is_decimal(kind) and kind.scale > _PLAIN_SCALE:
        return None
    if types.is_timestamp(kind) or types.is_decimal(kind) or types.is_time(kind):
        said = column.cast(pa.string())
        for pattern, instead in _NOUGHTS:
            said = compute.replace_substring_regex(said, pattern, instead)
        return said
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind):
        return column.cast(pa.string())
    if types.is_string(kind) or types.is_date(kind):
        return column.cast(pa.string())
    return None


def _quoted(said: "pa.Array") -> "pa.Array":
    import pyarrow as pa
    from pyarrow import compute

    return compute.binary_join_element_wise(pa.scalar('"'), said, pa.scalar('"'), "")


def _each(column: "pa.Array", written: Callable[[object], str]) -> "pa.Array":
    """Value by value, each that is there once."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_string(column.type) or types.is_floating(column.type):
        known = column.dictionary_encode()
        said = [None if value is None else written(value) for value in known.dictionary.to_pylist()]
        return pa.array(said, pa.string()).take(known.indices)
    found = (None if value is None else written(value) for value in listed(column))
    return pa.array(list(found), pa.string())


def listed(column: "pa.Array") -> list[Any]:
    """Its values as Python has them; a time that no calendar of Python's has, as text."""
    try:
        found: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        return [_known(value) for value in column]
    return found


def _known(value: "pa.Scalar") -> Any:
    import pyarrow as pa

    try:
        return value.as_py()
    except (ValueError, OverflowError):
        if isinstance(value, pa.ListScalar):
            return listed(value.values)
        if isinstance(value, pa.StructScalar):
            return {name: _known(each) for name, each in value.items()}
        return values.Whole(value.cast(pa.string()))
