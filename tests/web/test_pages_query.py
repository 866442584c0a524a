"""The page for one's own SQL: what it shows, keeps and gives out, and that it writes nothing."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import polars as pl
import pytest
from pages_kit import Page, column, page_of
from web_kit import HOSTILE, HOSTILE_NAME, WEATHER, Site, listening

PEOPLE = {"Accept": "text/html"}


def asked(web: httpx2.Client, sql: str, status: int = 200) -> Page:
    """The page that answers a query."""
    return page_of(web.get("/query", params={"sql": sql}, headers=PEOPLE), status)


def test_an_answer_is_the_warehouses(site: Site, web: httpx2.Client) -> None:
    """Its rows are shown as they are; no value, hostile texts and deep values included."""
    sql = (
        "SELECT ChannelID, ChannelName, NULL AS Nothing, [1, 2] AS Deep, 1.50::DECIMAL(9, 3) AS D,"
        " TIMESTAMP '2024-01-02 03:04:05' AS At, 'infinity'::TIMESTAMP AS Never, '' AS Empty"
        f" FROM iot.Channels WHERE ChannelID = {HOSTILE}"
    )
    page = asked(web, sql)
    assert page.tables["Answer"][1] == [
        *(str(HOSTILE), HOSTILE_NAME.replace("\u202e", ""), "NULL", "[1, 2]", "1.5"),
        *("2024-01-02 03:04:05", page.tables["Answer"][1][6], ""),
    ]
    for tag, given in page.tags:
        if tag == "textarea":
            assert given["name"] == "sql"


def test_times_and_numbers_are_drawn(web: httpx2.Client) -> None:
    """With a column of times and numbers there is a plot, a panel a column, with its own table."""
    sql = (
        "SELECT PeriodStart, Field1Avg, Field2Avg FROM iot.AggregatedData"
        f" WHERE ChannelID = {WEATHER} AND AggregationType = 'DAILY'"
    )
    page = asked(web, sql)
    assert [given.get("aria-label", "") for tag, given in page.tags if tag == "svg"][:1] == [
        "Plot of Field1Avg, Field2Avg, 2024-01-01 00:00 to 2024-03-01 00:00"
    ]
    assert "Field1Avg" in page.tables and "Field2Avg" in page.tables
    web.cookies.set("fieldhouse_zone", "Asia/Kolkata")  # the reader's own, as the page says below
    elsewhere = asked(web, sql)
    web.cookies.clear()
    assert [given.get("aria-label", "") for tag, given in elsewhere.tags if tag == "svg"][:1] == [
        "Plot of Field1Avg, Field2Avg, 2024-01-01 05:30 to 2024-03-01 05:30"
    ]
    assert not [1 for tag, _ in asked(web, "SELECT 1 AS a").tags if tag == "figure"]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO iot.Channels (ChannelID) VALUES (1)",
        "UPDATE iot.Channels SET ChannelName = 'x'",
        "DELETE FROM iot.SensorReadings",
        "DROP TABLE iot.Channels",
        "CREATE TABLE x AS SELECT 1",
        "COPY (SELECT 1) TO 'written.csv'",
        "COPY iot.Channels TO 'written.parquet' (FORMAT parquet)",
        "EXPORT DATABASE 'written'",
        "ATTACH 'other.duckdb' AS other",
        "PRAGMA database_list",
        "SET memory_limit = '10GB'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CALL pragma_version()",
        "CHECKPOINT",
        "BEGIN",
        "SELECT 1; DELETE FROM iot.SensorReadings",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('http://127.0.0.1/x.csv')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('*')",
        "SELECT nextval('iot.AggregationIDs')",
        "WITH x AS (INSERT INTO iot.Channels (ChannelID) VALUES (1) RETURNING 1) SELECT * FROM x",
        "EXPLAIN ANALYZE DELETE FROM iot.SensorReadings",
        "SELEC 1",
        "SELECT 1 FROM iot.Nothing",
        "SELECT '\0'",
        "SELECT error('</textarea><script>alert(1)</script>')",
        "SELECT " + "1 + " * 3000 + "1",
    ],
)
def test_nothing_is_written_nor_read_from_elsewhere(
    site: Site, web: httpx2.Client, sql: str
) -> None:
    """What is no single reading SELECT is refused at the textarea, which keeps it; all stays."""
    before = site.served.warehouse.sql("SELECT count(*) AS n FROM iot.AllReadings").to_pylist()
    page = asked(web, sql, 400)
    assert page.wrong["sql"] and "Traceback" not in page.wrong["sql"]
    after = site.served.warehouse.sql("SELECT count(*) AS n FROM iot.AllReadings").to_pylist()
    assert before == after
    assert not [*Path().glob("written*"), *Path().glob("other.duckdb*")]


def test_the_engines_hint_is_shown(web: httpx2.Client) -> None:
    """A column that is not there is told with the one that is meant."""
    page = asked(web, "SELECT ChanelID FROM iot.Channels", 400)
    assert "ChannelID" in page.wrong["sql"]


def test_a_long_answer_is_cut_and_said(web: httpx2.Client) -> None:
    """Of a billion rows the first ten thousand are read; a long text is cut."""
    page = asked(web, "SELECT range AS n, repeat('x', 5000) AS t FROM range(1000000000)")
    rows = page.tables["Answer"]
    assert len(rows) == 201 and rows[200][0] == "199" and len(rows[1][1]) == 301


@pytest.fixture
def hurried(site: Site) -> Iterator[httpx2.Client]:
    """The full site, where an answer may take a quarter of a second."""
    served = replace(site.served, rules=replace(site.served.rules, seconds=0.25))
    with (
        listening(served) as url,
        httpx2.Client(base_url=url, timeout=30, trust_env=False) as client,
    ):
        yield client


ENDLESS = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range > b.range"


def test_an_endless_query_ends(hurried: httpx2.Client) -> None:
    """It is given up at its deadline, in one line, and its turn is given back."""
    for _ in range(5):  # more than may run at a time
        page = asked(hurried, ENDLESS, 504)
        assert "no answer within 0.25 s" in page.wrong["sql"]
    assert hurried.get("/query/export.parquet", params={"sql": ENDLESS}).status_code == 504
    assert asked(hurried, "SELECT 1 AS one").tables["Answer"] == [["one"], ["1"]]


def test_an_answer_is_given_out_as_a_file(site: Site, web: httpx2.Client) -> None:
    """Each form holds the same rows; in a spreadsheet a formula is a text, and nothing runs."""
    sql = "SELECT '=1+1' AS f, 2 AS n UNION ALL SELECT '@cmd', 3 ORDER BY n"
    page = asked(web, sql)
    links = {given["download"]: given["href"] for _, given in page.tags if given.get("download")}
    assert set(links) == {f"answer.{form}" for form in ("csv", "json", "arrow", "parquet", "xlsx")}
    assert all(parse_qs(urlsplit(link).query)["sql"] == [sql] for link in links.values())
    files = {name: web.get(link) for name, link in links.items()}
    assert {name: file.status_code for name, file in files.items()} == dict.fromkeys(links, 200)
    frame = pl.read_parquet(io.BytesIO(files["answer.parquet"].content))
    assert frame.rows() == [("=1+1", 2), ("@cmd", 3)]
    assert files["answer.json"].json() == [{"f": "=1+1", "n": 2}, {"f": "@cmd", "n": 3}]
    assert pl.read_csv(io.BytesIO(files["answer.csv"].content)).rows() == frame.rows()
    with zipfile.ZipFile(io.BytesIO(files["answer.xlsx"].content)) as book:
        assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()


def test_a_file_is_whole_or_refused(web: httpx2.Client) -> None:
    """An answer of a row more than a file holds is none, and says so; one that fits is whole."""
    for rows, status in ((1_000_000, 200), (1_000_001, 400)):
        sql = f"SELECT range AS n FROM range({rows})"
        answer = web.get("/query/export.parquet", params={"sql": sql})
        assert answer.status_code == status, answer.text[:200]
        if status == 200:
            assert len(pl.read_parquet(io.BytesIO(answer.content))) == rows
        else:
            assert "more than 1,000,000 rows" in answer.json()["detail"]


@pytest.mark.parametrize("other", ["cross-site", "same-site"])
def test_a_query_from_another_site_waits(web: httpx2.Client, other: str) -> None:
    """A link elsewhere fills the page in; the query is asked only when its reader asks."""
    visit = {"Sec-Fetch-Site": other, "Sec-Fetch-Mode": "navigate"}
    visit |= {"Sec-Fetch-Dest": "document", "Sec-Fetch-User": "?1"}
    answer = web.get("/query", params={"sql": "SELECT 1"}, headers=PEOPLE | visit)
    assert "Answer" not in page_of(answer).tables and "SELECT 1" in answer.text


def test_words_are_the_warehouses(site: Site, web: httpx2.Client) -> None:
    """What completes a query are the tables and columns that there are."""
    words = {table["name"]: table["columns"] for table in web.get("/query/words").json()}
    columns = site.served.warehouse.sql("SELECT * FROM iot.Channels LIMIT 0").column_names
    assert words["iot.Channels"] == columns


def test_queries_are_kept_and_forgotten(own: Site) -> None:
    """A query is kept under a name with who kept it, replaced under the same one, and forgotten."""
    with own.client() as web:
        name = "<b>mine</b>"
        for sql in ("SELECT 1 AS one", "SELECT 2 AS two\nFROM iot.Channels"):
            kept = web.post("/query/save", data={"name": name, "sql": sql})
            assert kept.status_code == 303
        page = page_of(web.get(kept.headers["location"]))
        assert page.said == [f"Kept as {name}."] and "two" in page.tables["Answer"][0]
        assert page_of(web.get(kept.headers["location"])).said == []
        (row,) = own.served.warehouse.query("saved_queries").to_pylist()
        assert (row["QueryText"], row["SavedBy"]) == (sql, "this machine")
        assert column(page.tables["Kept queries"], 0) == [name]
        for wrong in ({"name": "", "sql": sql}, {"name": "a\nb", "sql": sql}):
            assert page_of(web.post("/query/save", data=wrong, headers=PEOPLE), 400).wrong["name"]
        assert page_of(web.post("/query/save", data={"name": "x"}), 400).wrong["sql"]
        assert web.post("/query/forget", data={"name": "another"}).status_code == 404
        assert web.post("/query/forget", data={"name": name}).status_code == 303
        assert own.served.warehouse.query("saved_queries").num_rows == 0
