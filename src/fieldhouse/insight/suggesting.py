"""Ranges for fields, suggested and never applied: from their days, and from what they measure.

A field's days say how far it reaches where it is; its name and unit say what its like can be at
all. A value outside of a range counts as a fault in the quality score, so that a range should be
wide: it finds what cannot be, `anomalies` finds what is unusual.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

from fieldhouse.warehouse import Warehouse

__all__ = ["LEAST_DAYS", "Suggestion", "suggested"]

LEAST_DAYS = 14
"""Days with values that a field needs to speak for itself."""
_FAR = 3
"""Distances between the quarters of the days that a bound lies beyond them: Tukey's "far out"."""

_KINDS: Final[Sequence[tuple[str, str, float, float | None]]] = (
    # what it is; how it is called, or its unit; from; to (None: open)
    ("air temperature, °C", r"°c|\bcelsius\b|\btemp(erature|eratur)?\b", -90, 60),
    ("air temperature, °F", r"°f|\bfahrenheit\b", -130, 140),
    ("direction", r"\b(wind)? ?dir(ection)?\b|\bheading\b", 0, 360),
    ("humidity or moisture, %", r"\bhum(idity|idité)?\b|\bmoisture\b|%\s*rh|\brh\b", 0, 100),
    ("a share, %", r"\(\s*%\s*\)|\bpercent", 0, 100),
    ("air pressure, hPa", r"\bhpa\b|\bmbar\b|\bpressure\b", 850, 1090),
    ("wind, m/s", r"\bm/s\b|\bwind\b", 0, 115),
    ("rain, mm", r"\brain\b|\bprecipitation\b", 0, 2000),
    ("light, lx", r"\blx\b|\blux\b|\blight\b", 0, 200_000),
    ("CO₂, ppm", r"\bco2\b|co₂|\beco2\b", 250, 40_000),
    ("particles, µg/m³", r"\bpm ?(1|2[.,]5|10)\b|[µμu]g/m", 0, 2000),
    ("strength of a signal, dBm", r"\bdbm\b|\brssi\b", -150, 10),
    ("noise, dB", r"\bdb(a|\(a\))?\b|\bnoise\b", 0, 160),
    ("UV index", r"\buv\b", 0, 25),
    ("irradiance, W/m²", r"\bw/m(²|2)", 0, 1600),
    ("a voltage, V", r"\(\s*v\s*\)|\bvolt(s|age)?\b|\bbattery\b", 0, None),
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A range for a field, None where nothing speaks for one; why, in words.

    ``days`` it has values of, ``least`` and ``greatest`` of all of them. A bound that is None is
    open.
    """

    number: int
    label: str | None
    days: int
    least: Decimal
    greatest: Decimal
    low: Decimal | None
    high: Decimal | None
    why: str


def suggested(warehouse: Warehouse, channel_id: int) -> Iterator[Suggestion]:
    """What each field that has values could range over. Raises what the warehouse does."""
    rows = warehouse.query("channels").to_pylist()
    named: Mapping[str, Any] = next((r for r in rows if r["ChannelID"] == channel_id), {})
    for row in warehouse.query("daily_extremes", channel_id=channel_id).to_pylist():
        label = named.get(f"Field{row['FieldNumber']}Name")
        yield _suggestion(row, label)


def _suggestion(row: Mapping[str, Any], label: str | None) -> Suggestion:
    kind = _kind_of(label or "", row)
    rests = row["HighQuarter"] == row["Least"]  # rain, most days: what comes then, they do not say
    reach = _reach(row) if row["Days"] >= LEAST_DAYS and not rests else None
    low, high = _both(kind, reach)
    why = "; ".join(
        [
            *([kind[0]] if kind else []),
            f"{row['Days']} days"
            + ("" if row["Days"] >= LEAST_DAYS else f", {LEAST_DAYS} are needed to go by")
            + (", mostly at rest" if rests else ""),
        ]
    )
    return Suggestion(
        row["FieldNumber"], label, row["Days"], row["Least"], row["Greatest"], low, high, why
    )


def _kind_of(label: str, row: Mapping[str, Any]) -> tuple[str, Decimal, Decimal | None] | None:
    """What a field measures by its label; not where most of its days contradict it."""
    for what, pattern, least, greatest in _KINDS:
        if not re.search(pattern, label, re.IGNORECASE):
            continue
        low, high = Decimal(str(least)), None if greatest is None else Decimal(str(greatest))
        if low <= row["LowQuarter"] and (high is None or row["HighThreeQuarters"] <= high):
            return what, low, high
    return None


def _reach(row: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    """As far from the days' quarters as no usual day gets, in two digits, outwards."""
    low, high = row["LowQuarter"], row["HighThreeQuarters"]
    spread = max(row["LowThreeQuarters"] - low, high - row["HighQuarter"], (high - low) / 3)
    margin = _FAR * spread
    step = Decimal(1).scaleb((margin or abs(high) or Decimal(1)).adjusted() - 1)
    return (
        _stepped(low - margin, step, ROUND_FLOOR),
        _stepped(high + margin, step, ROUND_CEILING),
    )


def _stepped(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return ((value / step).to_integral_value(rounding) * step).normalize() + 0


def _both(
    kind: tuple[str, Decimal, Decimal | None] | None, reach: tuple[Decimal, Decimal] | None
) -> tuple[Decimal | None, Decimal | None]:
    """The narrower bound of each side."""
    if kind is None:
        return reach or (None, None)
    _, low, high = kind
    if reach is None:
        return low, high
    return max(low, reach[0]), reach[1] if high is None else min(high, reach[1])
