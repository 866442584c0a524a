"""Whether a field's days rise or fall, how sure that is, and where their level changed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, pairwise
from statistics import fmean
from typing import Any, NamedTuple

import pyarrow as pa

from fieldhouse.warehouse import Warehouse

__all__ = ["TENDENCIES", "tendencies_of", "told"]

Row = Mapping[str, Any]
_FLOATS = ("S", "Variance", "Z", "P", "Tau", "Slope", "Intercept", "SlopeLow", "SlopeHigh")
TENDENCIES = pa.schema(
    [
        ("Method", pa.string()),
        ("Unit", pa.string()),
        ("Points", pa.int64()),
        *((name, pa.float64()) for name in _FLOATS),
        ("ChangeAt", pa.date32()),
        ("LevelBefore", pa.float64()),
        ("LevelAfter", pa.float64()),
    ]
)
"""A row for each test; of a change of level (PETTITT) S is Pettitt's K. Slopes are by the unit."""

_MOST_DAYS = 1100
"""Pairs of days grow with their square; and what lasts for three years is better told by months."""
_SURE = 0.05
_CHANGED = 0.01
_LEAST = 7
"""Points that a level has at the least, before and after it changes."""
_ROUNDS = 3
_VERDICTS = ("HAMED_RAO", "MANN_KENDALL")


class _Unit(NamedTuple):
    name: str
    period: int
    season: str


_DAY = _Unit("day", 7, "weekdays")
_MONTH = _Unit("month", 12, "months")
_UNITS = {unit.name: unit for unit in (_DAY, _MONTH)}


class _Point(NamedTuple):
    day: date
    place: int
    amount: float


def tendencies_of(warehouse: Warehouse, days: Sequence[Row]) -> pa.Table:
    """The tests over the daily means that ``trend_of`` tells, as ``TENDENCIES``.

    Beyond three years they are those of the months' means of these. Means are taken at six
    decimals, like the readings: a float's last digit makes no difference of two days. Less than
    three have no tests. Raises what the warehouse does.
    """
    points, unit = _points(days)
    rows = [
        {**row, "Unit": unit.name}
        for row in _asked(warehouse, "trend_tests", [points], period=unit.period)
    ]
    changes = [{**row, "Unit": unit.name} for row in _changes(warehouse, points)]
    return pa.Table.from_pylist(rows + changes, TENDENCIES)


def _points(days: Sequence[Row]) -> tuple[list[_Point], _Unit]:
    known = [(row["ReadingDate"], row["AvgValue"]) for row in days]
    if not known or (known[-1][0] - known[0][0]).days < _MOST_DAYS:
        return [_Point(day, day.toordinal(), round(mean, 6)) for day, mean in known], _DAY
    months = [
        (month, [mean for _, mean in held])
        for month, held in groupby(known, lambda row: row[0].replace(day=1))
    ]
    return [
        _Point(month, month.year * 12 + month.month, round(fmean(means), 6))
        for month, means in months
    ], _MONTH


def _asked(
    warehouse: Warehouse, question: str, series: Sequence[Sequence[_Point]], **more: Any
) -> list[dict[str, Any]]:
    """A question about some series at once."""
    held = [(number, point) for number, points in enumerate(series) for point in points]
    found: list[dict[str, Any]] = warehouse.query(
        question,
        series=[number for number, _ in held],
        places=[point.place for _, point in held],
        amounts=[point.amount for _, point in held],
        **more,
    ).to_pylist()
    return found


def _changes(warehouse: Warehouse, points: Sequence[_Point]) -> list[dict[str, Any]]:
    """Where the level changed, by time; each level is that between two changes."""
    found = sorted(_found(warehouse, points), key=lambda change: change[0])
    cuts = [0, *(at for at, _ in found), len(points)]
    levels = [fmean(point.amount for point in points[a:b]) for a, b in pairwise(cuts) if a < b]
    return [
        {
            "Method": "PETTITT",
            "Points": row["Points"],
            "S": row["K"],
            "P": row["P"],
            "ChangeAt": points[at].day,
            "LevelBefore": before,
            "LevelAfter": after,
        }
        for (at, row), (before, after) in zip(found, pairwise(levels), strict=True)
    ]


def _found(warehouse: Warehouse, points: Sequence[_Point]) -> Iterator[tuple[int, Row]]:
    """The number of each new level's first point: of all, then of the parts before and after."""
    parts = [(0, len(points))]
    for _ in range(_ROUNDS):
        parts = [(begin, end) for begin, end in parts if end - begin >= 2 * _LEAST]
        if not parts:
            return
        rows = _asked(warehouse, "trend_changes", [points[begin:end] for begin, end in parts])
        rest = []
        for row in rows:
            begin, end = parts[row["Series"]]
            at = next(n for n in range(begin, end) if points[n].place == row["ChangeAt"])
            if row["P"] < _CHANGED and begin + _LEAST <= at <= end - _LEAST:
                yield at, row
                rest += [(begin, at), (at, end)]
        parts = rest


def told(tendencies: pa.Table) -> Iterator[str]:
    """What the tests say, a line each: the verdict, the same without seasons, the changes."""
    rows = tendencies.to_pylist()
    of = {row["Method"]: row for row in rows if row["Method"] != "PETTITT"}
    verdict = next(
        (of[name] for name in _VERDICTS if name in of and of[name]["P"] is not None), None
    )
    if verdict is None:
        return
    if verdict["P"] < _SURE:
        yield f"{_direction(verdict)} {_sized(verdict)}"
    else:
        yield f"neither rises nor falls for sure: {_sized(verdict)}"
    seasonal = of.get("SEASONAL")
    if seasonal and seasonal["P"] is not None:
        yield f"{_UNITS[seasonal['Unit']].season} apart: {_sized(seasonal)}"
    for row in rows:
        if row["Method"] == "PETTITT":
            yield (
                f"another level from {row['ChangeAt']} on: {row['LevelBefore']:.4g} before,"
                f" {row['LevelAfter']:.4g} after ({_chance(row['P'])})"
            )


def _direction(row: Row) -> str:
    return "rises" if row["S"] > 0 else "falls"


def _sized(row: Row) -> str:
    low, high = row["SlopeLow"], row["SlopeHigh"]
    interval = "" if low is None else f"95 %: {low:.3g} … {high:.3g}; "  # few days have none
    return f"{row['Slope']:.3g} a {row['Unit']} ({interval}{_chance(row['P'])})"


def _chance(p: float) -> str:
    return "p < 0.0001" if p < 0.0001 else f"p {p:.2g}"
