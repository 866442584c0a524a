"""What is known of fields, and what was found unusual, as ClickHouse keeps it (pure).

Other engines have a row for each item of a model and for each spell; here a field's day is a row of
arrays, and a day's spells are one row.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final

import pyarrow as pa

from fieldhouse.readings import DECIMAL
from fieldhouse.warehouse.kept import KEPT

__all__ = ["SHAPED"]

_KNOWN: Final = (
    *("Least", "Greatest", "Days", "Readings", "Ups", "Downs", "LongestRun", "Silences"),
    *("LastValue", "LastAt", "LastRunAt", "Nature", "GreatestRise", "LongestOther"),
    *("Zeros", "Ones", "Turns"),
)
"""The items of the measure KNOWN, from 0 on."""
_STEPS = range(17, 21)
_SUMS: Final = {"Sines": 21, "Cosines": 22}
_WEEKS: Final = {"Week": 23, "Older": 24, "OlderSpread": 25}
_RIGHTS = range(26, 34)
"""Lows and highs in turn, of values, silences, falls and weeks."""
_COUNTS = ("Days", "Readings", "Ups", "Downs", "Silences", "Nature", "Zeros", "Ones", "Turns")
_BINS = 64
_LISTS = ("Levels", "Spreads", "Last", "Steps", "RightLows", "RightHighs")
_FLOATS, _LONGS = pa.list_(pa.float64()), pa.list_(pa.int64())
_MODELS = pa.schema(
    [
        ("ChannelID", pa.int64()),
        ("Day", pa.date32()),
        ("FieldNumber", pa.int32()),
        *((name, _FLOATS) for name in _LISTS),
        *((name, _LONGS) for name in ("Far", "Lean")),
        *((name, pa.int64() if name in _COUNTS else pa.float64()) for name in _KNOWN),
        *((name, pa.float64()) for name in (*_SUMS, *_WEEKS)),
        ("Version", pa.uint64()),
    ]
)
_SPELL = pa.struct(
    [
        pa.field(field.name, DECIMAL if field.name == "Value" else field.type)
        for field in KEPT["AnomalySpells"].columns
        if field.name not in ("ChannelID", "Day")
    ]
)
_FINDINGS = pa.schema(
    [
        ("ChannelID", pa.int64()),
        ("Day", pa.date32()),
        ("Spells", pa.list_(_SPELL)),
        ("Version", pa.uint64()),
    ]
)
Items = Mapping[str, Mapping[int, float]]


def _models(rows: pa.Table, version: int) -> pa.Table:
    """A row a field and day, of the items of its measures."""
    found: dict[tuple[Any, ...], dict[str, dict[int, float]]] = {}
    for row in rows.to_pylist():
        for number in range(1, 9):
            amount = row[f"Field{number}"]
            if amount is not None:
                key = row["ChannelID"], row["Day"], number
                items = found.setdefault(key, defaultdict(dict))
                items[row["Measure"]][row["Item"]] = amount
    made = [
        {"ChannelID": channel_id, "Day": day, "FieldNumber": number, "Version": version}
        | _model(items)
        for (channel_id, day, number), items in found.items()
    ]
    return pa.Table.from_pylist(made, _MODELS)


def _model(items: Items) -> dict[str, Any]:
    told = items["KNOWN"]
    known = {name: told.get(item) for item, name in enumerate(_KNOWN)}
    counts = {name: int(known[name] or 0) for name in _COUNTS}
    last = items["LAST"]
    return {
        **known,
        **counts,
        **{name: told.get(item, 0.0) for name, item in _SUMS.items()},
        **{name: told.get(item) for name, item in _WEEKS.items()},
        "Steps": [told[item] for item in _STEPS if item in told],
        "RightLows": [told.get(item, math.nan) for item in _RIGHTS[::2]],
        "RightHighs": [told.get(item, math.nan) for item in _RIGHTS[1::2]],
        "Levels": [items["LEVEL"][hour] for hour in sorted(items["LEVEL"])],
        "Spreads": [items["SPREAD"][hour] for hour in sorted(items["SPREAD"])],
        "Far": [int(items["FAR"].get(place, 0)) for place in range(_BINS)],
        "Lean": [int(items["LEAN"].get(place, 0)) for place in range(_BINS)],
        "Last": [last.get(item, math.nan) for item in range(max(last, default=0), 0, -1)],
    }


def _taken_back(rows: pa.Table, version: int) -> pa.Table:
    """Up to which day each channel had been judged, where a label has taken models back.

    That day has no spells by this; where it has some, theirs is a row of a later version.
    """
    del version
    made = [
        {"ChannelID": row["ChannelID"], "Day": row["RewoundFrom"], "Spells": [], "Version": 0}
        for row in rows.to_pylist()
        if row["RewoundFrom"]
    ]
    return pa.Table.from_pylist(made, _FINDINGS)


def _days(rows: pa.Table, version: int) -> pa.Table:
    """A row a day, of its spells."""
    found: dict[tuple[Any, Any], list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        found.setdefault((row.pop("ChannelID"), row.pop("Day")), []).append(row)
    made = [
        {"ChannelID": channel_id, "Day": day, "Spells": spells, "Version": version}
        for (channel_id, day), spells in found.items()
    ]
    return pa.Table.from_pylist(made, _FINDINGS)


SHAPED: Final[Mapping[str, Callable[[pa.Table, int], pa.Table]]] = {
    "AnomalyModels": _models,
    "AnomalyModelsKept": _models,
    "AnomalySpells": _days,
    "AnomalyChannels": _taken_back,
}
"""Rows of a kept table, with a version, as rows of the table that it is a view of."""
