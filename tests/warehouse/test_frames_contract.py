"""Contract of every engine: what `read` answers is what anybody would compute of the readings."""

import math
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from warehouse_kit import DAY, HOUR, MINUTE, T0, Row, batch, row

from fieldhouse.errors import ConfigurationError
from fieldhouse.exporting.columns import chosen_channels
from fieldhouse.exporting.outgoing import Shape, readings_out
from fieldhouse.frames import read, read_batches
from fieldhouse.warehouse import Warehouse

ZONES = ("Europe/Zurich", "Asia/Kolkata", "America/Havana")
"""Clocks changed by night, half an hour beside UTC's, and changed at midnight."""
LENGTHS = {"7min": "7m", "1h": "1h", "6h": "6h", "1d": "1d", "1w": "1w", "1mo": "1mo"}
"""Ours, and polars'."""
SPANS = (
    (datetime(2024, 10, 22), datetime(2024, 11, 6)),
    (datetime(2025, 3, 7), datetime(2025, 4, 1)),
)
ALL = ("mean", "min", "max", "sum", "count")


def made(number: int) -> list[Row]:
    """A channel's readings, over both changes of the clocks, with holes and far-off levels."""
    chance = random.Random(number)
    rows: list[Row] = []
    for begin, end in SPANS:
        at = begin
        while at < end:
            level = 10**number // 100
            value = (
                None
                if chance.random() < 0.1
                else Decimal(level) + Decimal(chance.randrange(10**7)).scaleb(-6)
            )
            rows.append(row(len(rows) + 1, at, Field1=value, Field3=chance.randrange(5)))
            at += timedelta(seconds=chance.randrange(60, 600 * number + 3000))
    return rows


def fill(warehouse: Warehouse, numbers: Iterable[int]) -> Warehouse:
    """Channels of these numbers, aggregated but for what came late."""
    rows = {number: made(number) for number in numbers}
    late = {n: [one for one in of if one["EntryID"] % 50 == 7] for n, of in rows.items()}
    on_time = {n: [one for one in of if one["EntryID"] % 50 != 7] for n, of in rows.items()}
    warehouse.load([batch(of, channel_id=n) for n, of in on_time.items()])
    for number in numbers:
        warehouse.call("upsert_channel", channel_id=number, name="c", field1="Level", field3="Door")
    warehouse.call("refresh_aggregates")
    warehouse.load([batch(of, channel_id=n) for n, of in late.items()])
    return warehouse


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """Channels 1 and 3."""
    return fill(warehouse, (1, 3))


@cache
def minutes(zone: str) -> pl.DataFrame:
    """Every minute around the readings, and what the wall clock shows then."""
    spans = [
        pl.datetime_range(begin - 40 * DAY, end + 40 * DAY, "1m", time_zone="UTC", eager=True)
        for begin, end in SPANS
    ]
    return pl.DataFrame({"at": pl.concat(spans).unique()}).with_columns(*wall(zone))


def wall(zone: str) -> tuple[pl.Expr, pl.Expr]:
    local = pl.col("at").dt.convert_time_zone(zone)
    offset = local.dt.base_utc_offset() + local.dt.dst_offset()
    return local.dt.replace_time_zone(None).alias("wall"), offset.alias("offset")


def cut(length: str) -> list[pl.Expr]:
    """Periods of the wall's time; short ones come twice where the clock is set back."""
    period = [pl.col("wall").dt.truncate(length).alias("period")]
    return [*period, pl.col("offset").alias("part")] if length in ("7m", "1h") else period


@cache
def beginnings(zone: str, length: str) -> pl.DataFrame:
    """The first minute of each period around the readings."""
    return minutes(zone).group_by(cut(length)).agg(pl.col("at").min().alias("begin"))


def expected(rows: list[Row], zone: str, length: str) -> dict[datetime, Any]:
    """By polars: the walls' times cut, floats summed exactly by Python."""
    period, begins = cut(length), beginnings(zone, length)
    names = ["period", "part"][: len(period)]
    times = [one["CreatedAt"] for one in rows]
    frame = pl.DataFrame({"at": times, "row": range(len(rows))}).with_columns(
        pl.col("at").dt.replace_time_zone("UTC")
    )
    groups = frame.with_columns(*wall(zone)).group_by(period).agg("row").join(begins, on=names)
    found = {}
    for begin, places in groups.select("begin", "row").iter_rows():
        values = [rows[n]["Field1"] for n in places if rows[n]["Field1"] is not None]
        whole = sum(values, Decimal(0))
        found[begin] = (
            float(whole / len(values)) if values else None,
            min(values, default=None),
            max(values, default=None),
            float(whole) if values else None,
            len(values),
        )
    return dict(sorted(found.items()))


def test_periods_are_what_anybody_would_compute(warehouse: Warehouse) -> None:
    """Ten channels, three zones, seven minutes to a month: to 1e-9, and to the last digit.

    Every length in every zone is asked of two of the channels, and of every channel a few.
    """
    fill(warehouse, range(1, 11))
    rows = {number: made(number) for number in range(1, 11)}
    compared = 0
    for place, (zone, ours) in enumerate(product(ZONES, LENGTHS)):
        for number in (place % 10 + 1, (place + 3) % 10 + 1):
            table = read(
                number,
                "level",
                every=ours,
                tz=zone,
                statistics=ALL,
                numbers="decimal",
                warehouse=warehouse,
            ).table
            assert table.schema.field("time").type == pa.timestamp("us", zone)
            answer = {
                one["time"].astimezone(UTC): tuple(one.values())[1:] for one in table.to_pylist()
            }
            wanted = expected(rows[number], zone, LENGTHS[ours])
            assert list(answer) == list(wanted), (number, zone, ours)
            for begin, (mean, least, greatest, whole, count) in answer.items():
                assert (least, greatest, count) == wanted[begin][1:3] + wanted[begin][4:]
                for got, want in ((mean, wanted[begin][0]), (whole, wanted[begin][3])):
                    assert got == want or math.isclose(got, want, rel_tol=1e-9)
            compared += len(answer)
    assert compared > 5_000


def test_a_zones_days_sum_to_the_whole(filled: Warehouse) -> None:
    """No reading is in two days or in none; the days on which clocks change included."""
    rows = made(3)
    values = [one["Field1"] for one in rows if one["Field1"] is not None]
    for zone in (*ZONES, "UTC", "Australia/Lord_Howe", "Pacific/Kiritimati"):
        days = read(3, 1, every="1d", tz=zone, statistics=("sum", "count"), warehouse=filled).table
        assert sum(days["Level count"].to_pylist()) == len(values)
        assert sum(v or 0 for v in days["Level sum"].to_pylist()) == pytest.approx(
            float(sum(values))
        )
    one_day = read(
        1, 1, start="2024-10-27", end="2024-10-27", every="1h", tz="Europe/Zurich", warehouse=filled
    )
    assert len(one_day) == 25


def test_parts_of_hours_at_both_ends_are_read_from_the_readings(filled: Warehouse) -> None:
    """A span that cuts hours counts what lies in it, and no more."""
    rows = made(1)
    start, end = datetime(2024, 10, 24, 10, 17), datetime(2024, 10, 24, 15, 43, 30)
    inside = [r for r in rows if start <= r["CreatedAt"] < end and r["Field1"] is not None]
    found = read(1, 1, start=start, end=end, every="1d", statistics="count", warehouse=filled)
    assert found.table["Level count"].to_pylist() == [len(inside)]


def test_what_is_archived_is_counted(filled: Warehouse) -> None:
    """Readings that moved, and one that came late to their time, are in every period."""
    filled.call("archive_readings", before=datetime(2024, 11, 1))
    filled.call("archive_before", channel_id=1, archived_before=datetime(2024, 11, 1))
    late = [row(9000, datetime(2024, 10, 25, 12, 0, 1), Field1=1)]
    filled.load([batch(late, channel_id=1)])
    filled.call("refresh_aggregates", channel_ids=[1])
    whole = read(1, 1, every="1y", statistics="count", warehouse=filled).table
    values = [r["Field1"] for r in [*made(1), *late] if r["Field1"] is not None]
    assert sum(whole["Level count"].to_pylist()) == len(values)


LABELS: Mapping[str, str] = {
    "field1": "Temp °C",
    "field2": "same",
    "field3": " same ",
    "field4": "time",
}
ODD = {"EntryID": 2, "ColumnName": "Field1", "RawValue": "ON", "Reason": "unparseable"}


@pytest.fixture
def small(filled_once: Callable[[Callable[[Warehouse], object]], Warehouse]) -> Warehouse:
    """Three small channels, to be read."""
    return filled_once(fill_small)


def fill_small(warehouse: Warehouse) -> None:
    """Channel 9 with labels and a text; channel 11 a minute later; channel 12 without anything."""
    rows = [row(n, Field1=None if n == 2 else f"{n}.5", Field2=1, Field6=n) for n in range(1, 6)]
    warehouse.load([batch(rows, raw=[ODD])])
    others = [row(n, T0 + n * MINUTE + timedelta(seconds=30), Field2=n) for n in range(2, 5)]
    warehouse.load([batch(others, channel_id=11)])
    warehouse.call("upsert_channel", channel_id=9, name="nine", **LABELS)
    warehouse.call("upsert_channel", channel_id=11, name="eleven", field2="Temp °C")
    warehouse.call("upsert_channel", channel_id=12, name="twelve")


def test_columns_are_called_as_fields_are(small: Warehouse) -> None:
    """Labels with their units; one that is taken gets its number; no value goes missing."""
    table = read(9, warehouse=small).table
    assert table.column_names == [
        "time",
        "Temp °C",
        "same (field 2)",
        "same (field 3)",
        "time (field 4)",
        "Field6",
    ]
    assert table["Temp °C"].to_pylist() == [1.5, None, 3.5, 4.5, 5.5]
    assert read(9, ["temp °c", 6], labels=False, warehouse=small).table.column_names == [
        "time",
        "Field1",
        "Field6",
    ]
    assert read(12, warehouse=small).table.column_names == ["time"]


def test_no_column_is_lost_to_another_of_its_name(warehouse: Warehouse) -> None:
    """Whatever labels say: twins, and names that other columns have already."""
    labels = {
        1: "x",
        2: "X",
        3: "x (field 1)",
        4: "x Text",
        5: "ChannelID",
        6: "Field7",
        7: "Status",
    }
    values = {f"Field{n}": n for n in range(1, 9)}
    texts = [{**ODD, "EntryID": 1, "ColumnName": f"Field{n}"} for n in range(1, 9)]
    warehouse.load([batch([row(1, **values)], raw=texts)])
    named = {f"field{n}": label for n, label in labels.items()}
    warehouse.call("upsert_channel", channel_id=9, name="nine", **named)
    for statistics in ("mean", ALL):
        table = read(9, every="1h", statistics=statistics, warehouse=warehouse).table
        width = 8 if statistics == "mean" else 40
        assert len({name.casefold() for name in table.column_names}) == 1 + width
    assert sorted(list(read(9, warehouse=warehouse).table.to_pylist()[0].values())[1:]) == list(
        range(1, 9)
    )
    chosen = chosen_channels(warehouse, [9], None, (None, None))
    out = readings_out(warehouse, chosen, None, None, Shape(labels=True)).reader.read_all()
    assert len(set(out.column_names)) == out.num_columns == 20 + 8


def test_numbers_are_floats_decimals_or_the_sources_texts(small: Warehouse) -> None:
    """Each as asked; a text is the source's where it is kept, else the number's digits."""
    for numbers, expected in {
        "float": [1.5, None, 3.5],
        "decimal": [Decimal("1.5"), None, Decimal("3.5")],
        "text": ["1.5", "ON", "3.5"],
    }.items():
        found = read(9, 1, numbers=numbers, end=T0 + 4 * MINUTE, warehouse=small).table
        assert found["Temp °C"].to_pylist() == expected
    whole = read(9, 6, numbers="text", warehouse=small).table["Field6"].to_pylist()
    assert whole == ["1", "2", "3", "4", "5"]


def test_long_has_a_row_a_value(small: Warehouse) -> None:
    """In the order of time, then of fields; no row where there is no value."""
    rows = read(9, [1, 6], layout="long", end=T0 + 3 * MINUTE, warehouse=small).table.to_pylist()
    assert [(r["channel"], r["field"], r["value"]) for r in rows] == [
        (9, "Temp °C", 1.5),
        (9, "Field6", 1.0),
        (9, "Field6", 2.0),
    ]
    hours = read("9-11", layout="long", every="1h", statistics=ALL, warehouse=small).table
    assert hours.column_names == ["channel", "time", "field", *ALL]
    assert [(r["channel"], r["field"], r["count"]) for r in hours.to_pylist()] == [
        (9, "Temp °C", 4),
        (9, "same (field 2)", 5),
        (9, "Field6", 5),
        (11, "Temp °C", 3),
    ]


def test_channels_stand_beside_each_other(small: Warehouse) -> None:
    """As of each time of the first, not older than they may be; periods at the same begin."""
    both = read([9, 11], "temp °c", align="45s", warehouse=small).table
    assert both.column_names == ["time", "Temp °C (9)", "Temp °C (11)"]
    assert both["Temp °C (11)"].to_pylist() == [None, None, 2.0, 3.0, 4.0]
    strict = read([9, 11], "temp °c", align="29s", warehouse=small).table
    assert strict["Temp °C (11)"].null_count == 5
    periods = read([9, 11], every="2min", fields="temp °c", warehouse=small).table
    assert periods["time"].cast(pa.timestamp("us")).to_pylist() == [
        T0,
        T0 + 2 * MINUTE,
        T0 + 4 * MINUTE,
    ]
    assert periods["Temp °C (9)"].to_pylist() == [1.5, 3.5, 5.0]
    assert periods["Temp °C (11)"].to_pylist() == [None, 2.5, 4.0]
    stacked = read([11, 9], "temp °c", warehouse=small).table
    assert stacked["channel"].to_pylist() == [11] * 3 + [9] * 5


def test_what_some_channels_lack_is_told(small: Warehouse) -> None:
    """A field that one of them has not: a warning names it; its rows come, without the value."""
    line = "there is no 'time' in channels 11, 12, no 'temp °c' in channel 12"
    with pytest.warns(UserWarning, match=f"^{line}$") as told:
        both = read([9, 11, 12], ["temp °c", 1, "time"], warehouse=small).table
    where = [one.filename for one in told if str(one.message) == line]
    assert where == [__file__]  # of whoever asked
    assert both["channel"].to_pylist() == [9] * 5 + [11] * 3
    with pytest.warns(UserWarning, match=r"^there is no 'time' in channel 11$"):
        batches = read_batches([9, 11], "time", warehouse=small)
    assert batches.read_all().num_rows == 8


def test_batches_hold_the_same(small: Warehouse) -> None:
    """Row by row what the table has, and open ends end."""
    for options in (
        {},
        {"layout": "long"},
        {"every": "1min", "layout": "long"},
        {"numbers": "text"},
    ):
        batches = read_batches("9-12", warehouse=small, **options)
        whole = read("9-12", warehouse=small, **options).table
        assert batches.read_all().equals(whole) and whole.num_rows


def test_nothing_has_columns_too(small: Warehouse) -> None:
    """An empty answer has the columns and types of a full one."""
    for options in ({}, {"every": "1h"}, {"layout": "long"}, {"numbers": "text"}):
        full = read(9, [1, 2], warehouse=small, **options).table
        empty = read(9, [1, 2], start="2030", warehouse=small, **options).table
        assert empty.num_rows == 0 and empty.schema == full.schema and full.num_rows


def test_times_are_given_as_one_has_them(small: Warehouse) -> None:
    """A text, a day, or a time with or without a zone mean what they say in the asked one."""
    summer = datetime(2024, 1, 1, 1, 3)
    for start in ("2024-01-01T01:03", summer, summer.replace(tzinfo=UTC) - HOUR):
        table = read(9, 1, start=start, tz="Europe/Zurich", warehouse=small).table
        assert table.num_rows == 3 and str(table["time"][0].as_py().utcoffset()) == "1:00:00"
    assert len(read(9, 1, start=date(2024, 1, 1), end=date(2024, 1, 1), warehouse=small)) == 5
    assert len(read(9, 1, end=date(2023, 12, 31), warehouse=small)) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"channels": 10}, "channel 10 is not in the warehouse"),
        ({"channels": []}, "no channel is named"),
        ({"warehouse": ["a.duckdb"]}, "warehouse is a URL, a file, or one that is open, not a"),
        ({"fields": "Humidity"}, "channel 9 has no field 'Humidity': there is 1 'Temp °C'"),
        ({"channels": [9, 11], "fields": "Humidity"}, "channel 9 has no field 'Humidity'"),
        ({"fields": "SAME"}, "channel 9 has 2 fields called 'SAME': write 2 or 3"),
        ({"start": "2026", "end": "2025"}, "start='2026' is not before end='2025'"),
        ({"every": "7"}, "'7' is no length of time"),
        ({"every": 7}, "'7' is no length of time"),
        ({"start": 5}, "5 is no time"),
        ({"channels": None}, "None is no name"),
        ({"fields": [1.5]}, "1.5 is no name"),
        ({"fields": []}, "fields names none"),
        ({"channels": [9, 11], "fields": ["temp °c", "Humidity"]}, "channel 9 has no field"),
        ({"every": "101y"}, "a period has at most 100 years"),
        ({"every": "999999999w"}, "a period has at most 100 years"),
        ({"tz": "Mars"}, "'Mars' is no time zone"),
        ({"numbers": "int"}, "numbers is float, decimal or text, not 'int'"),
        ({"layout": "broad"}, "layout is wide or long"),
        ({"every": "1h", "statistics": "median"}, "statistics is mean, min"),
        ({"every": "1h", "numbers": "text"}, "numbers='text' is of readings"),
        ({"every": "1h", "statistics": []}, "statistics is mean, min"),
        ({"align": "1mo"}, "align='1mo'"),
        ({"align": "1h", "every": "1h"}, "align is of readings"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    small: Warehouse, arguments: dict[str, Any], said: str
) -> None:
    """A ConfigurationError that says what would be right."""
    with pytest.raises(ConfigurationError) as raised:
        read(**{"channels": 9, "warehouse": small, **arguments})
    assert str(raised.value).startswith(said) and "\n" not in str(raised.value)


def test_numbers_and_lengths_of_other_libraries_are_taken(small: Warehouse) -> None:
    """A channel and a field out of a data frame's column, an hour of the standard library."""
    frame = read(np.int64(9), [np.int32(1)], every=timedelta(hours=1), warehouse=small)
    assert frame.table.equals(read(9, 1, every="1h", warehouse=small).table)


def test_a_period_begins_where_its_clock_says(warehouse: Warehouse) -> None:
    """Whatever the clocks did between its begin and the first reading."""
    warehouse.load([batch([row(1, datetime(2026, 7, 20), Field1=1)])])
    for every, begin in (("1y", "2026-01-01T00:00:00+01:00"), ("4mo", "2026-05-01T00:00:00+02:00")):
        found = read(9, 1, every=every, tz="Europe/Zurich", warehouse=warehouse).table
        assert [at.isoformat() for at in found["time"].to_pylist()] == [begin]


def test_frames_of_other_libraries_plot_at_once(small: Warehouse) -> None:
    """pandas gets floats with the time as index, polars the same columns; any takes the stream."""
    frame = read(9, [1, 6], tz="Europe/Zurich", warehouse=small)
    table = frame.to_pandas()
    assert [str(kind) for kind in table.dtypes] == ["float64", "float64"]
    assert str(table.index.tz) == "Europe/Zurich" and table.index.name == "time"
    assert table.resample("2min")["Field6"].mean().tolist() == [1.0, 2.5, 4.5]
    assert frame.to_polars()["Field6"].to_list() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert pa.table(frame).equals(frame.table) and pl.DataFrame(frame).shape == (5, 3)
    assert len(frame) == 5 and "Temp °C" in repr(frame)
