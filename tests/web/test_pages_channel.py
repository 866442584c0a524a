"""A channel's page: what is drawn is what the warehouse holds, and the address says what."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from plots_kit import buckets, data_of, lines_of, page
from warehouse_kit import T0, batch, row
from web_kit import EMPTY, HOSTILE, NOW, PAUSED, WEATHER, Site

WEEK = "/channel/12001?last=7d"
EXACT = "/channel/12001?from=2024-02-20&to=2024-02-22&tz=Europe/Zurich&fields=1,3"
BEGIN = datetime(2024, 2, 19, 23, tzinfo=UTC)
"""20 February in Zurich."""


def test_what_is_drawn_are_the_readings_in_buckets(site: Site, web: httpx2.Client) -> None:
    """Each bucket's mean, least, greatest and count are those of its readings, told by SQL."""
    text, _ = page(web, EXACT)
    data = data_of(text)
    (first, *_), third = data["figures"], data["figures"][1]
    level = first["panels"][0]["lines"][0]["levels"][0]
    drawn = buckets(level)
    seconds = int(drawn[0]["end"] - drawn[0]["start"])
    wanted = site.served.warehouse.sql(
        f"SELECT epoch(time_bucket(to_seconds({seconds}), CreatedAt, TIMESTAMP '1970-01-01')) AS t,"
        " count(Field1) AS count, avg(Field1)::DOUBLE AS mean, min(Field1)::DOUBLE AS least,"
        " max(Field1)::DOUBLE AS greatest FROM iot.CountedReadings WHERE ChannelID = 12001"
        " AND CreatedAt >= '2024-02-19 23:00' AND CreatedAt < '2024-02-22 23:00'"
        " GROUP BY t HAVING count(Field1) > 0 ORDER BY t"
    ).to_pylist()
    assert len(drawn) == len(wanted) > 50
    for mine, theirs in zip(drawn, wanted, strict=True):
        assert (mine["start"], mine["count"]) == (theirs["t"], theirs["count"])
        for name in ("mean", "least", "greatest"):
            assert mine[name] == pytest.approx(theirs[name], abs=1.01 / level["scale"])
    assert third["panels"][0]["title"] == "Pressure" and len(data["figures"]) == 2
    assert first["start"] == BEGIN.timestamp() * 1000


def test_the_servers_picture_has_the_same_points(web: httpx2.Client) -> None:
    """What stands there without a script has a point for each bucket; a phone's is slim."""
    text, read = page(web, EXACT)
    drawn = lines_of(data_of(text))
    wide = re.findall(r'<svg class="fieldhouse broad".*?</svg>', text, re.DOTALL)
    assert len(wide) == len(drawn) == 2
    phone = web.get(EXACT, headers={"User-Agent": "Mozilla/5.0 (iPhone) Mobile/15E148"}).text
    assert (
        re.findall(r'<svg class="fieldhouse (\w+)" viewBox="0 0 (\d+)', phone)
        == [("slim", "380")] * 2
    )
    for picture, line in zip(wide, drawn.values(), strict=True):
        means = "".join(re.findall(r'<path class="(?:mean|dots)" d="([^"]*)"', picture))
        assert len(re.findall(r"[\d.]+ [\d.]+", means)) == len(line)
    assert len(list(read.all("table"))) >= 2  # each has its table


def test_the_exact_address_shows_exactly_this(web: httpx2.Client) -> None:
    """The address that a page gives for itself shows the same, whatever cookies say."""
    for address in (WEEK, EXACT, "/channel/12001?last=1d&compare=666:2&before=1w&every=1h"):
        text, read = page(web, address)
        (exact,) = [a["href"] for a in read.all("a") if (a.get("href") or "").startswith("/channel")
                    and "from=" in (a["href"] or "") and "/readings" not in (a["href"] or "")
                    and "/corrections" not in (a["href"] or "")
                    and "tz=" in (a["href"] or "")]  # fmt: skip
        web.cookies.set("fieldhouse_zone", "Asia/Tokyo")
        again, _ = page(web, exact or "")
        web.cookies.clear()
        mine, theirs = data_of(text), data_of(again)
        assert mine["figures"] == theirs["figures"] and mine["offsets"] == theirs["offsets"]


def test_zooming_asks_for_what_the_page_would_show(web: httpx2.Client) -> None:
    """The address with a page's data answers other spans as the page of that span does."""
    source = data_of(page(web, EXACT)[0])["source"]
    span = {"from": "2024-02-20T10:00:00Z", "to": "2024-02-20T16:00:00Z"}
    finer = web.get(source["address"], params={**_query(source["address"]), **span, "width": 900})
    assert finer.headers["content-type"] == "application/json"
    text, _ = page(
        web, f"/channel/12001?tz=Europe/Zurich&fields=1,3&from={span['from']}&to={span['to']}"
    )
    assert finer.json()["figures"] == data_of(text)["figures"]
    assert all(row["count"] == 1 for line in lines_of(finer.json()).values() for row in line)
    assert source["first"] < source["now"] == NOW.replace(tzinfo=UTC).timestamp() * 1000


def _query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def test_the_same_span_of_an_earlier_week_lies_beside(web: httpx2.Client) -> None:
    """It is drawn seven days on, value for value; the legend says which is which."""
    now = "from=2024-02-20&to=2024-02-21&fields=1&every=1h"
    then = "from=2024-02-13&to=2024-02-14&fields=1&every=1h"
    text, _ = page(web, f"/channel/12001?{now}&before=1w")
    beside, earlier = (
        lines_of(data_of(text)),
        lines_of(data_of(page(web, f"/channel/12001?{then}")[0])),
    )
    (own, moved), (plain,) = beside.items(), earlier.values()
    assert moved[0][1].endswith(", a week before") and not own[0][1].endswith("before")
    assert [row["start"] - 7 * 86_400 for row in moved[1]] == [row["start"] for row in plain]
    for name in ("least", "greatest", "count"):
        assert [row[name] for row in moved[1]] == pytest.approx(
            [row[name] for row in plain], abs=0.02
        )
    assert "a week before" in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_other_channels_share_the_panel_of_their_label(web: httpx2.Client) -> None:
    """Fields called alike are drawn together, others below; a channel that is not held is told."""
    data = data_of(page(web, f"/channel/{PAUSED}?compare={EMPTY},12001:2&last=1d")[0])
    panels = [panel for figure in data["figures"] for panel in figure["panels"]]
    assert [(p["title"], len(p["lines"])) for p in panels] == [("Level", 2), ("Humidity", 1)]


def test_readings_stand_there_with_the_texts_that_were_sent(web: httpx2.Client) -> None:
    """Where they are few each is shown: its number, or the text that is none, as a text."""
    text, _ = page(web, f"/channel/{HOSTILE}?from=2024-02-28&to=2024-02-28T20:00")
    assert '<code class="text" title="the text that was sent"><bdi>&lt;b&gt;1&lt;/b&gt;' in text
    assert "12,5" in text and "0.0HTTP/1.1" in text and "\u202e" not in text


def test_what_was_excluded_is_seen_beside_what_counts(web: httpx2.Client, site: Site) -> None:
    """A rule's readings are marked in the plot with the reason, and struck out in the list."""
    aside = site.served.warehouse.sql(
        "SELECT CreatedAt, Field1 FROM iot.AllReadings WHERE ChannelID = 12001 AND Field1 > 80"
        " ORDER BY CreatedAt"
    ).to_pylist()
    assert aside
    at, value = aside[0]["CreatedAt"], float(aside[0]["Field1"])
    span = (
        f"from={(at - timedelta(hours=2)).isoformat()}Z&to={(at + timedelta(hours=2)).isoformat()}Z"
    )
    text, _ = page(web, f"/channel/12001?{span}&fields=1")
    marks = data_of(text)["figures"][0]["panels"][0]["marks"]
    assert [
        at.replace(tzinfo=UTC).timestamp() * 1000,
        value,
        "excluded: <b>a spike</b>",
        "aside",
    ] in marks
    assert f'<del title="as its source sent it">{value:g}</del>' in text
    assert "excluded: &lt;b&gt;a spike&lt;/b&gt;" in text and "<b>a spike" not in text


def test_readings_are_paged_through_to_the_last(web: httpx2.Client, site: Site) -> None:
    """Following the links shows every reading of a span once, in the order of time."""
    address, seen = "/channel/12001/readings?from=2024-02-15&to=2024-02-26&fields=1", []
    for _ in range(10):
        text, read = page(web, address)
        seen += [
            int(n) for n in re.findall(r'<td class="time">[^<]*</td><td class="number">(\d+)', text)
        ]
        following = [a["href"] for a in read.all("a", rel="next")]
        if not following:
            break
        address = following[0] or ""
    wanted = site.served.warehouse.sql(
        "SELECT EntryID FROM iot.AllReadings WHERE ChannelID = 12001 AND CreatedAt >= '2024-02-15'"
        " AND CreatedAt < '2024-02-27' AND NOT Superseded ORDER BY CreatedAt, EntryID"
    )["EntryID"].to_pylist()
    assert seen == wanted and len(wanted) > 1000


def test_more_readings_of_an_instant_than_a_page_holds_are_all_there(own: Site) -> None:
    """An instant is never parted between two pages, and none of its readings is passed over."""
    burst = [row(n, T0, Field1=n) for n in range(1, 621)]
    after = [row(621 + n, T0 + timedelta(seconds=1 + n), Field1=n) for n in range(3)]
    own.served.warehouse.load([batch([*burst, *after], channel_id=77)])
    with own.client() as web:
        address: str | None = f"/channel/77/readings?from={T0:%Y-%m-%d}&to={T0:%Y-%m-%d}"
        seen: list[int] = []
        for _ in range(5):
            text, read = page(web, address or "")
            ids = re.findall(r'<td class="time">[^<]*</td><td class="number">(\d+)', text)
            seen += map(int, ids)
            if not (following := [a["href"] for a in read.all("a", rel="next")]):
                break
            address = following[0]
    assert seen == list(range(1, 624))


def test_the_data_behind_is_a_click_away(web: httpx2.Client) -> None:
    """CSV, periods, API and SQL answer for the span that is shown, and no other."""
    text, read = page(web, EXACT)
    links = [a["href"] or "" for a in read.all("a") if (a.get("href") or "").startswith("/api/")]
    assert len(links) == 3
    for link in links:
        answer = web.get(link)
        assert answer.status_code == 200, answer.text
    rows = web.get(links[0]).text.splitlines()[1:]
    (sql,) = re.findall(r'<code id="sql">(.*?)</code>', text, re.DOTALL)
    sql = sql.replace("&gt;", ">").replace("&lt;", "<").replace("&#39;", "'").replace("&#x27;", "'")
    assert "Field1, Field3" in sql and "2024-02-19 23:00:00" in sql
    told = web.post("/api/query", json={"sql": sql})
    assert told.status_code == 200 and len(told.json()) == len(rows)


def test_times_are_the_readers(web: httpx2.Client) -> None:
    """The address names a zone, or a cookie, which may be nonsense; else it is the server's."""
    plain, _ = page(web, WEEK)
    assert 'data-zone="UTC"' in plain
    web.cookies.set("fieldhouse_zone", "Asia/Tokyo")
    assert 'data-zone="Asia/Tokyo"' in page(web, WEEK)[0]
    assert 'data-zone="Europe/Zurich"' in page(web, f"{WEEK}&tz=Europe/Zurich")[0]
    for nonsense in ("../../etc/passwd", "<script>", "x" * 3000):
        web.cookies.set("fieldhouse_zone", nonsense)
        assert 'data-zone="UTC"' in page(web, WEEK)[0]


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/channel/404", 404, "channel 404 is not in the warehouse"),
        ("/channel/nine", 422, "channel"),
        ("/channel/99999999999", 422, "channel"),
        ("/channel/12001?from=soon", 400, "is no time"),
        ("/channel/12001?from=2024-02-02&to=2024-02-01T00:00", 400, "is not before to="),
        ("/channel/12001?last=1y&every=5min", 400, "show a shorter span"),
        ("/channel/12001?every=0h", 400, "is no length of time"),
        ("/channel/12001?tz=Mars/Base", 400, "is no time zone"),
        ("/channel/12001?fields=9,10", 400, "has no field"),
        ("/channel/12001?compare=404", 400, "is not in the warehouse"),
        ("/channel/12001?compare=x:1", 400, "is no channel"),
        ("/channel/12001?before=3d", 400, "before="),
        ("/channel/12001?last=99999y", 400, "is no time"),
        (f"/channel/12001?fields={'9' * 300}", 400, "has no field"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_line(
    web: httpx2.Client, address: str, status: int, said: str
) -> None:
    """A page for people, with what is wrong and nothing of ours; as JSON for the script."""
    answer = web.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == status and "Traceback" not in answer.text
    text = re.sub(r"<[^>]*>", "", answer.text)
    assert said in text.replace("&#39;", "'"), text
    path, _, query = address.partition("?")
    program = web.get(f"{path}/figure?{query}", headers={"Accept": "application/json"})
    assert program.status_code == status
    assert program.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["quality", "anomalies", "rhythm", "hours", "lives"])
@pytest.mark.parametrize("end", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000001Z"])
def test_a_span_up_to_the_begin_of_all_time_is_shown(
    web: httpx2.Client, name: str, end: str
) -> None:
    """Nothing is before it, and a page that looks back from there is a page."""
    assert web.get(f"/channel/12001/{name}?to={end}&tz=Pacific/Kiritimati").status_code == 200


def test_what_is_empty_says_what_to_do(web: httpx2.Client) -> None:
    """A channel without readings, and a span without, lead on."""
    text, _ = page(web, f"/channel/{EMPTY}")
    assert f"fieldhouse run {EMPTY}" in text and "NaN" not in text
    text, read = page(web, "/channel/12001?from=2020-01-01&to=2020-02-01")
    assert "There are no readings in this span" in text
    assert any("last=all" in (a.get("href") or "") for a in read.all("a"))


def test_a_span_of_a_silent_channel_ends_with_its_newest_reading(web: httpx2.Client) -> None:
    """An hour in which nothing came is no empty picture: it is the last one, and that is said."""
    text, _ = page(web, f"/channel/{HOSTILE}?last=1h")
    assert "the span ends with the newest reading" in text
    lines = lines_of(data_of(text))
    assert any(lines.values()) and not data_of(text)["source"]["live"]
    assert "ends with the newest" not in page(web, f"/channel/{HOSTILE}?last=7d")[0]


def test_all_of_a_hostile_channel_is_text(web: httpx2.Client) -> None:
    """Name, labels, units, reasons, texts: nowhere an element, a script, an address of theirs."""
    for address in (
        f"/channel/{HOSTILE}",
        f"/channel/{HOSTILE}/readings",
        f"/channel/{WEATHER}?compare=666:1",
    ):
        text, read = page(web, address)
        assert "\u202e" not in text and not list(read.all("img"))
        own = [
            given.get("src")
            for given in read.all("script")
            if given.get("type") != "application/json"
        ]
        assert all((src or "").startswith("/static/") for src in own)
        assert not [given for _, given in read.tags if any(name.startswith("on") for name in given)]
        assert not [given for _, given in read.tags if "style" in given]
        assert all((a.get("href") or "/")[0] in "/#" for a in read.all("a"))
        for tag, _ in read.tags:
            assert tag not in ("b", "i", "style", "iframe", "object", "base")
