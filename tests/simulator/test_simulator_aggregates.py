from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from fieldhouse.simulator import Channel, World

START = datetime(2024, 4, 1, tzinfo=UTC)


@pytest.fixture
def channel(world: World) -> Channel:
    """Ten-minute buckets from midnight: (1, text, null), nothing, (4, 6)."""
    channel = world.add_channel(9, fields={1: "T"})
    for minute, value in [(1, "1"), (2, "warm"), (3, None), (21, "4"), (22, "6 ")]:
        channel.write(START + timedelta(minutes=minute), {1: value})
    return channel


def feeds(http: httpx2.Client, query: str) -> list[dict[str, str | None]]:
    rows: list[dict[str, str | None]] = http.get(f"/channels/9/feeds.json?{query}").json()["feeds"]
    return rows


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("sum=10", ["1.0", None, "10.0"]),
        ("average=10", [str(1 / 3), None, "5.0"]),
        ("average=10&round=2", ["0.33", None, "5.00"]),
        ("median=10", ["1.0", None, "5.0"]),
        ("timescale=10", ["1", None, "4"]),
        ("timescale=10&sum=10", ["1", None, "4"]),
        ("average=daily", ["2.2"]),
        ("average=1440", ["2.2"]),
    ],
)
def test_buckets_have_the_defects_of_the_original(
    channel: Channel, http: httpx2.Client, query: str, values: list[str | None]
) -> None:
    """Averages divide by all rows, empty buckets are null, text is skipped, ids are gone."""
    rows = feeds(http, query)
    assert [row["field1"] for row in rows] == values
    assert all("entry_id" not in row for row in rows)
    assert rows[0]["created_at"] == "2024-04-01T00:00:00Z"


def test_buckets_are_aligned_to_utc_in_any_zone(channel: Channel, http: httpx2.Client) -> None:
    """A day begins at midnight UTC, written in the zone asked for."""
    [row] = feeds(http, "sum=daily&timezone=Asia/Kolkata")
    assert row["created_at"] == "2024-04-01T05:30:00+05:30"


@pytest.mark.parametrize("query", ["average=7", "average=abc", "sum=0"])
def test_other_widths_are_ignored(channel: Channel, http: httpx2.Client, query: str) -> None:
    """A width that is not on the list gives raw rows with ids."""
    assert [row["entry_id"] for row in feeds(http, query)] == [1, 2, 3, 4, 5]


def test_a_limit_counts_raw_rows(channel: Channel, http: httpx2.Client) -> None:
    """`results` is applied before the aggregation."""
    assert [row["field1"] for row in feeds(http, "sum=10&results=1")] == ["6.0"]


def test_min_and_max_drop_rows(channel: Channel, http: httpx2.Client) -> None:
    """A number out of bounds drops its row; text and null stay."""
    assert [row["field1"] for row in feeds(http, "min=2")] == ["warm", None, "4", "6 "]
    assert [row["field1"] for row in feeds(http, "min=2&max=5")] == ["warm", None, "4"]


def test_round_keeps_a_decimal_comma(channel: Channel, http: httpx2.Client) -> None:
    """Numbers are written in so many decimals, with the comma they came with."""
    channel.write(START + timedelta(minutes=30), {1: "12,345"})
    assert [row["field1"] for row in feeds(http, "round=1")] == [
        "1.0",
        "warm",
        None,
        "4.0",
        "6.0",
        "12,3",
    ]
    assert feeds(http, "sum=10")[-1]["field1"] == "12,345"
