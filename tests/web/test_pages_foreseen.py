"""Pages of what comes, of what goes together, and for how long: their numbers are their own."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import escape
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import numpy as np
import polars as pl
import pytest
from pages_kit import column, number, page_of
from test_pages_numbers import values_of
from warehouse_kit import batch, row
from web_kit import EMPTY, HOSTILE, NOW, WEATHER, Site, a_world, serving

from fieldhouse.insight import forecasts
from fieldhouse.names import all_labels
from fieldhouse.report.foreseen import fan

HOUR = timedelta(hours=1)


def hourly(site: Site, field: int, start: datetime, end: datetime) -> dict[datetime, float]:
    """The means of a field's whole hours, naive UTC."""
    own = values_of(site, WEATHER, field).with_columns(pl.col("at").dt.replace_time_zone(None))
    held = own.filter(pl.col("at").is_between(start, end, closed="left"))
    found = held.group_by(pl.col("at").dt.truncate("1h").alias("hour")).agg(pl.col("value").mean())
    return dict(found.iter_rows())


def table_of(answer: httpx2.Response, words: str) -> Sequence[list[str]]:
    """The one table that is called so."""
    (found,) = (rows for name, rows in page_of(answer).tables.items() if words in name)
    return found


def test_a_forecast_is_shown_with_its_band_and_with_what_came_before(
    site: Site, web: httpx2.Client
) -> None:
    """The numbers of the fan are the forecast's, those before it the means of the hours."""
    answer = web.get(f"/channel/{WEATHER}/forecast", params={"field": 1, "for": "24h"})
    wanted = forecasts.forecast_of(
        site.served.warehouse, WEATHER, 1, length=24 * HOUR, as_of=NOW, zone=UTC
    ).to_pylist()
    shown = table_of(answer, ", forecast")
    assert column(shown, 0) == [f"{row['At']:%Y-%m-%d %H:%M}" for row in wanted]
    for place, name in ((1, "Forecast"), (2, "Low"), (3, "High")):
        values = [number(text) for text in column(shown, place)]
        assert values == pytest.approx([row[name] for row in wanted], abs=0.06)
    past = table_of(answer, ", so far")
    rows = {row[0]: number(row[1]) for row in past[1:]}
    means = hourly(site, 1, NOW - timedelta(days=3), NOW)
    assert len(rows) > 20
    for begin, value in rows.items():
        at = datetime.fromisoformat(begin)
        joined = [means[hour] for k in range(2) if (hour := at + k * HOUR) in means]
        assert value == pytest.approx(np.mean(joined), abs=0.15)
    assert 'stroke-dasharray="40 30"' in answer.text


def test_a_forecast_says_how_it_was_tried(site: Site, web: httpx2.Client) -> None:
    """Each stretch tells by how much its method was off, and the naive one."""
    answer = web.get(f"/channel/{WEATHER}/forecast", params={"field": 1, "for": "3d"})
    found = forecasts.forecast_of(
        site.served.warehouse, WEATHER, 1, length=72 * HOUR, as_of=NOW, zone=UTC
    ).to_pylist()
    shown = table_of(answer, "How it is made")
    begins = {f"{row['At']:%Y-%m-%d %H:%M}": row for row in found}
    assert len(shown) == 1 + 3, "a stretch a day"
    for begin, _, off, naive, errors in shown[1:]:
        row = begins[begin]
        assert [number(off), number(naive)] == pytest.approx(
            [row["Mae"], row["NaiveMae"]], abs=0.006
        )
        assert int(errors) == row["Errors"]


@pytest.mark.parametrize("side", ["below", "above"])
@pytest.mark.parametrize("limit", ["-3.5", "400"])
def test_a_question_is_answered_as_the_command_answers_it(
    site: Site, web: httpx2.Client, side: str, limit: str
) -> None:
    """When a field falls below or rises above a limit: within a year, in the days of the zone."""
    zone = ZoneInfo("Asia/Kathmandu")
    given = {"field": "1", "limit": limit, "side": side, "tz": zone.key}
    page = web.get(f"/channel/{WEATHER}/forecast", params=given)
    ahead = forecasts.forecast_of(
        site.served.warehouse, WEATHER, 1, length=forecasts.LONGEST, as_of=NOW, zone=zone
    )
    below = side == "below"
    crossing = forecasts.crossing_of(ahead, float(limit), below=below)
    line = forecasts.told(crossing, float(limit), zone, below=below, days=366)
    assert page_of(page) and f": {escape(line)}</strong>" in page.text


def test_a_silent_channel_goes_on_from_its_newest_reading(own: Site) -> None:
    """Where nothing came for two weeks it is said so, and the forecast begins there."""
    own.world.clock.advance(40 * 86_400)
    with own.client() as client:
        answer = client.get(f"/channel/{HOSTILE}/forecast", params={"field": 2, "for": "6h"})
        shown = table_of(answer, ", forecast")
        assert "Nothing came since" in answer.text and column(shown, 0)[0] < f"{NOW:%Y-%m-%d %H:%M}"
        assert "no value" in client.get(f"/channel/{EMPTY}/forecast").text
        for page in ("relations", "hours"):
            assert page_of(client.get(f"/channel/{EMPTY}/{page}"))


def test_a_channel_that_sends_is_not_called_silent(tmp_path: Path, small_file: Path) -> None:
    """While a page is made time goes on; that alone is no silence."""
    shutil.copy(small_file, tmp_path)
    ticks = count()
    clock = lambda: NOW + timedelta(seconds=next(ticks))  # noqa: E731
    with serving(tmp_path, a_world(days=0), clock=clock) as site, site.client() as client:
        text = client.get(f"/channel/{HOSTILE}/forecast", params={"field": 2}).text
    assert 'id="forecast"' in text and "Nothing came" not in text


def test_a_spike_does_not_flatten_the_means(own: Site) -> None:
    """The axis reaches over the means and the forecast; readings far beyond stand at its end."""
    house, begin = own.served.warehouse, NOW - timedelta(days=30)
    rows = [row(n, begin + n * HOUR / 6, Field1=n % 144) for n in range(1, 30 * 144)]
    rows[-200]["Field1"] = Decimal(5000)
    house.load([batch(rows, channel_id=9)])
    house.call("refresh_aggregates")
    asked: dict[str, Any] = {"as_of": NOW, "zone": UTC}
    found = forecasts.forecast_of(house, 9, 1, length=72 * HOUR, **asked)
    (panel,) = fan(house, 9, (1, "Level", ""), forecast=found, **asked).panels
    before, ahead = panel.lines
    assert panel.bounds == (
        min(before.mean.min(), ahead.least.min()),
        max(before.mean.max(), ahead.greatest.max()),
    )
    assert before.greatest.max() == 5000 and panel.bounds[1] < 2000


def test_what_goes_together_is_told_hour_by_hour(site: Site, web: httpx2.Client) -> None:
    """Pearson's correlations, with and without the day's rhythm, are those of the hours' means."""
    given = {"field": 1, "days": 20, "other": "2", "lags": 3}
    answer = web.get(f"/channel/{WEATHER}/relations", params=given)
    start = NOW - timedelta(days=20)
    fields = {n: hourly(site, n, start, NOW) for n in range(1, 9)}
    labels = {label: n for n, label in all_labels(site.served.warehouse)[WEATHER].items()}
    shown = table_of(answer, "The other fields")
    assert {labels[row[0]] for row in shown[1:]} == set(range(2, 9))

    def rest(means: dict[datetime, float]) -> dict[datetime, float]:
        usual = {h: np.mean([v for at, v in means.items() if at.hour == h]) for h in range(24)}
        return {at: value - float(usual[at.hour]) for at, value in means.items()}

    def pearson(one: dict[datetime, float], two: dict[datetime, float]) -> float:
        both = sorted(one.keys() & two.keys())
        return float(np.corrcoef([one[at] for at in both], [two[at] for at in both])[0, 1])

    for label, hours, plain, _, without, _ in shown[1:]:
        other = fields[labels[label]]
        assert number(hours) == len(fields[1].keys() & other.keys())
        assert number(plain) == pytest.approx(pearson(fields[1], other), abs=6e-4)
        assert number(without) == pytest.approx(pearson(rest(fields[1]), rest(other)), abs=6e-4)
    lagged = table_of(answer, "Correlation of Temperature with Humidity")
    assert [number(text) for text in column(lagged, 0)] == [-3, -2, -1, 0, 1, 2, 3]
    later = {at - 2 * HOUR: v for at, v in hourly(site, 2, start, NOW).items()}
    assert number(column(lagged, 2)[5]) == pytest.approx(pearson(fields[1], later), abs=6e-4)


def test_hours_above_a_value_are_counted_by_the_local_day(site: Site, web: httpx2.Client) -> None:
    """A value counts until the next one, at most half an hour at ten minutes' distance."""
    zone = ZoneInfo("America/New_York")
    given = {"field": 1, "above": "2", "days": 9, "tz": zone.key}
    shown = table_of(web.get(f"/channel/{WEATHER}/hours", params=given), "Hours by the day")
    held = list(values_of(site, WEATHER, 1).sort("at").iter_rows())
    ends = [at for at, _ in held[1:]] + [NOW.replace(tzinfo=UTC)]
    hold = timedelta(minutes=30)
    assert len(shown) == 1 + 10
    for day, _, known, inside, _, mean in shown[1:]:
        begin = datetime.fromisoformat(day).replace(tzinfo=zone)
        end = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=zone)
        end = min(end.astimezone(UTC), NOW.replace(tzinfo=UTC))
        parts = [
            ((min(after, at + hold, end) - max(at, begin)) / HOUR, value)
            for (at, value), after in zip(held, ends, strict=True)
            if at < end and min(after, at + hold) > begin
        ]
        assert number(known) == pytest.approx(sum(part for part, _ in parts), abs=0.006)
        assert number(inside) == pytest.approx(sum(p for p, v in parts if v > 2), abs=0.006)
        by_time = sum(p * v for p, v in parts) / sum(p for p, _ in parts)
        assert number(mean) == pytest.approx(by_time, abs=6e-4)


WRONG = {
    "forecast?for=400d": ("for", "a forecast is for 1h to 366d"),
    "forecast?for=soon": ("for", "soon"),
    "forecast?limit=3,3": ("limit", "3,3 is no number: write 3.3"),
    "forecast?limit=nan": ("limit", "nan is no number"),
    "forecast?limit=3&side=beside": ("side", "beside is neither below nor above"),
    "forecast?field=colour": ("field", "colour"),
    "relations?days=0": ("days", "days are a number from 1 to 3,660"),
    "relations?lags=9999": ("lags", "lags are a number from 1 to 720"),
    "relations?field=1&other=1": ("other", "is the field itself: name another"),
    "relations?near=here": ("near", "here is no distance: write 25km"),
    "hours?above=warm": ("above", "warm"),
    "hours?above=5&below=3": ("above", "no value can meet"),
    "hours?by=year": ("by", "year is no period: write day, week, month"),
    "hours?days=-1": ("days", "days are a number from 1 to 3,660"),
}


@pytest.mark.parametrize("address", WRONG)
def test_what_is_wrong_is_said_at_its_field(web: httpx2.Client, address: str) -> None:
    """One line says what is wrong and what would be right; the rest of the page is there."""
    name, line = WRONG[address]
    page = page_of(web.get(f"/channel/{WEATHER}/{address}"), 400)
    assert line in page.wrong[name]


def test_what_a_channel_lacks_is_said(web: httpx2.Client) -> None:
    """Without a position there is neither day nor night, nor a neighbour."""
    answer = web.get(f"/channel/{HOSTILE}/hours", params={"daylight": "yes", "field": 2})
    assert page_of(answer).said == [f"channel {HOSTILE} has no position, by which the sun is up"]
    near = page_of(web.get(f"/channel/{HOSTILE}/relations", params={"near": "9"}), 400)
    assert near.wrong["near"] == f"channel {HOSTILE} has no position to be near to"
