"""Derived fields: computed in the warehouse as formulas say, and kept current, on every engine."""

import math
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from derived_kit import Reading, Value, dew_point, each, heat_index, last_known, rates
from warehouse_kit import FAR, HOUR, MINUTE, T0, batch, refresh, row, rows_of

from fieldhouse import corrections
from fieldhouse.conditions import condition_of
from fieldhouse.corrections import Rule
from fieldhouse.derived import expressions, keeping, statement
from fieldhouse.derived.following import follow
from fieldhouse.derived.keeping import Wanted
from fieldhouse.warehouse import Warehouse

NOW = datetime(2024, 3, 1)
STEP = 7 * MINUTE
DERIVED = -1


def told(house: Warehouse) -> None:
    """Two channels with labels, of which the second has half as many readings."""
    rng = random.Random(7)
    station = []
    for n in range(1, 301):
        values: dict[str, Any] = {
            "Field1": round(24 + 14 * math.sin(n / 20) + rng.gauss(0, 1), 3),
            "Field2": round(50 + 48 * math.sin(n / 33), 2),
            "Field3": (n * 5) % 700,
        }
        for name in [name for name in values if rng.random() < 0.1]:
            del values[name]
        station.append(row(n, T0 + n * STEP, **values))
    outside = [
        row(n, T0 + 2 * n * STEP, Field4=round(rng.gauss(5, 3), 3))
        for n in range(1, 151)
        if not 40 < n < 60
    ]
    house.load([batch(station), batch(outside, channel_id=12)])
    labels = {"field1": "Temperature (°C)", "field2": "Humidity", "field3": "Rain count"}
    house.call("upsert_channel", channel_id=9, name="Station", **labels)
    house.call("upsert_channel", channel_id=12, name="Outside", field4="T out")
    refresh(house)


FIELDS = {
    "Dew point": "dew_point(temperature, humidity)",
    "Heat index": "heat_index(Temperature, Humidity)",
    "Rain": 'rate("Rain count")',
    "Warmer than outside": 'temperature \N{MINUS SIGN} "T out"@12',
    "Ratio": "round(temperature / (humidity - 50), 2)",
    "State": "if(temperature > 30 and not (humidity < 20), 1, if(humidity >= 60 or field3 = 5, 2))",
    "Powers": "min(temperature, humidity)^2 + sqrt(max(humidity - 50, -1)) * ln(temperature)",
}


def declared(house: Warehouse) -> None:
    """A derived channel of all of these."""
    fields = [Wanted(label, expression) for label, expression in FIELDS.items()]
    made = keeping.declare(house, 9, fields, now=NOW)
    assert [(each.channel_id, each.field) for each in made] == [(DERIVED, n) for n in range(1, 8)]
    assert {each.sources for each in made} == {(9, 12)}


def counted(house: Warehouse, channel_id: int) -> list[Reading]:
    """The readings of a channel that count."""
    found = rows_of(
        house,
        "SELECT CreatedAt, Epoch, EntryID, Field1, Field2, Field3, Field4, Field5, Field6, Field7,"
        f" Field8 FROM iot.CurrentReadings WHERE ChannelID = {channel_id}"
        " ORDER BY CreatedAt, Epoch, EntryID",
    )
    return [
        Reading(
            r["CreatedAt"],
            r["Epoch"],
            r["EntryID"],
            {n: float(r[f"Field{n}"]) for n in range(1, 9) if r[f"Field{n}"] is not None},
        )
        for r in found
    ]


def wanted(house: Warehouse) -> dict[tuple[datetime, int, int], dict[int, float]]:
    """What the derived channel is to hold, computed apart."""
    base, other = counted(house, 9), counted(house, 12)
    outside = last_known(base, other, 4)
    columns: list[list[Value]] = [
        each(base, dew_point, 1, 2),
        each(base, heat_index, 1, 2),
        rates(base, 3),
        [_less(r.values.get(1), o) for r, o in zip(base, outside, strict=True)],
        each(base, lambda t, h: None if None in (t, h) or h == 50 else _round(t / (h - 50)), 1, 2),
        each(base, _state, 1, 2, 3),
        each(base, _powers, 1, 2),
    ]
    made = {}
    for place, reading in enumerate(base):
        values = {n: column[place] for n, column in enumerate(columns, 1)}
        there = {n: v for n, v in values.items() if v is not None and abs(v) < 1e12}
        if there:
            made[reading[:3]] = there
    return made


def _less(a: Value, b: Value) -> Value:
    return None if a is None or b is None else a - b


def _round(value: float) -> float:
    return math.copysign(math.floor(abs(value) * 100 + 0.5) / 100, value)


def _state(t: Value, h: Value, count: Value) -> Value:
    hot = _and(_gt(t, 30), None if h is None else not h < 20)
    if hot is None or hot:
        return None if hot is None else 1.0
    damp = None if h is None else h >= 60
    exact = None if count is None else count == 5
    either = True if damp or exact else None if damp is None or exact is None else False
    return 2.0 if either else None


def _gt(a: Value, b: float) -> bool | None:
    return None if a is None else a > b


def _and(a: bool | None, b: bool | None) -> bool | None:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def _powers(t: Value, h: Value) -> Value:
    if t is None or h is None or t <= 0 or h < 50:
        return None
    return min(t, h) ** 2 + math.sqrt(max(h - 50, -1)) * math.log(t)


def is_current(house: Warehouse) -> int:
    """Whether the derived readings are what they are to be; how many there are."""
    due, held = wanted(house), {r[:3]: r.values for r in counted(house, DERIVED)}
    assert held.keys() == due.keys()
    for key, values in due.items():
        assert held[key] == pytest.approx(values, rel=1e-9, abs=1.01e-6), key
    return len(held)


def test_derived_fields_are_what_their_formulas_say_and_stay_so(warehouse: Warehouse) -> None:
    """Values are those computed apart; they follow loads, corrections, withdrawals and new lives.

    What is made of them follows too: aggregates are those of what is held.
    """
    told(warehouse)
    declared(warehouse)
    assert is_current(warehouse) > 250
    # late data, and newer
    late = [row(400 + n, T0 + n * HOUR + 30 * MINUTE, Field1=33, Field2=90) for n in range(3)]
    newer = [row(301 + n, T0 + (301 + n) * STEP, Field3=900 + n) for n in range(5)]
    past = [row(n, T0 + 2 * n * STEP, Field4=n) for n in range(41, 60)]  # of the other channel
    warehouse.load([batch([*late, *newer]), batch(past, channel_id=12)])
    assert current(warehouse, [12]) == [DERIVED]
    is_current(warehouse)
    # corrections of the source: times that move, values that do not count; and one undone
    span = {"start": T0 + 10 * HOUR, "end": T0 + 13 * HOUR}
    shift = Rule(9, "shift", **span, shift=timedelta(hours=5))
    first = corrections.make(warehouse, shift, reason="r", by="b", now=NOW)
    is_current(warehouse)
    damp = Rule(9, "exclude", 2, condition=condition_of("> 90"))
    corrections.make(warehouse, damp, reason="r", by="b", now=NOW)
    is_current(warehouse)
    corrections.remove(warehouse, first.correction_id, by="b", now=NOW)
    is_current(warehouse)
    # entries that the source no longer has
    gone = [r for r in counted(warehouse, 9) if r.entry_id in (250, 251, 299)]
    warehouse.call(
        "settle_entries",
        channel_id=9,
        epoch=1,
        at=NOW,
        horizon=FAR,
        entry_ids=[r.entry_id for r in gone],
        created_ats=[r.at for r in gone],
        findings=["withdrawn"] * len(gone),
    )
    # a new life, some of which stands in the place of the old one's readings
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=NOW)
    again = [row(n, T0 + (100 + n) * STEP, Field1=n, Field2=70, Field3=n) for n in range(1, 20)]
    warehouse.load([batch(again, epoch=2)])
    current(warehouse, [9])
    is_current(warehouse)
    assert aggregated(warehouse) == pytest.approx(summed(warehouse))
    (state,) = warehouse.query("overview", channel_ids=[DERIVED]).to_pylist()
    assert state["NewestReading"] == max(r.at for r in counted(warehouse, DERIVED))


def current(house: Warehouse, channel_ids: Sequence[int]) -> list[int]:
    """Refresh, and have what is derived follow; which channels did."""
    refresh(house)
    return follow(house, channel_ids)


def aggregated(house: Warehouse) -> dict[datetime, float]:
    """The sums of the first derived field, by the hour, as they are kept."""
    found = house.query("aggregates", channel_id=DERIVED, aggregation_type="HOURLY").to_pylist()
    return {r["PeriodStart"]: r["Field1Avg"] * r["Field1Count"] for r in found if r["Field1Count"]}


def summed(house: Warehouse) -> dict[datetime, float]:
    """The same of the readings that are held."""
    sums: dict[datetime, float] = {}
    for reading in counted(house, DERIVED):
        if 1 in reading.values:
            hour = reading.at.replace(minute=0, second=0)
            sums[hour] = sums.get(hour, 0.0) + reading.values[1]
    return sums


def test_random_expressions_are_what_they_say(warehouse: Warehouse) -> None:
    """Whatever is written, of whatever values: the number that arithmetic has, or nothing."""
    rng = random.Random(3)
    pool = [0, 1, -1, 0.5, 100, -273.15, 0.000001, 999999999999, -999999999999, 50, None]
    rows = [
        row(n, **{f"Field{f}": v for f in (1, 2) if (v := rng.choice(pool)) is not None})
        for n in range(1, 41)
    ]
    warehouse.load([batch(rows)])
    base = counted(warehouse, 9)
    for _ in range(3):
        texts = {n: _written(rng, 4) for n in range(1, 9)}
        nodes = {n: expressions.read(text, 9, _numbered) for n, text in texts.items()}
        span = {"start": T0, "end": FAR, "reach": timedelta(0), "within": HOUR}
        asked, values = statement.select(nodes, 9, **span)
        found = {
            r["EntryID"]: r
            for r in warehouse.stream(asked, parameters=values).read_all().to_pylist()
        }
        for reading in base:
            for number, text in texts.items():
                due = _evaluated(text, reading.values)
                got = found.get(reading.entry_id, {}).get(f"Field{number}")
                if due is None or abs(due) > 0.99e12:
                    assert got is None or (due is not None and abs(due) < 1.01e12), (text, reading)
                else:
                    assert got == pytest.approx(due, rel=1e-9, abs=1e-9), (text, reading)


def _numbered(word: str, _: int) -> int:
    return int(word.removeprefix("field"))


def _written(rng: random.Random, depth: int) -> str:
    """An expression, at random."""
    if not depth or rng.random() < 0.15:
        return rng.choice(["field1", "field2", "2", "0.5", "100", "0"])
    a, b = _written(rng, depth - 1), _written(rng, depth - 1)
    kinds = [f"({a} {sign} {b})" for sign in "+-*/"]
    kinds += [f"{name}({a})" for name in ("abs", "sqrt", "exp", "ln", "sin", "floor", "round")]
    kinds += [f"min({a}, {b})", f"max({a}, {b})", f"if({a} > {b}, {a}, {b})", f"({a})^2", f"-{a}"]
    return rng.choice(kinds)


class _Number:
    """A number with the arithmetic of Python; what has no result is nothing, and stays it."""

    def __init__(self, value: float | None) -> None:
        usable = value is not None and math.isfinite(value) and abs(value) <= 1e150
        self.value = value if usable else None

    def __add__(self, other: "_Number") -> "_Number":
        return _of(lambda a, b: a + b, self, other)

    def __sub__(self, other: "_Number") -> "_Number":
        return _of(lambda a, b: a - b, self, other)

    def __mul__(self, other: "_Number") -> "_Number":
        return _of(lambda a, b: a * b, self, other)

    def __truediv__(self, other: "_Number") -> "_Number":
        return _of(lambda a, b: a / b if abs(b) >= 1e-100 else math.nan, self, other)

    def __pow__(self, other: "_Number") -> "_Number":
        return _of(lambda a, b: a**b, self, other)

    def __neg__(self) -> "_Number":
        return _of(lambda a: -a, self)


def _of(made: Any, *of: _Number) -> _Number:
    if any(each.value is None for each in of):
        return _Number(None)
    try:
        return _Number(float(made(*(each.value for each in of))))
    except (ValueError, OverflowError, ZeroDivisionError):
        return _Number(None)


def _evaluated(text: str, values: Mapping[int, float]) -> float | None:
    """What an expression comes to, by Python's own parser."""
    import re

    python = re.sub(r"(?<![\w.])(\d+\.?\d*)(?![\w.])", r"_N(\1)", text.replace("^", "**"))
    python = python.replace("if(", "_if(").replace(" > ", ", ")
    names: dict[str, Any] = {f"field{n}": _Number(values.get(n)) for n in (1, 2)}
    names |= {
        name: lambda x, made=made: _of(made, x)
        for name, made in {
            "abs": abs,
            "sqrt": math.sqrt,
            "exp": lambda x: math.exp(x) if x <= 340 else math.nan,
            "ln": math.log,
            "sin": lambda x: math.sin(x) if abs(x) <= 1e15 else math.nan,
            "floor": math.floor,
            "round": lambda x: math.copysign(math.floor(abs(x) + 0.5), x),
        }.items()
    }
    names["min"] = lambda a, b: _of(min, a, b)
    names["max"] = lambda a, b: _of(max, a, b)
    names["_if"] = lambda a, b, x, y: (
        _Number(None) if None in (a.value, b.value) else x if a.value > b.value else y
    )
    names["_N"] = _Number
    result: float | None = eval(python, {"__builtins__": {}}, names).value
    return result
