"""Fields beside each other, and how long values last: as computed apart, on every engine."""

import itertools
import math
import random
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from statistics import fmean, median
from zoneinfo import ZoneInfo

import pytest
from warehouse_kit import DAY, HOUR, MINUTE, T0, batch, refresh, row

from fieldhouse.conditions import condition_of
from fieldhouse.errors import ConfigurationError
from fieldhouse.insight import lasting, relating
from fieldhouse.insight.sunlight import is_light
from fieldhouse.warehouse import Warehouse

ZURICH = ZoneInfo("Europe/Zurich")
BEGIN = datetime(2024, 3, 25)
"""A Monday; the clocks change on the next Sunday."""
END = BEGIN + 16 * DAY + 7 * HOUR
Readings = list[tuple[datetime, float]]


def readings(seed: int, later: int = 0) -> Readings:
    """Days, nights and weather, whose weather comes some hours later; some hours are missing."""
    rng, weather = random.Random(seed), random.Random(1)
    drift = [0.0]
    for _ in range(600):
        drift.append(0.9 * drift[-1] + weather.gauss(0, 1))
    return [
        (
            BEGIN + n * 20 * MINUTE + timedelta(seconds=rng.randrange(600)),
            round(8 * math.sin(n / 72 * 2 * math.pi) + drift[n // 3 + 40 - later], 1),
        )
        for n in range(16 * 72)
        if rng.random() > 0.15 and not 300 < n < 340
    ]


PLACES = {9: ("47.3769", "8.5417"), 12: ("47.5", "8.75"), 13: ("46.2", "6.15"), 14: (None, None)}


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """Channels with positions; one's field has another name and the same unit, one's neither."""
    labels = {9: "Temperature (°C)", 12: "temperature", 13: "Air (°C)", 14: "Temperature (°C)"}
    data = {9: readings(1), 12: readings(2, later=3), 13: readings(3), 14: readings(4)}
    for channel_id, rows in data.items():
        entries = [row(n, at, Field3=value) for n, (at, value) in enumerate(rows, 1)]
        warehouse.load([batch(entries, channel_id=channel_id)])
        named = {"name": str(channel_id), "field3": labels[channel_id], "field2": "Humidity"}
        latitude, longitude = PLACES[channel_id]
        place = {"latitude": latitude, "longitude": longitude}
        warehouse.call("upsert_channel", channel_id=channel_id, **named, **place)
    refresh(warehouse)
    warehouse.call("refresh_quality", channel_ids=[9], as_of=END)
    return warehouse


def hourly(rows: Readings, start: datetime, end: datetime) -> dict[int, float]:
    """The means of hours that begin in a span, to nine decimals."""
    found = defaultdict(list)
    for at, value in rows:
        found[(at - T0) // HOUR].append(value)
    first, last = (start - T0) / HOUR, (end - T0) / HOUR
    return {hour: round(fmean(values), 9) for hour, values in found.items() if first <= hour < last}


def pearson(x: Sequence[float], y: Sequence[float]) -> float | None:
    """As its definition has it."""
    if len(x) < 3 or len(set(x)) < 2 or len(set(y)) < 2:
        return None
    mx, my = fmean(x), fmean(y)
    over = math.fsum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    size = math.fsum((a - mx) ** 2 for a in x) * math.fsum((b - my) ** 2 for b in y)
    return over / math.sqrt(size)


def ranks(values: Sequence[float]) -> list[float]:
    """The places of values in their order, equal ones at the mean of theirs."""
    return [
        sum(other < value for other in values) + sum(other == value for other in values) / 2
        for value in values
    ]


def rests(means: dict[int, float]) -> dict[int, float]:
    """What is left without the mean of each hour of the day."""
    days = defaultdict(list)
    for hour, mean in means.items():
        days[hour % 24].append(mean)
    return {hour: round(mean - fmean(days[hour % 24]), 9) for hour, mean in means.items()}


def test_fields_go_together_as_computed_apart(filled: Warehouse) -> None:
    """At each lag the correlations are those of the definitions; the lag that was made is found."""
    start, end, most = BEGIN + DAY, END - 2 * DAY, 5
    found = relating.together(filled, (9, 3), (12, 3), start=start, end=end, most_hours=most)
    mine = hourly(readings(1), start, end)
    theirs = hourly(readings(2, later=3), start - most * HOUR, end + most * HOUR)
    assert [each.lag for each in found] == list(range(-most, most + 1))
    for each in found:
        pairs = [hour for hour in mine if hour + each.lag in theirs]
        made = []
        for x, y in ((mine, theirs), (rests(mine), rests(theirs))):
            xs, ys = [x[h] for h in pairs], [y[h + each.lag] for h in pairs]
            made += [pearson(xs, ys), pearson(ranks(xs), ranks(ys))]
        assert each.hours == len(pairs)
        assert list(astuple(each)[2:]) == pytest.approx(made, rel=1e-9), each.lag
    best = relating.most_together(found)
    assert best and best.lag == 3 and (best.pearson_rest or 0) > 0.9
    same = relating.together(filled, (9, 3), (9, 3), start=start, end=end, most_hours=0)
    assert astuple(same[0])[2:] == pytest.approx((1, 1, 1, 1))
    assert relating.together(filled, (9, 3), (9, 2), start=start, end=end) == []
    with pytest.raises(ConfigurationError, match="lags are from 0 to 720 hours"):
        relating.together(filled, (9, 3), (9, 3), start=start, end=end, most_hours=721)


def kilometres(one: int, other: int) -> float:
    """Along a great circle, by the angle between two directions from the globe's middle."""
    directions = []
    for number in (one, other):
        lat, lon = (math.radians(float(degrees or 0)) for degrees in PLACES[number])
        directions.append(
            (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))
        )
    a, b = directions
    chord = math.dist(a, b)
    return 6371.0088 * 2 * math.asin(chord / 2)


def test_neighbours_are_compared(filled: Warehouse) -> None:
    """Near channels' fields of the same label or unit: how far, by how much above, how together."""
    start, end = BEGIN, END
    asked = {"start": start, "end": end}
    found = relating.beside(filled, 9, 3, kilometres=300, **asked)
    assert [(n.channel_id, n.field) for n in found] == [(12, 3), (13, 3)]
    mine = hourly(readings(1), start, end)
    for each, rows in zip(found, (readings(2, later=3), readings(3)), strict=True):
        theirs = hourly(rows, start, end)
        both = sorted(mine.keys() & theirs.keys())
        above = [mine[hour] - theirs[hour] for hour in both]
        assert each.kilometres == pytest.approx(kilometres(9, each.channel_id), rel=1e-9)
        assert each.hours == len(both) and each.newest_hour == T0 + both[-1] * HOUR
        assert each.newest == pytest.approx(above[-1], abs=1e-9)
        assert each.usual == pytest.approx(median(above), abs=1e-9)
        wanted = pearson([mine[h] for h in both], [theirs[h] for h in both])
        assert each.pearson == pytest.approx(wanted, rel=1e-9)
    assert [n.channel_id for n in relating.beside(filled, 9, 3, kilometres=22, **asked)] == [12]
    assert relating.beside(filled, 9, 2, kilometres=3, **asked) == []
    (quiet, _) = relating.beside(filled, 9, 3, kilometres=300, start=END, end=END + DAY)
    assert (quiet.hours, quiet.newest, quiet.usual, quiet.pearson) == (0, None, None, None)
    with pytest.raises(ConfigurationError, match="channel 14 has no position"):
        relating.beside(filled, 14, 3, kilometres=3, **asked)
    with pytest.raises(ConfigurationError, match="field 7 of channel 9 has no label"):
        relating.beside(filled, 9, 7, kilometres=3, **asked)


def lasted(
    rows: Readings, hold: timedelta, cuts: Sequence[datetime]
) -> list[tuple[datetime, datetime, float]]:
    """From when to when each value held, in pieces that no cut goes through."""
    pieces = []
    for place, (at, value) in enumerate(rows):
        after = rows[place + 1][0] if place + 1 < len(rows) else datetime.max
        to = min(after, at + hold)
        edges = [at, *cuts[bisect_right(cuts, at) : bisect_left(cuts, to)], to]
        pieces += [(a, b, value) for a, b in itertools.pairwise(edges)]
    return pieces


def test_hours_are_those_that_values_last(filled: Warehouse) -> None:
    """Hours known, and in a state, are those computed apart; what cannot be told is one line."""
    are_as_long(filled, "day", light=False)
    are_as_long(filled, "week", light=False)
    are_as_long(filled, "day", light=True)
    span = {"start": BEGIN, "end": END, "zone": ZURICH}
    said = "channel 12 has too few readings to know how long a value"
    with pytest.raises(ConfigurationError, match=said):
        lasting.hours(filled, 12, 3, **span)
    assert lasting.hours(filled, 9, 5, **span)[0].mean is None
    filled.call("upsert_channel", channel_id=9, name="9")
    with pytest.raises(ConfigurationError, match="channel 9 has no position, by which"):
        lasting.hours(filled, 9, 3, **span, by_daylight=True)


def are_as_long(filled: Warehouse, by: lasting.Period, *, light: bool) -> None:
    """Hours known, hours in a state and means by time, of local days of 23 hours, and by the sun.

    Computed apart: piece by piece, each in one minute, so that the sun decides for a minute.
    """
    start, end = BEGIN + 5 * HOUR, END
    condition = condition_of("> 2 and < 7")
    span = {"start": start, "end": end, "zone": ZURICH}
    found = lasting.hours(filled, 9, 3, condition, **span, by=by, by_daylight=light)
    times = [at for at, _ in readings(1)]
    usual = median((b - a).total_seconds() for a, b in itertools.pairwise(times))
    hold = timedelta(seconds=round(3 * usual))
    minutes = [start + n * MINUTE for n in range(int((end - start) / MINUTE) + 1)]
    sums: dict[object, list[float]] = defaultdict(lambda: [0.0] * 3)
    for a, b, value in lasted(readings(1), hold, minutes):
        if a < start or b > end:
            continue
        local = a.replace(tzinfo=UTC).astimezone(ZURICH).date()
        day = local - timedelta(days=local.weekday()) if by == "week" else local
        total = sums[day, is_light(a, 47.3769, 8.5417) if light else None]
        length = (b - a) / HOUR
        total[0] += length
        total[1] += length * (2 < value < 7)
        total[2] += length * value
    assert {(each.begins, each.light) for each in found} >= sums.keys()
    near = 0.07 if light else 1e-6  # the minute in which the sun rises
    for each in found:
        known, inside, weighed = sums[each.begins, each.light]
        assert each.known == pytest.approx(known, abs=near)
        assert each.inside == pytest.approx(inside, abs=near)
        assert (each.mean or 0) * known == pytest.approx(weighed, abs=10 * near)
    if by == "day" and not light:
        lengths = [each.hours for each in found]
        assert lengths[0] == 18 and lengths[6] == 23 and lengths[7] == 24
    assert sum(each.hours for each in found) == pytest.approx((end - start) / HOUR)
