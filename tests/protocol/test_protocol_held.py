"""What a warehouse answers: recorded responses, long windows, means, a client unchanged."""

import csv
import gzip
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import pyarrow as pa
import pytest
from protocol_kit import Serve

import thingspeak
from fieldhouse.protocol import Request, answer
from fieldhouse.protocol.routes import FEEDS
from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.sources.thingspeak.page import parse_page
from fieldhouse.state import Progress
from fieldhouse.sync import channel_row
from fieldhouse.typed import type_columns
from fieldhouse.warehouse import Warehouse
from fieldhouse.web.thingspeak.held import Held

EACH = 80
"""One of so many recorded responses is loaded."""
FAR = datetime(2100, 1, 1)
Record = dict[str, Any]
CHANNEL = (
    "description latitude longitude elevation last_entry_id created_at updated_at refreshed_at"
)


def batch_of(rows: list[Record], channel_id: int = 9, **metadata: Any) -> Batch:
    """Entries as a feed's rows have them, typed as any others."""
    times = pa.array([row["created_at"] for row in rows], pa.timestamp("us"))
    texts = {
        name: pa.array([row.get(name.lower()) for row in rows], pa.string())
        for name in (*READINGS.names[2:-1],)
    }
    statuses = pa.array([row.get("status") for row in rows], pa.string())
    ids = pa.array([row["entry_id"] for row in rows], pa.int64())
    typed = type_columns(ids, times, texts, statuses)
    channel = {"channel_id": channel_id, "name": "Held", **metadata}
    blank = {f"field{n}": None for n in range(1, 9)} | dict.fromkeys(CHANNEL.split())
    return Batch(
        channel_id,
        1,
        typed.readings,
        typed.raw if typed.raw.num_rows else RAW.empty_table(),
        REJECTED.empty_table(),
        Progress(),
        FAR,
        metadata=blank | channel,
    )


def asked(house: Warehouse, path: str, query: str = "", now: datetime = FAR) -> bytes:
    """The body of an answer, without a server."""
    held = Held(house, lambda: int(now.replace(tzinfo=UTC).timestamp()))
    found = answer(held, Request("GET", path, query), FEEDS).whole()
    assert found.status == 200, found.body
    return found.body


# Recorded responses


def as_kept(text: str | None) -> str | None:
    """What becomes of a text: a number that six decimals hold loses what is no part of it."""
    if text is None or not re.fullmatch(
        r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text.strip()
    ):
        return text
    number = Decimal(text.strip())
    if abs(number) >= 10**12 or (number and number.normalize().as_tuple().exponent < -6):
        return text
    return format(number.normalize(), "f") if number else "0"


def as_answered(sent: Record) -> Record:
    """A recorded answer as ours must be: places of six decimals, one second's entries by id."""
    channel, rows = dict(sent["channel"]), sent["feeds"]
    for place in ("latitude", "longitude"):
        exact = Decimal(channel[place]).quantize(Decimal("1e-6"), ROUND_HALF_UP)
        channel[place] = re.sub(r"(\.[0-9]+?)0*$", r"\1", f"{exact:f}")
    rows = sorted(rows, key=lambda row: (row["created_at"], row["entry_id"]))
    feeds = [{k: as_kept(v) if k.startswith("f") else v for k, v in row.items()} for row in rows]
    return {"channel": channel, "feeds": feeds}


def as_bytes(answered: Record) -> bytes:
    """As JSON without spaces."""
    return json.dumps(answered, ensure_ascii=False, separators=(",", ":")).encode()


def test_recorded_responses_are_answered_as_they_were(recorded: Path, house: Warehouse) -> None:
    """Byte for byte, but for zeros and blanks around numbers, and the order within a second."""
    with gzip.open(recorded / "feeds_2018-09-14.jsonl.gz", "rt", encoding="utf-8") as lines:
        responses = [line for number, line in enumerate(lines) if number % EACH == 0]
    batches = []
    for line in responses:
        page = parse_page(line.encode())
        channel_id = page.channel["id"]
        row = channel_row(page, channel_id, FAR)
        progress = Progress(last_entry_id=page.last_entry_id)
        parts = (page.readings, page.raw, page.rejected)
        batches.append(Batch(channel_id, 1, *parts, progress, FAR, metadata=row))
    for begin in range(0, len(batches), 64):
        house.load(batches[begin : begin + 64])
    untouched = 0
    for line in responses:
        sent = json.loads(line)
        body = asked(house, f"/channels/{sent['channel']['id']}/feeds.json", "results=8000")
        assert body == as_bytes(as_answered(sent))
        untouched += body == as_bytes(sent)
    assert untouched > len(responses) / 4


# Windows without a cap


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """25,000 entries, three a second at times; a text among them now and then; a status."""
    from fieldhouse.warehouse import open_warehouse

    begin = datetime(2024, 1, 1)
    rows = [
        {
            "entry_id": n + 1,
            "created_at": begin + timedelta(seconds=(n // 3 if n % 1000 < 30 else n) * 20),
            "field1": "nan" if n % 997 == 0 else str(n % 50),
            "field3": str(n),
            "status": "x" if n % 5000 == 0 else None,
        }
        for n in range(25_000)
    ]
    rows.sort(key=lambda row: (row["created_at"], row["entry_id"]))
    with open_warehouse(tmp_path_factory.mktemp("long") / "house.duckdb") as warehouse:
        warehouse.migrate()
        warehouse.load([batch_of(rows, field1="T", field3="N")])
        for kind in ("HOURLY", "DAILY", "WEEKLY"):
            warehouse.call("refresh_aggregates", aggregation_type=kind)
        warehouse.rows = rows  # type: ignore[attr-defined]
        yield warehouse


@pytest.fixture(scope="module")
def client(long: Warehouse, serve: Serve) -> Iterator[httpx2.Client]:
    """A client of the long channel."""
    clock = FAR.replace(tzinfo=UTC).timestamp()
    with httpx2.Client(base_url=serve(long, clock=lambda: clock), timeout=60) as client:
        yield client


def sent_rows(long: Warehouse) -> list[Record]:
    """What went in, in the order of time."""
    rows: list[Record] = long.rows  # type: ignore[attr-defined]
    return rows


@pytest.mark.parametrize("results", [8_001, 8_192, 8_193, 20_000, 24_995, 25_000, 10**18])
def test_results_have_no_cap(long: Warehouse, client: httpx2.Client, results: int) -> None:
    """Exactly as many as are asked for, the newest, with their texts, whatever ends in a second."""
    feeds = client.get(f"/channels/9/feeds.json?results={results}").json()["feeds"]
    wanted = sent_rows(long)[-results:]
    assert [row["entry_id"] for row in feeds] == [row["entry_id"] for row in wanted]
    assert [row["field1"] for row in feeds] == [row["field1"] for row in wanted]


def test_windows_have_no_cap(long: Warehouse, client: httpx2.Client) -> None:
    """A window is answered whole, in every format; without any time it is the last hundred."""
    rows = sent_rows(long)
    window = "start=2024-01-02&end=2024-01-06%2000:00:00"
    wanted = [r for r in rows if datetime(2024, 1, 2) <= r["created_at"] <= datetime(2024, 1, 6)]
    assert len(wanted) > 16_000
    ids = [row["entry_id"] for row in wanted]
    as_json = client.get(f"/channels/9/fields/3.json?{window}").json()["feeds"]
    assert [row["entry_id"] for row in as_json] == ids
    table = list(csv.DictReader(io.StringIO(client.get(f"/channels/9/feeds.csv?{window}").text)))
    assert [int(row["entry_id"]) for row in table] == ids
    assert [row["field1"] for row in table] == [row["field1"] for row in wanted]
    feeds = ET.fromstring(client.get(f"/channels/9/feeds.xml?{window}").content).find("feeds")
    assert feeds is not None
    assert [int(feed.findtext("entry-id") or 0) for feed in feeds] == ids
    assert len(client.get("/channels/9/feeds.json").json()["feeds"]) == 100
    whole = client.get("/stream/channels/9/feeds.csv").text
    assert whole.count("\n") == len(rows) + 1
    statuses = client.get("/channels/9/status.json?start=2000-01-01").json()["feeds"]
    assert [row["entry_id"] for row in statuses] == [r["entry_id"] for r in rows if r["status"]]


def test_who_leaves_early_holds_up_nobody(client: httpx2.Client) -> None:
    """More readers than there are threads go away in the middle; the next one is answered."""
    for _ in range(41):
        with client.stream("GET", "/channels/9/feeds.json?results=25000") as answer:
            next(answer.iter_raw())
    assert len(client.get("/channels/9/feeds.json?results=9000").json()["feeds"]) == 9000


@pytest.mark.parametrize("kind", ["sum", "average", "median", "timescale"])
@pytest.mark.parametrize("width", [10, 60, 1440])
def test_merged_windows_are_the_engines(
    long: Warehouse, client: httpx2.Client, kind: str, width: int
) -> None:
    """Over any window; a mean is that of the numbers there are; nothing counts as zero."""
    window = "start=2023-01-01&end=2024-01-05%2012:34:00"
    buckets: dict[datetime, list[Record]] = {}
    for row in sent_rows(long):
        if row["created_at"] <= datetime(2024, 1, 5, 12, 34):
            since = (row["created_at"] - datetime(1970, 1, 1)) // timedelta(minutes=width)
            begin = datetime(1970, 1, 1) + since * timedelta(minutes=width)
            buckets.setdefault(begin, []).append(row)
    shown = client.get(f"/channels/9/feeds.json?{kind}={width}&{window}").json()["feeds"]
    starts = [datetime.fromisoformat(row["created_at"]).replace(tzinfo=None) for row in shown]
    assert starts == [min(buckets) + n * timedelta(minutes=width) for n in range(len(starts))]
    assert starts[-1] == max(buckets)
    for begin, row in zip(starts, shown, strict=True):
        assert list(row) == ["created_at", "field1", "field3"]
        numbers = [Fraction(r["field1"]) for r in buckets.get(begin, ()) if r["field1"] != "nan"]
        if kind == "timescale":
            wanted = buckets[begin][0]["field1"] if begin in buckets else None
            assert row["field1"] == wanted
        elif not numbers:
            assert row["field1"] is None
        else:
            exact = {"sum": sum, "average": lambda n: sum(n) / len(n), "median": median}[kind]
            assert float(row["field1"]) == pytest.approx(float(exact(numbers)), rel=1e-9)


def test_values_are_written_as_they_went_in(house: Warehouse) -> None:
    """Texts stand in place of what cannot be typed; numbers lose the zeros behind them, no more."""
    texts = ["21.50", " 7\r\n", "1e3", "-0", "1e-9", "28.195329087048833", "nan", "", "=1+1", "007"]
    wanted = ["21.5", "7", "1000", "0", "1e-9", "28.195329087048833", "nan", "", "=1+1", "7"]
    rows = [
        {"entry_id": n, "created_at": datetime(2024, 1, 1, 0, n), "field1": text}
        for n, text in enumerate(texts, 1)
    ]
    house.load([batch_of(rows, field1="T")])
    feeds = json.loads(asked(house, "/channels/9/feeds.json"))["feeds"]
    assert [row["field1"] for row in feeds] == wanted
    for n, text in enumerate(wanted, 1):
        assert json.loads(asked(house, f"/channels/9/feeds/{n}.json"))["field1"] == text
    cells = asked(house, "/channels/9/fields/1.csv").decode().splitlines()[1:]
    assert [line.split(",")[2] for line in cells] == [text or '""' for text in wanted]


def test_what_counts_is_what_is_shown(house: Warehouse) -> None:
    """A correction changes the answers, an excluded reading is in none, nor is its text."""
    rows = [
        {"entry_id": n, "created_at": datetime(2024, 1, 1, 0, n), "field1": text, "field2": "x"}
        for n, text in enumerate(["1", "nan", "3", "1000"], 1)
    ]
    house.load([batch_of(rows, field1="T", field2="U")])
    rule: dict[str, Any] = {"channel_id": 9, "reason": "x", "made_by": "x", "made_at": FAR}
    rule |= {
        "span_start": datetime(2024, 1, 1),
        "span_end": FAR,
    }
    bounds = {"condition": ">= 999", "low_value": 999, "high_value": 10**11, "is_outside": False}
    house.call("set_correction", request_id=1, kind="EXCLUDE", field_number=1, **rule, **bounds)
    scaled = {
        "condition": "= 3",
        "low_value": 3,
        "high_value": 3,
        "is_outside": False,
        "scale_factor": 2,
    }
    house.call(
        "set_correction",
        request_id=2,
        kind="SCALE",
        field_number=1,
        offset_value=0,
        **rule,
        **scaled,
    )
    feeds = json.loads(asked(house, "/channels/9/feeds.json"))["feeds"]
    assert [row["field1"] for row in feeds][:3] == ["1", "nan", "6"]
    assert "1000" not in [row["field1"] for row in feeds]
    assert json.loads(asked(house, "/channels/9/fields/1/last.json"))["field1"] == "6"
    total = json.loads(asked(house, "/channels/9/feeds.json", "sum=daily"))["feeds"]
    assert [row["field1"] for row in total] == ["7.0"]


def test_a_files_fields_are_shown_without_labels(house: Warehouse) -> None:
    """A channel of files, to which nobody gave labels, hides nothing; its id is below zero."""
    row = {"entry_id": 1, "created_at": datetime(2024, 1, 1), "field5": "7"}
    house.load([batch_of([row], channel_id=-3)])
    shown = json.loads(asked(house, "/channels/-3/feeds.json"))
    assert shown["channel"]["id"] == -3 and shown["channel"]["field5"] == "Field 5"
    assert shown["feeds"][0]["field5"] == "7"
    unsigned = 2**32 - 3  # as a sketch's `unsigned long` has it
    assert asked(house, f"/channels/{unsigned}/fields/5/last") == b"7"


# A client of a registry, unchanged


def test_the_python_client_reads_it_unchanged(long: Warehouse, client: httpx2.Client) -> None:
    """`thingspeak` of PyPI works by changing its base URL alone."""
    base = str(client.base_url).rstrip("/")
    channel = thingspeak.Channel(9, api_key="TOKEN", server_url=base)
    rows = sent_rows(long)
    feed = json.loads(channel.get({"results": 12_000}))
    assert [r["entry_id"] for r in feed["feeds"]] == [r["entry_id"] for r in rows[-12_000:]]
    field = json.loads(channel.get_field(3, {"results": 2}))
    assert [row["field3"] for row in field["feeds"]] == ["24998", "24999"]
    assert json.loads(channel.get_field_last(3))["field3"] == "24999"
    assert re.fullmatch(r"\d+", json.loads(channel.get_last_data_age(1))["last_data_age"])
    assert json.loads(channel.view())["name"] == "Held"
    as_text = thingspeak.Channel(9, fmt="txt", server_url=base)
    assert as_text.get_field_last(3) == "24999"
    as_xml = thingspeak.Channel(9, fmt="xml", server_url=base)
    assert ET.fromstring(as_xml.get_field_last(3).encode()).findtext("field3") == "24999"
