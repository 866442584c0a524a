"""Hours of the week, counts of values, kept texts: what every engine answers of them."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from warehouse_kit import batch, refresh, row

from fieldhouse.periods import hours_of_week
from fieldhouse.warehouse import Warehouse

BEGIN = datetime(2024, 3, 29, 0, 7)
"""Two days before Europe's clocks are put forward, and seven before Lord Howe's go back."""
STEP = timedelta(minutes=23)
READINGS = [(BEGIN + n * STEP, Decimal(n * n % 97) - 40 + Decimal(n % 4) / 4) for n in range(700)]


@pytest.fixture
def held(warehouse: Warehouse) -> Warehouse:
    """Eleven days of a channel, aggregated, and half a day that is only marked."""
    rows = [row(n, at, Field3=value) for n, (at, value) in enumerate(READINGS, 1)]
    warehouse.load([batch(rows[:660])])
    refresh(warehouse)
    warehouse.load([batch(rows[660:])])
    return warehouse


ZONES = ["UTC", "Europe/Zurich", "Australia/Lord_Howe", "Asia/Kathmandu", "America/New_York"]


def test_hours_of_the_week_are_those_of_the_wall_clock(held: Warehouse) -> None:
    """Each has its readings' mean, least and greatest, where clocks change and hours are cut."""
    for zone in ZONES:
        for cut in (timedelta(0), timedelta(hours=5, minutes=11)):
            check_hours(held, zone, cut)


def check_hours(held: Warehouse, zone: str, cut: timedelta) -> None:
    place, start, end = ZoneInfo(zone), BEGIN + cut, READINGS[-1][0] - cut
    columns = ("Field3Avg", "Field3Min", "Field3Max", "Field3Count", "ReadingCount")
    found = hours_of_week(held, 9, place, start=start, end=end, columns=columns).to_pylist()
    wanted: dict[tuple[int, int], list[Decimal]] = {}
    for at, value in READINGS:
        local = at.replace(tzinfo=UTC).astimezone(place)
        if start <= at < end:
            wanted.setdefault((local.isoweekday(), local.hour), []).append(value)
    assert [(r["Weekday"], r["Hour"]) for r in found] == sorted(wanted)
    for got in found:
        values = wanted[got["Weekday"], got["Hour"]]
        assert (got["Field3Min"], got["Field3Max"]) == (min(values), max(values))
        assert got["Field3Count"] == got["ReadingCount"] == len(values)
        assert got["Field3Avg"] == pytest.approx(float(sum(values)) / len(values), rel=1e-9)


def test_values_are_counted_in_the_bins_that_they_lie_in(held: Warehouse) -> None:
    """Exactly, also on an edge, below the first bin and where bins are as narrow as numbers."""
    for width in ("0.25", "7", "0.000001", "1000"):
        for first in ("0", "-40", "12.5"):
            check_bins(held, Decimal(first), Decimal(width))


def check_bins(held: Warehouse, first: Decimal, width: Decimal) -> None:
    found = held.query("value_counts", channel_id=9, field_number=3, first=first, width=width)
    floors = Counter(int((value - first) * 10**6) // int(width * 10**6) for _, value in READINGS)
    got = dict(zip(found["Bin"].to_pylist(), found["Values"].to_pylist(), strict=True))
    assert got == dict(floors) and list(got) == sorted(got)


def test_kept_texts_are_found_by_what_is_in_them(warehouse: Warehouse) -> None:
    """Whole words, wild cards and quotes are looked for to the letter; each text is there once."""
    texts = ["50%", "5_0", "ON", "on", "it's", "<b>", "[x]", ""]
    rows = [row(n, BEGIN + n * STEP) for n in range(1, len(texts) + 1)]
    raw = [
        {"EntryID": n, "ColumnName": f"Field{n % 2 + 1}", "RawValue": text,
         "Reason": "unparseable" if text else "empty"}
        for n, text in enumerate(texts, 1)
    ]  # fmt: skip
    warehouse.load([batch(rows, raw=raw)])
    ask = {"channel_id": 9}

    def found(**asked: object) -> list[str]:
        return warehouse.query("kept_texts", **ask, **asked)["RawValue"].to_pylist()

    assert found() == texts[::-1]
    for needle in ("%", "_", "ON", "'", "<", "["):
        assert found(contains=needle) == [text for text in texts[::-1] if needle in text]
    assert found(limit=3) + found(skip=3, limit=3) + found(skip=6, limit=9) == texts[::-1]
    assert found(reason="empty") == [""] and found(column_name="Field9") == []
    assert set(warehouse.query("kept_texts", **ask, limit=1)["Texts"].to_pylist()) == {8}
    counted = warehouse.query("text_reasons", **ask).to_pylist()
    assert Counter(
        {(each["ColumnName"], each["Reason"]): each["Texts"] for each in counted}
    ) == Counter((each["ColumnName"], each["Reason"]) for each in raw)
