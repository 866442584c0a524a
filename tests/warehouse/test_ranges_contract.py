"""Ranges are suggested by what a field's days are, and by what it is called; nothing is applied."""

import math
import random
from datetime import timedelta
from decimal import Decimal

from warehouse_kit import T0, batch, row

from fieldhouse.insight.suggesting import LEAST_DAYS, Suggestion, suggested
from fieldhouse.warehouse import Warehouse


def filled(warehouse: Warehouse, days: int, **labels: str) -> dict[int, Suggestion]:
    """Twelve readings a day: weather, a level, a share that once broke, a constant."""
    rng = random.Random(5)
    names = {name.lower(): text for name, text in labels.items()}
    warehouse.call("upsert_channel", channel_id=9, name="c", refreshed_at=T0, **names)
    rows = []
    for i in range(12 * days):
        at = T0 + i * timedelta(hours=2)
        warm = 12 + 6 * math.sin(i / 12 * 2 * math.pi) + rng.uniform(-3, 3)
        share = 250.0 if i == 40 else rng.uniform(35, 98)
        values = {"Field1": warm, "Field2": rng.uniform(1000, 1400), "Field3": share, "Field4": 5.0}
        rows.append(row(i + 1, at, **{n: Decimal(f"{value:.2f}") for n, value in values.items()}))
    warehouse.load([batch(rows)])
    warehouse.call("refresh_aggregates")
    return {each.number: each for each in suggested(warehouse, 9)}


def quarters(warehouse: Warehouse, number: int) -> tuple[list[Decimal], list[Decimal]]:
    """The days' minima and maxima in their order, from the readings."""
    days: dict[object, list[Decimal]] = {}
    for one in warehouse.query("readings", channel_id=9).to_pylist():
        days.setdefault(one["CreatedAt"].date(), []).append(one[f"Field{number}"])
    return sorted(min(v) for v in days.values()), sorted(max(v) for v in days.values())


def test_a_range_lies_far_beyond_usual_days(warehouse: Warehouse) -> None:
    """Three distances of the quarters beyond them, outwards, and within what can be at all."""
    found = filled(warehouse, 40, Field1="Temperature (°C)", Field3="Humidity (%)")
    lows, highs = quarters(warehouse, 2)
    low, high = lows[9], highs[29]
    spread = max(lows[29] - low, high - highs[9], (high - low) / 3)
    level = found[2]
    assert level.low is not None and level.high is not None
    assert low - 4 * spread < level.low <= low - 3 * spread
    assert high + 3 * spread <= level.high < high + 4 * spread
    assert (level.days, level.least, level.greatest) == (40, lows[0], highs[-1])
    assert found[1].low is not None and -90 < found[1].low < -5
    assert found[1].high is not None and 30 < found[1].high <= 60
    assert (found[3].low, found[3].high) == (0, 100) and found[3].greatest == 250
    assert "humidity" in found[3].why and "air temperature" in found[1].why
    assert (found[4].low, found[4].high) == (None, None) and "mostly at rest" in found[4].why
    assert 5 not in found
    assert warehouse.query("channels")["ChannelID"].to_pylist() == [9]


def test_a_young_field_goes_by_its_name_alone(warehouse: Warehouse) -> None:
    """With too few days only what it measures speaks; without a name nothing does."""
    found = filled(warehouse, LEAST_DAYS - 1, Field1="Temp", Field2="Level", Field3="rain")
    assert (found[1].low, found[1].high) == (-90, 60)
    assert (found[2].low, found[2].high) == (None, None) and "14 are needed" in found[2].why
    assert (found[3].low, found[3].high) == (0, 2000)


def test_a_name_that_the_values_contradict_says_nothing(warehouse: Warehouse) -> None:
    """What is called humidity and reads a thousand is no share."""
    found = filled(warehouse, 20, Field2="Humidity (%)")
    assert found[2].low is not None and found[2].low > 100 and "humidity" not in found[2].why
