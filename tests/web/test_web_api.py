"""The API answers what the warehouse does: in every form, in every zone, page by page."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_kit import EMPTY, HOSTILE, HOSTILE_LABELS, HOSTILE_NAME, NOW, PAUSED, WEATHER, Scope, Site

from fieldhouse import read
from fieldhouse.insight.dimensions import dimensions_of
from fieldhouse.insight.forecasts import forecast_of
from fieldhouse.insight.tendencies import tendencies_of
from fieldhouse.insight.trends import trend_of
from fieldhouse.insight.unusual import evidence

ARROW = {"Accept": "application/vnd.apache.arrow.stream"}
ZONES = ("UTC", "Europe/Zurich", "Asia/Kolkata", "America/St_Johns")


def arrow(web: httpx2.Client, path: str, **parameters: Any) -> pa.Table:
    """An answer as its Arrow table."""
    answer = web.get(path, params=parameters or None, headers=ARROW)
    assert answer.status_code == 200, answer.text
    return pa.ipc.open_stream(answer.content).read_all()


def alike(found: pa.Table, expected: pa.Table) -> bool:
    """Whether tables are the same; sums of floats may come in another order, to 1e-9."""
    if found.schema != expected.schema or found.num_rows != expected.num_rows:
        return False
    return all(
        np.allclose(one.to_numpy(), other.to_numpy(), rtol=1e-9, atol=0, equal_nan=True)
        if pa.types.is_floating(one.type)
        else one.equals(other)
        for one, other in zip(found.columns, expected.columns, strict=True)
    )


def rows(web: httpx2.Client, path: str, **parameters: Any) -> list[dict[str, Any]]:
    """An answer as JSON's rows, numbers exact."""
    answer = web.get(path, params=parameters or None)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = json.loads(answer.content, parse_float=Decimal)
    return found


@st.composite
def spans(draw: st.DrawFn) -> dict[str, str]:
    """Any span of the sixty days, open ones and named days too."""
    first = draw(st.integers(-5 * 1440, 60 * 1440))
    length = draw(st.integers(1, 20 * 1440))
    start = NOW - timedelta(days=60) + timedelta(minutes=first)
    form = draw(st.sampled_from(("both", "from", "to", "day", "none")))
    texts = start.isoformat(), (start + timedelta(minutes=length)).isoformat()
    return {
        "both": {"from": texts[0], "to": texts[1]},
        "from": {"from": texts[0]},
        "to": {"to": texts[1]},
        "day": {"from": str(start.date()), "to": str(start.date())},
        "none": {},
    }[form]


@settings(max_examples=14)
@given(
    span=spans(),
    zone=st.sampled_from(ZONES),
    fields=st.none() | st.lists(st.integers(1, 8), min_size=1, max_size=3, unique=True),
    numbers=st.sampled_from(("float", "decimal", "text")),
    layout=st.sampled_from(("wide", "long")),
    labels=st.booleans(),
    original=st.booleans(),
    channel=st.sampled_from((WEATHER, HOSTILE, EMPTY)),
)
def test_readings_are_those_of_read(
    site: Site, span: dict[str, str], zone: str, fields: list[int] | None, channel: int, **how: Any
) -> None:
    """Whatever is asked of readings, the table is that of `read()`, to the last bit."""
    asked = {"start": span.get("from"), "end": span.get("to")}
    expected = read(channel, fields, **asked, tz=zone, **how, warehouse=site.served.warehouse)
    given = {**span, "tz": zone, **how} | ({"field": fields} if fields else {})
    with site.client() as web:
        found = arrow(web, f"/api/channels/{channel}/readings", **given)
    assert found.equals(expected.table)


@settings(max_examples=4)
@given(
    span=spans(),
    zone=st.sampled_from(ZONES),
    every=st.sampled_from(("7min", "1h", "1d", "1w", "1mo")),
    statistics=st.lists(
        st.sampled_from(("mean", "min", "max", "sum", "count")), min_size=1, unique=True
    ),
    layout=st.sampled_from(("wide", "long")),
)
def test_periods_are_those_of_read(
    site: Site, span: dict[str, str], zone: str, every: str, statistics: list[str], layout: str
) -> None:
    """Whatever is asked of periods, of one channel or of several, the table is that of `read()`."""
    asked = {"start": span.get("from"), "end": span.get("to"), "every": every, "tz": zone}
    house = site.served.warehouse
    with site.client() as web:
        for path, channels in (
            (f"/api/channels/{WEATHER}/periods", [WEATHER]),
            ("/api/periods", [WEATHER, HOSTILE]),
        ):
            many = {"channel": channels} if len(channels) > 1 else {}
            found = arrow(
                web, path, **span, **many, tz=zone, every=every, statistic=statistics, layout=layout
            )
            expected = read(
                channels, **asked, statistics=statistics, layout=layout, warehouse=house
            )
            assert alike(found, expected.table)


def test_channels_side_by_side(site: Site, web: httpx2.Client) -> None:
    """With `align` channels stand side by side as in `read()`; without it one after another."""
    both = ["garden"]
    together = arrow(web, "/api/readings", channel=both, align="10min", **{"from": "2024-02-28"})
    expected = read(both, start="2024-02-28", align="10min", warehouse=site.served.warehouse)
    assert together.equals(expected.table) and together.num_rows
    after = arrow(web, "/api/readings", channel=[WEATHER, HOSTILE], last="3d")
    start = (NOW - timedelta(days=3)).isoformat()
    expected = read([WEATHER, HOSTILE], start=start, warehouse=site.served.warehouse)
    assert after.equals(expected.table)


@pytest.mark.parametrize("ending", ["json", "jsonl", "csv"])
def test_forms_say_the_same(web: httpx2.Client, ending: str) -> None:
    """JSON, JSON lines and CSV have the rows of the Arrow table, whatever labels and texts hold."""
    path = f"/api/channels/{HOSTILE}/readings"
    table = arrow(web, path, numbers="text", tz="Asia/Kolkata")
    text = web.get(f"{path}.{ending}", params={"numbers": "text", "tz": "Asia/Kolkata"}).text
    if ending == "csv":
        found = [
            {name: value or None for name, value in row.items()}
            for row in csv.DictReader(io.StringIO(text, newline=""))
        ]
        expected = [{name: value or None for name, value in row.items()} for row in _texts(table)]
    else:
        found = (
            json.loads(text)
            if ending == "json"
            else [json.loads(line) for line in text.splitlines()]
        )
        expected = _texts(table)
    assert found == expected and len(found) == 200
    assert list(found[0])[1] == HOSTILE_LABELS[1]


def _texts(table: pa.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pylist()
    return [row | {"time": row["time"].isoformat()} for row in found]


def test_the_form_is_what_is_accepted(web: httpx2.Client) -> None:
    """An ending wins; else the most wanted kind that there is; a browser and curl get JSON."""
    path = f"/api/channels/{WEATHER}/tags"

    def kind(address: str, accept: str) -> str:
        answer = web.get(address, headers={"Accept": accept})
        return answer.headers["content-type"].partition(";")[0]

    assert kind(path, "*/*") == "application/json"
    assert kind(path, "text/html,application/xhtml+xml,*/*;q=0.8") == "application/json"
    assert kind(path, "application/json;q=0.3, text/csv;q=0.9") == "text/csv"
    assert kind(path, "text/*") == "text/csv"
    assert kind(f"{path}.csv", "application/json") == "text/csv"
    for accept in ("image/png", "text/csv;q=0", "text/csv;q=no", ";;,"):
        answer = web.get(path, headers={"Accept": accept})
        assert answer.status_code == 406 and "text/csv" in answer.json()["detail"]


def test_a_spreadsheets_csv(web: httpx2.Client) -> None:
    """With ;, a decimal comma and a BOM a European spreadsheet reads numbers and local times."""
    answer = web.get(
        f"/api/channels/{WEATHER}/readings.csv",
        params={"separator": ";", "decimal_comma": 1, "bom": 1, "field": 1, "last": "1h"},
    )
    lines = answer.content.decode("utf-8").splitlines()
    assert lines[0] == '\ufeff"time (UTC)";"Temperature (°C)"'
    assert lines[-1] == '"2024-03-01 12:00:00";"4,8"'
    assert answer.headers["content-disposition"].startswith('attachment; filename="channel-')


def test_the_questions_are_the_warehouses(site: Site, web: httpx2.Client) -> None:
    """Each of the other tables is its question's answer, times told in UTC."""
    house, channel = site.served.warehouse, WEATHER
    of_one = {"channel_id": channel}
    expected = {
        "/api/channels": house.query("channels").sort_by("ChannelID"),
        "/api/channels/tags": house.query("channel_tags"),
        "/api/status": house.query("status", as_of=NOW),
        "/api/runs": house.query("runs"),
        f"/api/runs?to={NOW.isoformat()}": house.query("runs", until=NOW),
        "/api/runs?to=2000": house.query("runs").slice(0, 0),
        "/api/channels/{}/lives": house.query("lives", **of_one),
        "/api/channels/{}/gaps": house.query("gaps", channel_ids=[channel]),
        "/api/channels/{}/coverage": house.query("coverage", channel_ids=[channel]),
        "/api/channels/{}/withdrawn": house.query("withdrawn", **of_one),
        "/api/channels/{}/quality": house.query("quality_days", **of_one),
        "/api/channels/{}/quality/dimensions": dimensions_of(
            house, channel, start=None, end=None, as_of=NOW
        ),
        "/api/channels/{}/runs": house.query("runs", **of_one),
        "/api/channels/{}/texts": house.query("kept_texts", **of_one),
        "/api/channels/{}/anomalies?field=1&method=zscore": house.query(
            "usp_DetectAnomalies", **of_one, field_number=1, as_of=NOW
        ),
        "/api/channels/{}/anomalies?field=1&method=MAD&days=9": house.query(
            "usp_DetectAnomalies",
            **of_one,
            field_number=1,
            method="MAD",
            lookback_days=9,
            as_of=NOW,
        ),
        "/api/channels/{}/trend?field=Humidity": trend_of(
            house, channel, 2, days=30, as_of=NOW, zone=site.served.zone
        ),
        "/api/channels/{}/forecast?field=Humidity&hours=30": forecast_of(
            house,
            channel,
            2,
            length=timedelta(hours=30),
            as_of=NOW,
            zone=site.served.zone,
        ),
        "/api/channels/{}/trend/tests?field=Humidity": tendencies_of(
            house,
            trend_of(house, channel, 2, days=30, as_of=NOW, zone=site.served.zone).to_pylist(),
        ),
    }
    for path, table in expected.items():
        found = arrow(web, path.format(channel))
        assert alike(found.cast(table.schema), table), path
    assert sum(table.num_rows > 0 for table in expected.values()) >= 11


def test_what_is_unusual_has_its_evidence(site: Site, web: httpx2.Client) -> None:
    """By default the incidents that are kept, a row each, with why; young ones where asked for."""
    house, mine = site.served.warehouse, {"channel_ids": [WEATHER]}
    for words, asked in (
        ({"days": 45}, {"start_at": NOW - timedelta(days=45), "end_at": NOW}),
        (
            {"days": 36_500, "young": 1, "field": "2", "as_of": "2024-02-01"},
            {"young": True, "field_number": 2, "end_at": datetime(2024, 2, 1)},
        ),
    ):
        kept = house.query("anomalies_kept", **mine, **asked)
        found = rows(web, f"/api/channels/{WEATHER}/anomalies", **words)
        assert [one["AnomalyID"] for one in found] == kept["AnomalyID"].to_pylist() != []
        for one, row in zip(found, kept.to_pylist(), strict=True):
            assert one["Evidence"] == evidence(row, UTC)


def test_what_is_of_one_is_no_list(web: httpx2.Client) -> None:
    """A channel, its status and its newest reading are an object, or there is none: 404."""
    assert web.get(f"/api/channels/{HOSTILE}").json()["ChannelName"] == HOSTILE_NAME
    assert (
        web.get(f"/api/channels/{PAUSED}/status").json()["PausedAt"] == f"{NOW.isoformat()}+00:00"
    )
    assert web.get(f"/api/channels/{WEATHER}/latest").json()["Temperature (°C)"] == 4.3
    for path in ("/api/channels/77", f"/api/channels/{EMPTY}/latest", "/api/jobs/9999"):
        answer = web.get(path)
        assert answer.status_code == 404 and answer.json()["status"] == 404


def test_pages_hold_each_row_once(web: httpx2.Client) -> None:
    """Following the links gives all rows in their order, and a link repeats no key."""
    whole = rows(web, f"/api/channels/{WEATHER}/texts", limit=10_000)
    path: str | None = f"/api/channels/{WEATHER}/texts?limit=37&reason=unparseable&api_key=x"
    seen = []
    while path:
        answer = web.get(path)
        seen += json.loads(answer.content, parse_float=Decimal)
        link = answer.headers.get("link")
        path = link[1 : link.index(">")] if link else None
        assert not path or "api_key" not in path
    for row in (*seen, *whole):
        del row["Texts"]  # how many there are in all, whatever is asked for
    assert seen == [row for row in whole if row["Reason"] == "unparseable"]
    assert len(seen) > 37
    names = [row["ChannelID"] for page in _pages(web, "/api/channels?limit=1") for row in page]
    assert names == sorted((EMPTY, PAUSED, HOSTILE, WEATHER))


def _pages(web: httpx2.Client, path: str | None) -> Iterator[list[dict[str, Any]]]:
    while path:
        answer = web.get(path)
        yield answer.json()
        link = answer.headers.get("link")
        path = link[1 : link.index(">")] if link else None


WRONG = {
    "/api/channels/99999999999/readings": 404,
    "/api/channels/2147483648": 422,
    "/api/channels/abc": 404,
    f"/api/channels/{WEATHER}/readings.xml": 404,
    f"/api/channels/{WEATHER}/readings?from=never": 400,
    f"/api/channels/{WEATHER}/readings?from=2024-02-02&to=2024-02-01": 400,
    f"/api/channels/{WEATHER}/readings?last=7d&from=2024": 400,
    f"/api/channels/{WEATHER}/readings?last=-7d": 400,
    f"/api/channels/{WEATHER}/readings?tz=Europe/Atlantis": 400,
    f"/api/channels/{WEATHER}/readings?tz=../../etc/passwd": 400,
    f"/api/channels/{WEATHER}/readings?tz=%00": 400,
    f"/api/channels/{WEATHER}/readings?field=Nothing": 400,
    f"/api/channels/{WEATHER}/readings?field='; DROP TABLE iot.Channels; --": 400,
    f"/api/channels/{WEATHER}/readings?numbers=complex": 422,
    f"/api/channels/{WEATHER}/readings?fields=1": 422,
    f"/api/channels/{WEATHER}/readings.csv?separator=%0A": 400,
    f"/api/channels/{WEATHER}/periods?every=0h": 400,
    f"/api/channels/{WEATHER}/periods?every=1s&from=0001&to=9998": 200,
    f"/api/channels/{WEATHER}/periods?every=999y": 400,
    f"/api/channels/{WEATHER}/periods?statistic=median": 422,
    f"/api/channels/{WEATHER}/anomalies?method=mad": 400,
    f"/api/channels/{WEATHER}/anomalies?method=odd": 422,
    f"/api/channels/{WEATHER}/anomalies?field=1&threshold=nan": 422,
    f"/api/channels/{WEATHER}/anomalies?field=1&days=0": 422,
    f"/api/channels/{EMPTY}/anomalies?field=1&as_of=latest": 400,
    f"/api/channels/{WEATHER}/trend?field=1&as_of=0001-01-01": 200,
    "/api/readings": 422,
    "/api/readings?channel=nobody": 400,
    "/api/readings?channel=1-99999999999": 400,
    "/api/channels?limit=0": 422,
    "/api/channels?skip=-1": 422,
    "/api/query": 422,
    "/api/query?sql=SELEC 1": 400,
    "/api/query?sql=SELECT 1; SELECT 2": 400,
    "/api/query?sql=SELECT 1 WHERE 'a' = %3F": 400,
    "/api/query?sql=DROP TABLE iot.Channels": 400,
    "/api/query?sql=%00": 400,
    "/api/nothing": 404,
    "/api/": 404,
}


@pytest.mark.parametrize("path", WRONG)
def test_what_cannot_be_meant_is_told_in_one_line(web: httpx2.Client, path: str) -> None:
    """A wrong question has its status and one line as problem+json; a far one is answered."""
    answer = web.get(path)
    assert answer.status_code == WRONG[path], answer.text
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert told["status"] == answer.status_code and told["detail"]
        assert "\n" not in told["detail"] and "Traceback" not in told["detail"]


def test_a_body_of_many_wrong_names_is_told_in_a_short_line(web: httpx2.Client) -> None:
    """However many there are and whatever is in them: the first few, and how many more."""
    names = ["a\nb\u202e", "x" * 10_000, *(f"name{n}" for n in range(5000))]
    answer = web.post("/api/jobs", json={"channels": [], **dict.fromkeys(names, 1)})
    detail = answer.json()["detail"]
    assert answer.status_code == 422 and detail.endswith(" more")
    assert detail.isprintable() and len(detail) < 600


def test_an_etag_is_of_what_is_there(own: Site) -> None:
    """The same answer has the same ETag and is not sent twice; another answer has another."""
    paths = [
        f"/api/channels/{HOSTILE}/readings",
        f"/api/channels/{HOSTILE}/periods.csv?every=1d",
        "/api/corrections",
        "/api/channels",
    ]
    with own.client() as web:
        first = {path: web.get(path) for path in paths}
        tags = {path: answer.headers["etag"] for path, answer in first.items()}
        for path, tag in tags.items():
            again = web.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
            assert again.status_code == 304 and not again.content
            assert again.headers["etag"] == tag and "content-type" not in again.headers
        made = web.post(
            "/api/corrections",
            json={"channel": HOSTILE, "kind": "exclude", "field": "2", "where": "> 100",
                  "reason": "too much"},
        )  # fmt: skip
        assert made.status_code == 201, made.text
        for path, tag in tags.items():
            now = web.get(path, headers={"If-None-Match": tag})
            assert now.status_code == (304 if path == "/api/channels" else 200)
            assert path == "/api/channels" or now.content != first[path].content
        web.delete(f"/api/corrections/{made.json()['correction_id']}")
        for path, tag in tags.items():
            assert web.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_a_rule_from_its_making_to_its_end(own: Site) -> None:
    """A rule is tried, made, seen, and removed, by who made it; who may only read makes none."""
    rule = {
        "channel": HOSTILE,
        "kind": "scale",
        "field": "double (field 5)",
        "from": "2024-02-29",
        "to": "2024-02-29",
        "scale": "0.5",
        "reason": HOSTILE_NAME,
    }
    reading = f"/api/channels/{HOSTILE}/readings?field=5&from=2024-02-29"
    rule["field"] = "5"
    with (
        own.client(own.token(name="Ada")) as reader,
        own.client(own.token(Scope.READ, Scope.OPERATE, name="Bob")) as operator,
    ):
        assert reader.post("/api/corrections", json=rule).status_code == 403
        before = operator.get(reading).json()
        tried = operator.post("/api/corrections", json={**rule, "dry_run": True}).json()
        assert tried["beyond"] is None
        assert tried["readings"] == len(before) and operator.get(reading).json() == before
        made = operator.post("/api/corrections", json=rule).json()
        assert made["readings"] == len(before)
        after = operator.get(reading).json()
        name = list(before[0])[1]
        halves = [round(row[name] / 2, 6) for row in before]
        assert [row[name] for row in after] == halves
        assert operator.get(f"{reading}&original=true").json() == before
        (kept,) = operator.get("/api/corrections").json()
        assert (kept["MadeBy"], kept["Reason"]) == ("Bob", " ".join(HOSTILE_NAME.split()))
        number = made["correction_id"]
        assert reader.delete(f"/api/corrections/{number}").status_code == 403
        assert operator.delete(f"/api/corrections/{number}").status_code == 200
        assert operator.delete(f"/api/corrections/{number}").status_code == 404
        assert operator.get(reading).json() == before
        (gone,) = operator.get("/api/corrections?removed=true").json()
        assert gone["RemovedBy"] == "Bob" and operator.get("/api/corrections").json() == []


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "exclude"},
        {"kind": "scale", "scale": 2},
        {"kind": "scale", "field": "1", "scale": "1e99"},
        {"kind": "scale", "field": "1", "scale": "NaN"},
        {"kind": "scale", "field": "1", "offset": "0.0000001"},
        {"kind": "shift", "shift_seconds": 0},
        {"kind": "shift", "shift_seconds": 10**12},
        {"kind": "exclude", "where": "value > x", "field": "1"},
        {"kind": "exclude", "from": "2024-02-02", "to": "2024-02-01"},
        {"kind": "exclude", "from": "x"},
        {"kind": "exclude", "from": "2024", "reason": "\u0000"},
        {"kind": "exclude", "from": "2024", "channel": 77},
        {"kind": "exclude", "from": "2024", "unknown": 1},
        {"kind": "melt"},
        [],
        None,
    ],
)
def test_a_wrong_rule_is_refused(site: Site, web: httpx2.Client, given: Any) -> None:
    """A rule that cannot be meant is refused in one line, and nothing is kept of it."""
    before = rows(web, "/api/corrections", removed=True)
    body = {"channel": HOSTILE, "reason": "why", **given} if isinstance(given, dict) else given
    answer = web.post("/api/corrections", json=body)
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "\n" not in answer.json()["detail"]
    assert rows(web, "/api/corrections", removed=True) == before


def test_sql_is_only_read(site: Site, web: httpx2.Client) -> None:
    """No statement writes, reads a file or reaches out, by the address or by the body."""
    before = site.served.warehouse.query("channels")
    for statement in (
        "DELETE FROM iot.Channels",
        "INSERT INTO iot.Channels (ChannelID) VALUES (1)",
        "SELECT nextval('iot.ReadingIDs')",
        "COPY iot.Channels TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.db'",
        "PRAGMA database_list",
        "SET memory_limit = '99GB'",
        "INSTALL httpfs",
        "EXPORT DATABASE '/tmp/x'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "CALL iot.usp_ProcessSensorReadings(9)",
        "BEGIN",
        "SELECT 1; DELETE FROM iot.Channels",
        "WITH x AS (DELETE FROM iot.Channels RETURNING *) SELECT * FROM x",
        "SELECT " + "(" * 40_000 + "1" + ")" * 40_000,
    ):
        answer = web.post("/api/query", json={"sql": statement})
        assert answer.status_code in (400, 503), (statement[:60], answer.text[:200])
        assert "root:" not in answer.text
    assert site.served.warehouse.query("channels").equals(before)


def test_sql_answers_of_any_kind(web: httpx2.Client) -> None:
    """Nested, huge, odd and equally named columns come whole in every form."""
    statement = (
        "SELECT 1 AS a, 2 AS a, 3 AS \"a (2)\", [1, 2] AS l, {'x': DATE '2024-01-01'} AS s,"
        " 'NaN'::DOUBLE AS n, 170141183460469231731687303715884105727::HUGEINT AS h,"
        " '\\xAA'::BLOB AS b, INTERVAL 1 DAY AS i, TIME '12:00' AS t, NULL AS nothing,"
        " uuid() AS u, MAP {'k': 1} AS m, 12345678901234567.123456::DECIMAL(38, 6) AS d,"
        " TIMESTAMPTZ '2024-01-01 00:00:00+02' AS z, 'infinity'::TIMESTAMP AS f, true AS y,"
        " '2024-01-01 00:00:00.123456789'::TIMESTAMP_NS AS ns, '2024-01-01'::TIMESTAMP_NS AS whole"
    )
    for form in ("json", "jsonl", "csv", "arrow"):
        answer = web.post(f"/api/query.{form}", json={"sql": statement})
        assert answer.status_code == 200, (form, answer.text)
    (row,) = json.loads(
        web.post("/api/query", json={"sql": statement}).content, parse_float=Decimal
    )
    assert (
        list(row)[:3] == ["a", "a (3)", "a (2)"]
        and len(row) == 19
        and row["l"] == [1, 2]
        and row["n"] == "NaN"
    )
    assert row["d"] == Decimal("12345678901234567.123456")
    assert row["ns"] == "2024-01-01T00:00:00.123456789+00:00"
    assert row["whole"] == "2024-01-01T00:00:00+00:00"
    limited = web.get("/api/query", params={"sql": "SELECT * FROM range(100)", "limit": 7})
    assert len(limited.json()) == 7
    bound = web.post("/api/query", json={"sql": "SELECT ? AS v", "parameters": ["'; --"]})
    assert bound.json() == [{"v": "'; --"}]


def test_the_page_has_an_example_for_each(web: httpx2.Client) -> None:
    """Every example on the page of the API is answered, and hostile names break nothing."""
    import re
    from html import unescape

    page = web.get("/api", headers={"Accept": "text/html"})
    assert page.status_code == 200 and "swagger" not in page.text.lower()
    examples = [unescape(one) for one in re.findall(r'Example: <a href="([^"]+)"', page.text)]
    assert len(examples) >= 24
    for address in examples:
        answer = web.get(address)
        if answer.status_code not in (200, 404):  # what the example's channel lacks is said
            assert answer.json()["detail"].startswith("channel 11 has "), address


def test_days_of_quality(web: httpx2.Client) -> None:
    """A span of quality's days is that of its days, both named ones included."""
    path = f"/api/channels/{WEATHER}/quality"
    days = [
        row["CheckDate"] for row in rows(web, path, **{"from": "2024-02-01", "to": "2024-02-03"})
    ]
    assert days == ["2024-02-01", "2024-02-02", "2024-02-03"]
    assert rows(web, path, last="1y") == rows(web, path)
    at = datetime(2024, 2, 3, 0, 0).isoformat()
    assert len(rows(web, path, **{"from": "2024-02-01", "to": at})) == 2
