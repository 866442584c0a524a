"""What rules make of readings, worked out once more, in whole numbers, from the guide alone."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from warehouse_kit import DAY, HOUR

FIELDS = range(1, 9)
LAST = 10**18 - 1

Values = Mapping[int, int | None]
"""A value by its field, in millionths."""


class Known(NamedTuple):
    """A reading as it was sent."""

    epoch: int
    entry_id: int
    at: datetime


class Counted(NamedTuple):
    """A reading as it counts."""

    at: datetime
    epoch: int
    entry_id: int
    values: Values


@dataclass(frozen=True)
class Told:
    """A rule as the test has it: ``meets`` is the condition, ``scale`` in 10^-12."""

    kind: str
    field: int | None
    start: datetime
    end: datetime
    text: str | None = None
    meets: Callable[[int], bool] = lambda _: True
    scale: int = 10**12
    offset: int = 0
    shift: timedelta = timedelta(0)


@dataclass
class Model:
    """What a channel holds, and the rules about it by their numbers."""

    sent: dict[Known, dict[int, int]] = field(default_factory=dict)
    gone: set[Known] = field(default_factory=set)
    superseded: set[Known] = field(default_factory=set)
    rules: dict[int, Told] = field(default_factory=dict)
    epoch: int = 1

    def load(self, entry_id: int, at: datetime, values: Mapping[int, int]) -> None:
        """A reading comes, for the first time or again."""
        key = Known(self.epoch, entry_id, at)
        held = self.sent.get(key)
        brings = held is None or any(held.get(n) != value for n, value in values.items())
        if brings or key in self.gone:
            self.superseded |= {k for k in self.sent if k.at == at and k.epoch < key.epoch}
        self.gone.discard(key)
        self.sent.setdefault(key, {}).update(values)

    def counted(self, rules: Mapping[int, Told] | None = None) -> list[Counted]:
        """The readings that count, in the order of time."""
        rules = self.rules if rules is None else rules
        there = (key for key in self.sent if key not in self.gone | self.superseded)
        found = (_ruled(key, self.sent[key], rules) for key in there)
        return sorted((c for c in found if c), key=lambda c: c[:3])


def _ruled(key: Known, sent: Values, rules: Mapping[int, Told]) -> Counted | None:
    values = {n: sent.get(n) for n in FIELDS}
    shift, is_out, is_taken = timedelta(0), False, False
    for _, rule in sorted(rules.items()):
        if not rule.start <= key.at < rule.end:
            continue
        shift += rule.shift
        if rule.kind == "shift":
            continue
        is_out |= rule.kind == "exclude" and rule.field is None and rule.text is None
        for n in [rule.field] if rule.field else FIELDS:
            value = values[n]
            if value is not None and rule.meets(value):
                is_taken |= rule.kind == "exclude"
                values[n] = None if rule.kind == "exclude" else scaled(value, rule)
    if is_out or (is_taken and all(value is None for value in values.values())):
        return None
    return Counted(key.at + shift, key.epoch, key.entry_id, values)


def scaled(value: int, rule: Told) -> int | None:
    """In millionths; half of one goes away from zero."""
    exact = value * rule.scale + rule.offset * 10**12
    whole, rest = divmod(abs(exact), 10**12)
    rounded = whole + (2 * rest >= 10**12)
    return None if rounded > LAST else rounded if exact > 0 else -rounded


UNITS = {"HOURLY": HOUR, "DAILY": DAY, "WEEKLY": 7 * DAY}


def periods(counted: Iterable[Counted], kind: str) -> dict[datetime, dict[str, Any]]:
    """The aggregates by the begin of their periods; means and deviations as floats."""
    grouped: dict[datetime, list[Counted]] = {}
    for reading in counted:
        begin = datetime(1, 1, 1) + (reading.at - datetime(1, 1, 1)) // UNITS[kind] * UNITS[kind]
        grouped.setdefault(begin, []).append(reading)
    return {begin: _statistics(group) for begin, group in grouped.items()}


def _statistics(group: list[Counted]) -> dict[str, Any]:
    made: dict[str, Any] = {"ReadingCount": len(group)}
    for n in FIELDS:
        values = [v for c in group if (v := c.values[n]) is not None]
        least = min(values, default=0)
        off = np.array([v - least for v in values], dtype=float) / 1e6
        made |= {
            f"Field{n}Avg": sum(values) / len(values) / 1e6 if values else None,
            f"Field{n}Min": decimal(min(values)) if values else None,
            f"Field{n}Max": decimal(max(values)) if values else None,
            f"Field{n}StdDev": float(off.std(ddof=1)) if len(values) > 1 else None,
            f"Field{n}Count": len(values),
        }
    return made


def far_off(counted: Iterable[Counted], n: int, a: datetime) -> set[tuple[int, int]]:
    """Epoch and entry of the anomalies of a field in the thirty days before an instant."""
    near = [c for c in counted if a - 30 * DAY <= c.at < a and c.values[n] is not None]
    if len(near) < 2:
        return set()
    least = min(c.values[n] or 0 for c in near)
    off = np.array([(c.values[n] or 0) - least for c in near], dtype=float)
    spread = off.std(ddof=1)
    distances = np.abs(off - off.mean())
    return {
        (c.epoch, c.entry_id)
        for c, distance in zip(near, distances, strict=True)
        if spread > 0 and distance > 3 * spread
    }


def quality(counted: list[Counted], day: date, ranges: Mapping[int, tuple[int, int]]) -> list[int]:
    """A day's readings: how many, without any value, out of range, with an anomaly."""
    begin = datetime.combine(day, time.min)
    today = [c for c in counted if begin <= c.at < begin + DAY]
    odd = {entry for n in FIELDS for entry in far_off(counted, n, begin + DAY)}
    return [
        len(today),
        sum(all(value is None for value in c.values.values()) for c in today),
        sum(
            (v := c.values[n]) is not None and not low <= v <= high
            for c in today
            for n, (low, high) in ranges.items()
        ),
        sum((c.epoch, c.entry_id) in odd for c in today),
    ]


def decimal(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value).scaleb(-6)
