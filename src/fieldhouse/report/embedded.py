"""The data that a page carries, so that its pictures can be zoomed without asking anyone.

JSON of whole numbers, most of them small differences, deflated: about two bytes a number.
"""

import base64
import math
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import msgspec
import numpy as np

from fieldhouse.report.figure import Figure, Floats, Instants, Line, Panel, datetime_of
from fieldhouse.report.words import clean
from fieldhouse.times import offsets_of

__all__ = ["content", "decimals", "given_decimals", "packed"]

_DIGITS = 4
"""Digits of a line's usual range that are kept, at least; the eye sees three."""
_MOST_DIGITS = 15
"""Digits that a number of JavaScript's holds."""
_EPOCH = datetime(1970, 1, 1)


def packed(figures: Mapping[str, Figure], groups: Mapping[str, str]) -> str:
    """Figures by their elements' ids, as text; those of one group are zoomed together."""
    text = msgspec.json.encode(content(figures, groups))
    return base64.b64encode(zlib.compress(text, 6)).decode()


def content(figures: Mapping[str, Figure], groups: Mapping[str, str]) -> dict[str, Any]:
    """The same as JSON's values."""
    zones = [(figure.zone, figure.start, figure.end) for figure in figures.values()]
    return {
        "offsets": _offsets(zones),
        "figures": [
            {
                "id": id_,
                "group": groups[id_],
                "start": figure.start // 1000,
                "end": figure.end // 1000,
                "panels": [_panel(panel) for panel in figure.panels],
            }
            for id_, figure in figures.items()
        ],
    }


def _offsets(spans: Sequence[tuple[tzinfo, int, int]]) -> list[list[int]]:
    """Since when (milliseconds) clocks are how many seconds ahead of UTC."""
    if not spans:
        return [[0, 0]]
    zone = spans[0][0]
    start, end = min(s for _, s, _ in spans), max(e for _, _, e in spans)
    first, last = (datetime_of(at, UTC).replace(tzinfo=None) for at in (start, end))
    return [
        [(offset.start - _EPOCH) // timedelta(milliseconds=1), offset.seconds]
        for offset in offsets_of(zone, first, last)
    ]


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "title": clean(panel.title),
        "unit": clean(panel.unit),
        "heading": panel.has_heading,
        "bounds": panel.bounds,
        "lines": [
            {
                "name": clean(line.name),
                "levels": [_level(level) for level in _levels(line)],
                **({"forecast": True} if line.is_forecast else {}),
            }
            for line in panel.lines
        ],
        "marks": [[m.at // 1000, m.value, clean(m.note), m.kind.value] for m in panel.marks],
        "shades": [
            [s.kind.value, s.start // 1000, s.end // 1000, clean(s.note)] for s in panel.shades
        ],
        "boundaries": [[b.at // 1000, clean(b.label)] for b in panel.boundaries],
    }


def _levels(line: Line) -> list[Line]:
    levels = [line]
    while levels[-1].finer is not None:
        levels.append(levels[-1].finer)
    return levels


def _level(line: Line) -> dict[str, Any]:
    """A line's columns: times in units, values times a scale, each less the one before."""
    starts, widths = line.start // 1000, (line.end - line.start) // 1000
    unit = int(np.gcd.reduce(np.concatenate([starts, widths]))) or 1
    scale = 10.0 ** decimals(line)
    mean, least, greatest = (
        np.round(values * scale).astype(np.int64)
        for values in (line.mean, line.least, line.greatest)
    )
    return {
        "unit": unit,
        "scale": scale,
        "at": _steps(starts // unit),
        "width": _steps(widths // unit),
        "count": _steps(line.count),
        "mean": _steps(mean),
        "below": (mean - least).tolist(),
        "above": (greatest - mean).tolist(),
    }


def _steps(column: Instants) -> list[int]:
    steps: list[int] = np.diff(column, prepend=0).tolist()
    return steps


def decimals(line: Line) -> int:
    """How many decimals are kept: as many as tell the line's usual values apart."""
    if not len(line):
        return 0
    reach = float(np.abs(np.concatenate([line.least, line.greatest])).max())
    low, high = np.quantile(line.mean, [0.02, 0.98])
    wanted = _DIGITS - math.floor(math.log10(float(high - low))) - 1 if high > low else 6
    most = _MOST_DIGITS - math.ceil(math.log10(reach + 1))
    return max(0, min(wanted, most, 6, given_decimals(line) + 1))


def given_decimals(line: Line) -> int:
    """How many decimals a line's readings have, 6 at the most."""
    return max((_given(column) for column in (line.least, line.greatest)), default=0)


def _given(values: Floats) -> int:
    some = values[:: max(1, len(values) // 5000)]
    for places in range(6):
        if (np.abs(some - np.round(some, places)) <= np.abs(some) * 1e-15 + 1e-9).all():
            return places
    return 6
