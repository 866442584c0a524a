"""Contract of every engine: means by time, against an integral of the test's own."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from warehouse_kit import DAY, HOUR, MINUTE, Row, batch, row

from fieldhouse.errors import ConfigurationError
from fieldhouse.frames import read, read_batches
from fieldhouse.warehouse import Warehouse

BEGIN = datetime(2024, 10, 24, 9, 7)
"""Three days before Zurich's clocks are set back."""
END = BEGIN + 6 * DAY
LENGTHS = {"7min": 7 * MINUTE, "1h": HOUR, "1d": DAY}


def made() -> list[Row]:
    """Readings in bursts and with holes, some without a value of the field."""
    chance = random.Random(9)
    rows: list[Row] = []
    at = BEGIN
    while at < END:
        value = None if chance.random() < 0.1 else Decimal(chance.randrange(10**8)).scaleb(-6)
        rows.append(row(len(rows) + 1, at, Field1=value, Field2=chance.randrange(3)))
        hole = chance.random() < 0.01
        at += timedelta(
            seconds=chance.randrange(9000, 30_000) if hole else chance.choice((20, 600))
        )
    return rows


@pytest.fixture
def house(warehouse: Warehouse) -> Warehouse:
    """Channel 9 with these readings, aggregated and judged; channel 8 with two."""
    warehouse.load([batch(made(), channel_id=9), batch(made()[:2], channel_id=8)])
    for number in (8, 9):
        warehouse.call("upsert_channel", channel_id=number, name="c", field1="Level", field2="Door")
    warehouse.call("refresh_aggregates")
    for number in (8, 9):
        warehouse.call(
            "usp_CalculateDataQuality", channel_id=number, check_date=date(2024, 10, 30), as_of=END
        )
    return warehouse


def hold() -> timedelta:
    """Three times the median distance of two readings."""
    times = [one["CreatedAt"] for one in made()]
    gaps = np.diff([at.timestamp() for at in times])
    return timedelta(seconds=round(3 * float(np.median(gaps))))


def periods(zone: str, length: timedelta) -> Mapping[datetime, datetime]:
    """Each period's begin and end, found minute by minute by the zone's own clock."""
    found: dict[tuple[int, int], list[datetime]] = {}
    at = (BEGIN - 2 * DAY).replace(minute=0, tzinfo=UTC)
    while at < END.replace(tzinfo=UTC) + 2 * DAY:
        local = at.astimezone(ZoneInfo(zone))
        wall = local.replace(tzinfo=None) - datetime(1970, 1, 1)
        part = 0 if length == DAY else int(local.utcoffset() / MINUTE)  # type: ignore[operator]
        minute = at.replace(tzinfo=None)
        found.setdefault((wall // length, part), [minute, minute])[1] = minute + MINUTE
        at += MINUTE
    return {span[0]: span[1] for span in found.values()}


def mean_of(name: str, begin: datetime, end: datetime) -> float | None:
    """The integral of what is known, over how long that is."""
    known = [(one["CreatedAt"], one[name]) for one in made() if one[name] is not None]
    held, longest = [], hold()
    for (at, value), (after, _) in zip(known, [*known[1:], (datetime.max, None)], strict=True):
        part = (min(after, at + longest, end) - max(at, begin)).total_seconds()
        if part > 0:
            held.append((part, float(value)))
    whole = sum(part for part, _ in held)
    return sum(part * value for part, value in held) / whole if whole else None


def check_periods(house: Warehouse, every: str, zone: str) -> None:
    """Whatever the length, over the change of the clocks too, a value holds until the next one."""
    found = read(9, every=every, tz=zone, mean="time", warehouse=house)
    plain = read(9, every=every, tz=zone, warehouse=house)
    assert found["time"].equals(plain["time"]) and len(found) > 5
    ends = periods(zone, LENGTHS[every])
    begins = [at.astimezone(UTC).replace(tzinfo=None) for at in found["time"].to_pylist()]
    step = len(begins) // 6
    for name, label in (("Field1", "Level"), ("Field2", "Door")):
        wanted = [mean_of(name, begin, ends[begin]) for begin in begins[::step]]
        assert found[label].to_pylist()[::step] == pytest.approx(wanted, rel=1e-9)
    assert found["Level"].to_pylist() != plain["Level"].to_pylist()


def check_span(house: Warehouse) -> None:
    """What was read before a span holds into it; other statistics stay those of the readings."""
    start, end = BEGIN + 25 * HOUR + 13 * MINUTE, BEGIN + 77 * HOUR + 20 * MINUTE
    given = {"start": start.replace(tzinfo=UTC), "end": end.replace(tzinfo=UTC), "every": "1d"}
    asked = {**given, "statistics": ["mean", "count", "max"], "warehouse": house}
    found = read(9, "level", mean="time", **asked)
    plain = read(9, "level", **asked)
    for name in ("Level count", "Level max"):
        assert found[name].equals(plain[name])
    days = [at.replace(tzinfo=None) for at in found["time"].to_pylist()]
    wanted = [mean_of("Field1", max(day, start), min(day + DAY, end)) for day in days]
    assert found["Level mean"].to_pylist() == pytest.approx(wanted, rel=1e-9)
    pieces = read_batches(9, "level", mean="time", layout="long", **asked).read_all()
    assert pieces["mean"].to_pylist() == pytest.approx(found["Level mean"].to_pylist(), rel=1e-12)


def test_means_by_time_are_integrals_over_their_periods(house: Warehouse) -> None:
    """In any zone and span; a channel that sent too little to know how long says so in a line."""
    for every, zone in (("1h", "Asia/Kolkata"), ("7min", "Europe/Zurich"), ("1d", "Europe/Zurich")):
        check_periods(house, every, zone)
    check_span(house)
    with pytest.raises(ConfigurationError, match="channel 8 has too few readings to know how long"):
        read(8, every="1h", mean="time", warehouse=house)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "mean='time' is of periods: write every"),
        ({"every": "1h", "statistics": "max"}, "and the statistic mean"),
        ({"every": "1h", "mean": "space"}, "mean is reading or time, not 'space'"),
    ],
)
def test_what_makes_no_sense_is_one_line(given: dict[str, str], line: str) -> None:
    """Means by time are of periods: it is said before anything is opened."""
    with pytest.raises(ConfigurationError) as raised:
        read(9, **{"mean": "time", **given})  # type: ignore[arg-type]
    assert line in str(raised.value) and "\n" not in str(raised.value)
