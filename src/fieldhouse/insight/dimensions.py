"""How good readings are in the six usual ways, each with what speaks for it, in words.

A score says how bad a day was; this says in which way, and where. What cannot be computed has no
share, and the reason says why.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa

from fieldhouse.insight.unusual import length_text
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.questions import QUERIES

__all__ = ["DIMENSIONS", "dimensions_of", "share_text"]

_QUESTION = "quality_dimensions"
_REASON = pa.field("Reason", pa.string())
DIMENSIONS = QUERIES[_QUESTION].columns.append(_REASON)
"""What ``dimensions_of`` tells: a row for the channel (field 0), or one of its fields."""
Row = Mapping[str, Any]
_LEAST_LATE = timedelta(minutes=10)


def dimensions_of(
    warehouse: Warehouse,
    channel_id: int,
    *,
    start: datetime | None,
    end: datetime | None,
    as_of: datetime,
) -> pa.Table:
    """The columns of ``quality_dimensions`` over ``[start, end)``, and why; naive UTC.

    A bound that is None is open; nothing after ``as_of`` is looked at. Raises what the warehouse
    does.
    """
    given = {"start_at": start, "end_at": end, "as_of": as_of}
    found = warehouse.query(_QUESTION, channel_id=channel_id, **given)
    reasons = [_reason(row) for row in found.to_pylist()]
    return found.append_column(_REASON, pa.array(reasons, pa.string()))


def share_text(row: Row) -> str | None:
    """A share in per cent, rounded down: 100 says that nothing is broken.

    >>> share_text({"Checked": 1_000_000, "Broken": 1}), share_text({"Checked": 0, "Broken": 0})
    ('99.99 %', None)
    """
    if not row["Checked"]:
        return None
    hundredths = (row["Checked"] - row["Broken"]) * 10_000 // row["Checked"]
    return f"{hundredths / 100:.2f} %"


def _reason(row: Row) -> str:
    """What speaks for a share; or why there is none."""
    return _SAID[row["Dimension"]](row)


def _completeness(row: Row) -> str:
    if not row["Checked"] and row["UsualSeconds"]:
        return "nothing was expected in this span"
    if not row["Checked"]:
        return "no usual distance is known: that takes eleven readings in thirty days"
    expected = f"expected one every {_length(row['UsualSeconds'])}"
    if not row["Broken"]:
        return f"{expected}: all are there"
    longest = _length((row["WorstTo"] - row["WorstFrom"]).total_seconds())
    return f"{expected}: {_of(row)} are absent, the longest gap is {longest}"


def _validity(row: Row) -> str:
    if not row["Checked"]:
        return "no value in this span"
    lost = (
        ("OutOfRange", "outside of the range"),
        ("Untyped", "no number"),
        ("Rounded", "with more digits than are kept"),
    )
    said = [f"{row[name]:,} {words}" for name, words in lost if row[name]]
    told = f"of {row['Checked']:,} values {', '.join(said)}" if said else "all are numbers"
    if row["IsRanged"]:
        return told if said else "all are numbers within their range"
    return f"{told}; {_UNRANGED[row['FieldNumber'] > 0]}"


_UNRANGED = ("not every field has a range", "no range is set, so nothing is outside of one")


def _timeliness(row: Row) -> str:
    if not row["Checked"]:
        return (
            "nothing was made after the channel was first read, by a usual distance that is known"
        )
    limit = max(_LEAST_LATE, timedelta(seconds=3 * (row["UsualSeconds"] or 0)))
    return f"{_of(row)} came later than {_length(limit.total_seconds())} after they were made"


def _uniqueness(row: Row) -> str:
    if not row["Checked"]:
        return "no reading in this span"
    return f"{_of(row)} repeat another one of the same instant"


def _consistency(row: Row) -> str:
    if not row["Checked"]:
        return f"no field comes with {'it' if row['FieldNumber'] else 'another one'} on most days"
    which = "it is" if row["FieldNumber"] else "a field that belongs there is"
    where = f"{row['Checked']:,} where another has a value with which it comes"
    if not row["Broken"]:
        return f"{which} there in all {where}"
    return f"{which} missing in {row['Broken']:,} of {where}"


def _plausibility(row: Row) -> str:
    if not row["Checked"]:
        return "not judged, or not known for two weeks yet"
    return f"{_of(row)} lie where something is unusual"


def _of(row: Row) -> str:
    return f"{row['Broken']:,} of {row['Checked']:,}" if row["Broken"] else "none"


def _length(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 120 else length_text(seconds)


_SAID: Final[Mapping[str, Callable[[Row], str]]] = {
    "COMPLETENESS": _completeness,
    "VALIDITY": _validity,
    "TIMELINESS": _timeliness,
    "UNIQUENESS": _uniqueness,
    "CONSISTENCY": _consistency,
    "PLAUSIBILITY": _plausibility,
}
