"""What pages show of a channel: their numbers are those of the readings."""

import html
import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import httpx2
import polars as pl
import pytest
from pages_kit import column, number, page_of
from web_kit import EMPTY, HOSTILE, HOSTILE_LABELS, NOW, WEATHER, Site, listening

from fieldhouse.insight.dimensions import dimensions_of
from fieldhouse.insight.tendencies import tendencies_of, told
from fieldhouse.insight.trends import trend_of


def values_of(site: Site, channel: int, field: int) -> pl.DataFrame:
    """A field's readings that count: their times, UTC, and values."""
    table = site.served.warehouse.query("readings", channel_id=channel)
    frame = pl.from_arrow(table.select(["CreatedAt", f"Field{field}"]))
    assert isinstance(frame, pl.DataFrame)
    named = frame.rename({"CreatedAt": "at", f"Field{field}": "value"}).drop_nulls()
    at = pl.col("at").dt.replace_time_zone("UTC")
    return named.with_columns(at, pl.col("value").cast(pl.Float64))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Zurich", "Asia/Kathmandu"])
def test_the_heat_map_holds_the_means_of_the_hours(
    site: Site, web: httpx2.Client, zone: str
) -> None:
    """Each hour of the week is the mean of its values, by the wall clock of the zone."""
    page = page_of(web.get(f"/channel/{WEATHER}/rhythm", params={"tz": zone, "field": 1}))
    shown = next(rows for name, rows in page.tables.items() if "day of the week" in name)
    local = values_of(site, WEATHER, 1).with_columns(pl.col("at").dt.convert_time_zone(zone))
    means = {
        (weekday, hour): mean
        for weekday, hour, mean in local.group_by(
            pl.col("at").dt.weekday().alias("weekday"), pl.col("at").dt.hour().alias("hour")
        )
        .agg(pl.col("value").mean())
        .iter_rows()
    }
    assert len(means) == 7 * 24
    for hour, row in enumerate(shown[1:]):
        assert row[0] == f"{hour:02}:00"
        for weekday, text in enumerate(row[1:], 1):
            places = len(text.partition(".")[2])
            assert abs(number(text) - means[weekday, hour]) <= 0.5 * 10**-places + 1e-9


def test_the_histogram_counts_every_value_once(site: Site, web: httpx2.Client) -> None:
    """A bin holds the values from its lower edge on, up to its upper one; none is left out."""
    page = page_of(web.get(f"/channel/{WEATHER}/rhythm", params={"field": 1}))
    shown = next(rows for name, rows in page.tables.items() if "spread" in name)
    edges = [(number(row[0]), number(row[1]), int(number(row[2]))) for row in shown[1:]]
    values = values_of(site, WEATHER, 1)["value"].to_list()
    assert sum(count for _, _, count in edges) == len(values)
    assert all(one[1] == following[0] for one, following in pairwise(edges))
    for low, high, count in edges:
        assert count == sum(low - 1e-9 <= value < high - 1e-9 for value in values)


def test_the_year_holds_the_days_of_the_zone(site: Site, web: httpx2.Client) -> None:
    """A day's mean, least and greatest are those of its values, midnight to midnight."""
    zone = "America/New_York"
    page = page_of(web.get(f"/channel/{WEATHER}/rhythm", params={"tz": zone, "field": 2}))
    local = values_of(site, WEATHER, 2).with_columns(
        pl.col("at").dt.convert_time_zone(zone).dt.date().alias("day")
    )
    wanted = {
        str(day): (mean, low, high, count)
        for day, mean, low, high, count in local.group_by("day")
        .agg(
            pl.col("value").mean(),
            pl.col("value").min().alias("low"),
            pl.col("value").max().alias("high"),
            pl.len(),
        )
        .iter_rows()
    }
    shown = [row for name, rows in page.tables.items() if "mean by day" in name for row in rows[1:]]
    assert {row[0] for row in shown} == set(wanted)
    for day, mean, low, high, count in shown:
        own = wanted[day]
        assert [number(text) for text in (low, high)] == pytest.approx(own[1:3], abs=0.051)
        assert number(mean) == pytest.approx(own[0], abs=0.051) and number(count) == own[3]


def test_the_rhythm_of_a_span_is_of_that_span_only(site: Site, web: httpx2.Client) -> None:
    """A span, of which both ends cut an hour, has its own readings and no others."""
    span = {"from": "2024-02-01T00:25Z", "to": "2024-02-02T10:35Z", "field": "Temperature"}
    page = page_of(web.get(f"/channel/{WEATHER}/rhythm", params=span))
    values = values_of(site, WEATHER, 1).filter(
        pl.col("at").is_between(
            datetime(2024, 2, 1, 0, 25, tzinfo=UTC),
            datetime(2024, 2, 2, 10, 35, tzinfo=UTC),
            closed="left",
        )
    )
    shown = next(rows for name, rows in page.tables.items() if "spread" in name)
    assert sum(int(number(text)) for text in column(shown, 2)) == len(values)


def test_the_worst_spans_are_the_runs_of_days_that_lost_most(
    site: Site, web: httpx2.Client
) -> None:
    """Days in a row below 100 are one span; what they lost adds up, the most lost first."""
    days = site.served.warehouse.query("quality_days", channel_id=WEATHER).to_pylist()
    runs: list[list[dict[str, object]]] = [[]]
    for day in days:
        if day["QualityScore"] < 100:
            runs[-1].append(day)
        elif runs[-1]:
            runs.append([])
    spans = sorted(
        ((sum(100 - d["QualityScore"] for d in run), run) for run in runs if run),
        key=lambda pair: -pair[0],
    )
    assert spans, "nothing to show"
    page = page_of(web.get(f"/channel/{WEATHER}/quality"))
    shown = page.tables["The worst spans"][1:]
    assert len(shown) == min(len(spans), 30)
    for row, (lost, run) in zip(shown, spans, strict=False):
        assert number(row[3]) == pytest.approx(100 - lost / len(run), abs=0.051)
        assert int(row[2]) == len(run)
        assert int(number(row[7])) == sum(d["AnomaliesDetected"] for d in run)


def test_the_six_ways_are_the_warehouses(site: Site, web: httpx2.Client) -> None:
    """Each row of the page is a row of the answer, with its share rounded down and why; of thirty
    days, where no span is asked for."""
    month = page_of(web.get(f"/channel/{WEATHER}/quality")).tables["In six ways"]
    page = page_of(web.get(f"/channel/{WEATHER}/quality", params={"from": "2000", "to": "2090"}))
    table = page.tables["In six ways"]
    given = {"start": datetime(2000, 1, 1), "end": None, "as_of": NOW}
    rows = dimensions_of(site.served.warehouse, WEATHER, **given).to_pylist()
    assert len(rows) == len(month) - 1 > 6 and month != table
    assert column(table, 0) == [row["Dimension"].capitalize() for row in rows]
    assert column(table, 3) == [row["Reason"] for row in rows]
    for text, share in zip(column(table, 2), (row["Share"] for row in rows), strict=True):
        if share is None:
            assert text == "\N{EN DASH}"
        else:
            assert -1e-9 < 100 * share - number(text.removesuffix("%").strip()) < 0.010001


def test_the_trend_is_the_days_and_their_week(site: Site, web: httpx2.Client) -> None:
    """Each whole day stands beside the day before, and the mean of the seven that end there.

    Above them stands what the tests say of the same days.
    """
    answer = web.get(f"/channel/{WEATHER}/trend", params={"field": 1, "days": 20})
    shown = page_of(answer).tables["Day by day"][1:]
    values = values_of(site, WEATHER, 1).with_columns(pl.col("at").dt.date().alias("day"))
    means = dict(values.group_by("day").agg(pl.col("value").mean()).iter_rows())
    assert shown[0][0] == str(NOW.date() - timedelta(days=1)) and len(shown) <= 20
    for row in shown:
        day = date.fromisoformat(row[0])
        week = [means[d] for n in range(7) if (d := day - timedelta(days=n)) in means]
        assert number(row[1]) == pytest.approx(means[day], abs=0.0051)
        assert number(row[6]) == pytest.approx(sum(week) / len(week), abs=0.0051)
        if before := means.get(day - timedelta(days=1)):
            assert number(row[5]) == pytest.approx(means[day] - before, abs=0.0051)
    house, zone = site.served.warehouse, site.served.zone
    days = trend_of(house, WEATHER, 1, days=20, as_of=NOW, zone=zone).to_pylist()
    said = list(told(tendencies_of(house, days)))
    assert said and all(line in html.unescape(answer.text) for line in said)


# What did not fit


def test_every_text_is_there_to_be_read_and_filtered(site: Site, web: httpx2.Client) -> None:
    """The pages hold every text once, with its reason; a filter leaves those that fit."""
    rows = site.served.warehouse.sql(
        "SELECT EntryID, ColumnName, RawValue, Reason FROM iot.RawValues WHERE ChannelID = ?",
        [HOSTILE],
    ).to_pylist()
    seen: Counter[tuple[str, str]] = Counter()
    for number_ in (1, 2, 3, 99):
        page = page_of(web.get(f"/channel/{HOSTILE}/texts", params={"page": number_}))
        if number_ < 3:
            seen.update((row[5], row[3]) for row in page.tables["Raw values"][1:])
    assert seen == Counter((str(row["EntryID"]), row["Reason"]) for row in rows)
    page = page_of(web.get(f"/channel/{HOSTILE}/texts", params={"contains": "<b>"}))
    texts = column(page.tables["Raw values"], 1)
    assert texts == ["<b>1</b>"] * sum(row["RawValue"] == "<b>1</b>" for row in rows)
    chosen = {"reason": "out of range", "column": "Field1"}
    page = page_of(web.get(f"/channel/{HOSTILE}/texts", params=chosen))
    assert set(column(page.tables["Raw values"], 3)) == {"out of range"}
    assert set(column(page.tables["Raw values"], 4)) == {HOSTILE_LABELS[1]}


def test_rejected_entries_are_shown_as_they_came(web: httpx2.Client) -> None:
    """An entry that could be no reading stands there, escaped, and is found by what is in it."""
    page = page_of(web.get(f"/channel/{HOSTILE}/rejected", params={"contains": "script"}))
    (row,) = page.tables["Rejected entries"][1:]
    assert "<script>alert(1)</script>" in row[3] and row[2] == "no id"
    page = page_of(web.get(f"/channel/{HOSTILE}/rejected", params={"contains": "%"}))
    assert not page.tables


def test_runs_are_those_that_were_recorded(site: Site, web: httpx2.Client) -> None:
    """All runs, or a channel's, or those that failed."""
    rows = site.served.warehouse.query("runs").to_pylist()
    assert len(page_of(web.get("/runs")).tables["Runs"]) == len(rows) + 1
    own = [row for row in rows if row["ChannelID"] == WEATHER]
    shown = page_of(web.get(f"/channel/{WEATHER}/runs")).tables["Runs"][1:]
    assert [int(number(row[5])) for row in shown] == [row["Inserted"] for row in own]
    assert not page_of(web.get("/runs", params={"failed": 1})).tables


def test_lives_say_what_counts(site: Site, web: httpx2.Client) -> None:
    """A channel's lives with their readings, as the question has them."""
    (life,) = site.served.warehouse.query("lives", channel_id=WEATHER).to_pylist()
    page = page_of(web.get(f"/channel/{WEATHER}/lives"))
    (row,) = page.tables["Lives"][1:]
    assert int(number(row[3])) == life["Readings"]


def test_the_map_asks_nobody_else(web: httpx2.Client) -> None:
    """A channel with a position is on the map, which loads nothing from elsewhere."""
    page = page_of(web.get("/map"))
    assert any(row[0] == "Weather station on the hill" for row in
               page.tables["Channels with a position"])  # fmt: skip
    points = [given for tag, given in page.tags if tag == "a" and "aria-label" in given]
    assert f"/channel/{WEATHER}" in {point["href"] for point in points}
    addresses = [given.get(name, "") for _, given in page.tags for name in ("href", "src")]
    assert not [one for one in addresses if one.startswith(("http", "//"))]


def test_tiles_lie_below_the_points(site: Site) -> None:
    """With a tile server the map is of its tiles, and a point lies where its tile has it."""
    server = "https://tiles.example/{z}/{x}/{y}.png"
    served = replace(site.served, rules=replace(site.served.rules, tile_server=server))
    with (
        listening(served) as url,
        httpx2.Client(base_url=url, timeout=30, trust_env=False) as client,
    ):
        answer = client.get("/map", params={"at": "47,8", "zoom": 9})
    assert (
        "img-src 'self' data: https://tiles.example;" in answer.headers["content-security-policy"]
    )
    tags = page_of(answer).tags
    tiles = {
        given["href"]: (float(given["x"]), float(given["y"])) for tag, given in tags
        if tag == "image"
    }  # fmt: skip
    assert len(tiles) in range(8, 21) and all(each.startswith("https://tiles") for each in tiles)
    (row,) = (
        r for r in served.warehouse.query("channels").to_pylist() if r["ChannelID"] == WEATHER
    )
    north = math.radians(float(row["Latitude"]))
    x = (float(row["Longitude"]) + 180) / 360 * 2**9
    y = (1 - math.asinh(math.tan(north)) / math.pi) / 2 * 2**9  # as the tiles' own wiki has it
    left, top = tiles[f"https://tiles.example/9/{int(x)}/{int(y)}.png"]
    (move,) = (given["transform"] for tag, given in tags if given.get("aria-hidden"))
    shift = [float(part) for part in move.removeprefix("translate(")[:-1].split()]
    (point,) = (given for tag, given in tags if tag == "circle")
    assert float(point["cx"]) == pytest.approx(left + x % 1 * 256 + shift[0], abs=0.2)
    assert float(point["cy"]) == pytest.approx(top + y % 1 * 256 + shift[1], abs=0.2)


# All of them


PAGES = (
    *("rhythm", "trend", "anomalies", "insight", "quality", "lives"),
    *("texts", "rejected", "corrections", "runs"),
)


@pytest.mark.parametrize("channel", [HOSTILE, EMPTY])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_bears_any_channel(web: httpx2.Client, name: str, channel: int) -> None:
    """Names, labels and texts that mean no good are shown as texts; a channel may hold nothing."""
    for field in ("", *(range(1, 9) if name == "rhythm" else ())):
        page = page_of(web.get(f"/channel/{channel}/{name}", params={"field": field}))
        assert page.tags


@pytest.mark.parametrize("name", PAGES)
def test_a_channel_that_is_not_there_is_said(web: httpx2.Client, name: str) -> None:
    """Its pages are not there either, for people and for programs."""
    for number_ in (7, 2**40):
        page_of(web.get(f"/channel/{number_}/{name}", headers={"Accept": "text/html"}), 404)


@pytest.mark.parametrize(
    ("address", "field", "line"),
    [
        ("rhythm?from=yesterwhen", "from", "'yesterwhen' is no time"),
        ("rhythm?from=2024-02-02&to=2024-02-01", "to", "2024-02-01 is not after 2024-02-02"),
        ("rhythm?field=Nothing", "field", "has no field 'Nothing'"),
        ("trend?days=0", "days", "days are a number from 1 to 36,525"),
        ("trend?tz=Mars/Olympus", "tz", "'Mars/Olympus' is no time zone"),
        ("quality?to=%3Cscript%3E", "to", "is no time"),
        ("lives?from=99999-01-01", "from", "is no time"),
        ("texts?contains=" + "x" * 201, "contains", "at most 200 characters"),
    ],
)
def test_what_was_asked_wrongly_comes_back(
    web: httpx2.Client, address: str, field: str, line: str
) -> None:
    """The page stands, with what was written and one line at its field."""
    answer = web.get(f"/channel/{WEATHER}/{address}", headers={"Accept": "text/html"})
    page = page_of(answer, 400)
    assert line in page.wrong[field]
