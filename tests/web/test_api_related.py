"""The API tells what goes together, what is near and for how long, as the commands do."""

import csv
import io
from dataclasses import astuple
from datetime import UTC, timedelta
from typing import Any

import httpx2
import pytest
from web_kit import EMPTY, HOSTILE, NOW, WEATHER, Site

from fieldhouse.insight import lasting, relating

START = NOW - timedelta(days=20)
AT = f"/api/channels/{WEATHER}"


def found(web: httpx2.Client, path: str, **given: Any) -> list[list[Any]]:
    """The rows of an answer, without their names."""
    answer = web.get(f"{AT}/{path}", params=given)
    assert answer.status_code == 200, answer.text
    return [list(row.values()) for row in answer.json()]


def test_relations_are_those_of_the_command(site: Site, web: httpx2.Client) -> None:
    """Each lag of each pair, of one other field, of another channel's, or of all labelled ones."""

    def wanted(channel: int, field: int, lags: int) -> list[list[Any]]:
        rows = relating.together(
            site.served.warehouse, (WEATHER, 1), (channel, field), start=START, end=NOW,
            most_hours=lags,
        )  # fmt: skip
        return [[channel, field, *astuple(row)] for row in rows]

    asked = {"field": "Temperature (°C)", "days": 20}
    one = found(web, "relations", **asked, other="2", lags=3)
    assert len(one) == 7
    far = found(web, "relations", **asked, other_channel=HOSTILE, other="2", lags=1)
    assert len(far) == 3
    every = found(web, "relations", **asked)
    assert [row[1] for row in every] == [2, 3, 4, 5, 6, 7, 8]
    expected = [*wanted(WEATHER, 2, 3), *wanted(HOSTILE, 2, 1)]
    expected += [row for n in range(2, 9) for row in wanted(WEATHER, n, 0)]
    for row, own in zip([*one, *far, *every], expected, strict=True):
        assert row == pytest.approx(own, rel=1e-9)


@pytest.mark.parametrize("by", lasting.PERIODS)
@pytest.mark.parametrize("by_daylight", [False, True])
def test_hours_are_those_of_the_command(
    site: Site, web: httpx2.Client, by: lasting.Period, by_daylight: bool
) -> None:
    """Hours between two values by the period of the zone, light and dark apart where asked for."""
    zone = site.served.zone
    wanted = lasting.hours(
        site.served.warehouse,
        WEATHER,
        1,
        lasting.between("-1", "3.5"),
        start=lasting.since(20, NOW, zone),
        end=NOW,
        zone=zone,
        by=by,
        by_daylight=by_daylight,
    )
    given = {"field": 1, "above": -1, "below": 3.5, "days": 20, "by": by}
    rows = found(web, "hours", **given, by_daylight=by_daylight)
    assert len(rows) >= 1 + by_daylight and any(row[4] > 0 for row in rows)
    for row, own in zip(rows, wanted, strict=True):
        assert row[:2] == [own.begins.isoformat(), own.light]
        assert row[2:] == pytest.approx(astuple(own)[2:], rel=1e-9)


def test_rows_come_as_a_file_too(web: httpx2.Client) -> None:
    """As CSV the same rows, under the same names; nobody near is no row."""
    answer = web.get(f"{AT}/hours.csv", params={"field": 1, "days": 3})
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["Begins", "IsLight", "Hours", "HoursKnown", "HoursInside", "Mean"]
    assert len(rows) == 1 + 4 and rows[1][0] == f"{START + timedelta(days=17):%Y-%m-%d}"
    assert found(web, "neighbours", field=1, within=500) == []


WRONG = {
    f"{AT}/relations?field=1&other_channel={HOSTILE}": (400, "name the other field, too"),
    f"{AT}/relations?field=1&other=2&other_channel=77": (404, "channel 77 is not in the warehouse"),
    f"{AT}/relations?field=1&lags=721": (422, "lags"),
    f"{AT}/relations?field=1&as_of=0001-01-01&days=9000": (200, ""),
    f"{AT}/neighbours?field=1&within=0": (422, "within"),
    f"/api/channels/{HOSTILE}/neighbours?field=1&within=9": (400, "no position to be near to"),
    f"{AT}/hours?field=1&above=nan": (422, "above"),
    f"{AT}/hours?field=1&above=5&below=3": (400, "no value can meet"),
    f"{AT}/hours?field=1&by=year": (422, "by"),
    f"{AT}/hours?field=1&days=3660&by_daylight=1": (400, "more than 4,000 parts"),
    f"{AT}/hours?field=1&as_of=0001-01-01&tz=America/St_Johns": (200, ""),
    f"{AT}/hours?field=1&as_of=0001-01-01T00:00:01Z&tz=Asia/Tokyo": (200, ""),
    f"{AT}/hours?field=1&as_of=9999-12-31T23:59:59Z&tz=Pacific/Kiritimati": (200, ""),
    f"{AT}/trend?field=1&as_of=0001-01-01T00:00:01Z&tz=America/St_Johns": (200, ""),
    f"{AT}/trend?field=1&as_of=9999-12-31T23:59:59Z&tz=Pacific/Kiritimati": (200, ""),
    f"/api/channels/{EMPTY}/hours?field=1": (400, "too few readings"),
    f"/api/channels/{HOSTILE}/hours?field=2&by_daylight=1": (400, "no position, by which"),
}


@pytest.mark.parametrize("path", WRONG)
def test_what_cannot_be_meant_is_told_in_one_line(web: httpx2.Client, path: str) -> None:
    """A wrong question has its status and one line as problem+json; a far one is answered."""
    status, words = WRONG[path]
    answer = web.get(path)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert words in answer.json()["detail"] and "\n" not in answer.json()["detail"]


def test_an_instant_is_one_of_the_zone(web: httpx2.Client) -> None:
    """The latest is just after the newest reading; days are those of the zone that is asked for."""
    latest = found(web, "hours", field=1, days=1, as_of="latest", tz="Asia/Kathmandu")
    begin = NOW.replace(tzinfo=UTC) - timedelta(days=1)
    assert latest[0][0] == f"{begin + timedelta(hours=5, minutes=45):%Y-%m-%d}"
