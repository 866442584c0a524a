"""Pages: bytes into readings, raw texts and rejected entries."""

import gzip
import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldhouse.errors import SourceUnavailable
from fieldhouse.readings import NUMBERS, parse_time, type_text
from fieldhouse.sources.thingspeak.page import Page, parse_entry, parse_page


def page(*feeds: dict[str, Any], **channel: Any) -> Page:
    return parse_page(json.dumps({"channel": {"id": 9, **channel}, "feeds": feeds}).encode())


def entry(
    entry_id: Any = 1, created_at: Any = "2024-01-01T00:00:00Z", **rest: Any
) -> dict[str, Any]:
    return {"created_at": created_at, "entry_id": entry_id, **rest}


def accounted(page: Page) -> dict[tuple[int, str], Any]:
    """Every value of a page: the text that is kept, or else the typed value."""
    values = {
        (row["EntryID"], name): row[name]
        for row in page.readings.to_pylist()
        for name in (*NUMBERS, "Status")
        if row[name] is not None
    }
    raw = {(row["EntryID"], row["ColumnName"]): row["RawValue"] for row in page.raw.to_pylist()}
    return values | raw


@pytest.mark.parametrize(
    "text",
    [
        "2024-11-24T12:00:00Z",
        "2024-11-24 12:00:00 UTC",
        "2024-11-24 14:00:00 +0200",
        "2024-11-24T05:00:00-07:00",
        "2024-11-24 12:00:00",
        "2024-11-24T12:00:00",
        "2024-11-24T17:30:00+05:30",
    ],
)
def test_every_form_of_time_becomes_naive_utc(text: str) -> None:
    """All the forms that ThingSpeak has been seen to write, alone and in one page with others."""
    noon = datetime(2024, 11, 24, 12)
    assert parse_time(text) == noon
    both = page(entry(1, text), entry(2, "2024-11-24T12:00:00Z"))
    assert both.readings["CreatedAt"].to_pylist() == [noon, noon]


@given(
    st.datetimes(
        min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)
    )
)
def test_time_is_kept_to_the_second_from_year_1_to_9999(instant: datetime) -> None:
    """No second is shifted or lost on the way."""
    second = instant.replace(microsecond=0)
    assert parse_time(second.isoformat().replace("+00:00", "Z")) == second.replace(tzinfo=None)


def test_every_recorded_value_is_exact_or_kept(recorded: Path) -> None:
    """Of 3,040 real channels, each value is exactly in its column, or its text is in raw."""
    rows = 0
    with gzip.open(recorded / "feeds_2018-09-14.jsonl.gz") as lines:
        for line in lines:
            parsed, document = parse_page(line), json.loads(line)
            assert parsed.served == parsed.readings.num_rows == len(document["feeds"])
            held = accounted(parsed)
            for feed in document["feeds"]:
                rows += 1
                for name in NUMBERS:
                    text = feed.get(name.lower())
                    if text is None:
                        assert (feed["entry_id"], name) not in held
                        continue
                    value, reason = type_text(text)
                    assert held[feed["entry_id"], name] == (text if reason else value)
    assert rows == 241_877


def test_numbers_booleans_and_structures_are_kept_like_text() -> None:
    """JSON numbers keep their digits; what is no number keeps its JSON as the raw text."""
    parsed = parse_page(
        b'{"channel":{"id":9},"feeds":[{"created_at":"2024-01-01T00:00:00Z","entry_id":1,'
        b'"field1":24.90,"field2":0.1234567891234567891,"field3":true,"field4":{"a":[1.50]},"field5":-7}]}'
    )
    (row,) = parsed.readings.to_pylist()
    assert (row["Field1"], row["Field5"]) == (Decimal("24.9"), Decimal(-7))
    assert row["Field2"] == Decimal("0.123457")
    assert {(r["ColumnName"], r["RawValue"], r["Reason"]) for r in parsed.raw.to_pylist()} == {
        ("Field2", "0.1234567891234567891", "rounded"),
        ("Field3", "true", "unparseable"),
        ("Field4", '{"a": ["1.50"]}', "unparseable"),
    }


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (b"\xff\xfe", r"\udcff\udcfe"),
        (b"\\ud800", r"\ud800"),
        (b"a\\u0000b", r"a\x00b"),
        (b"a\x01b", "a\x01b"),
    ],
)
def test_broken_text_spoils_its_value_and_nothing_else(text: bytes, kept: str) -> None:
    """Broken UTF-8, half characters, NUL, control characters: NULL with its text, no more."""
    parsed = parse_page(
        b'{"channel":{"id":9},"feeds":[{"created_at":"2024-01-01T00:00:00Z","entry_id":1,"field1":"'
        + text
        + b'","field2":"5"},{"created_at":"2024-01-01T00:00:01Z","entry_id":2,"field1":"6"}]}'
    )
    assert accounted(parsed) == {
        (1, "Field1"): kept,
        (1, "Field2"): Decimal(5),
        (2, "Field1"): Decimal(6),
    }


def test_a_status_with_a_nul_is_kept_as_raw_text() -> None:
    """A status is text, yet what no warehouse can hold is written so that it can."""
    parsed = page(entry(status="on\0off"), entry(2, status="fine"))
    assert parsed.readings["Status"].to_pylist() == [None, "fine"]
    assert accounted(parsed)[1, "Status"] == r"on\x00off"


BAD_IDS = [None, 0, -1, "x", 2**63 - 1, 2**63, 10**30, 1.5, 1e300, True, [], {}, "9" * 5000]


@pytest.mark.parametrize("entry_id", BAD_IDS)
def test_an_entry_without_a_usable_id_is_rejected_with_its_text(entry_id: Any) -> None:
    """It is counted as served, and its JSON is kept, so nothing of it is lost."""
    parsed = page(entry(entry_id, field1="5"), entry(2))
    assert parsed.readings["EntryID"].to_pylist() == [2]
    (rejected,) = parsed.rejected.to_pylist()
    assert json.loads(rejected["EntryText"])["field1"] == "5"
    assert (parsed.served, rejected["Reason"]) == (2, "no usable entry_id")


@pytest.mark.parametrize(
    "time",
    [
        None,
        "",
        "yesterday",
        "2024-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-07:00",
        1700000000,
        "2024-01-01",
    ],
)
def test_an_entry_without_a_usable_time_is_rejected_with_its_text(time: Any) -> None:
    """As for ids."""
    parsed = page(entry(1, time, field1="5"), entry(2))
    assert parsed.readings["EntryID"].to_pylist() == [2]
    assert parsed.rejected["Reason"].to_pylist() == ["no usable created_at"]


@pytest.mark.parametrize(
    ("counter", "read"),
    [
        *[(None, None), (0, 0), (7, 7), ("7", 7), (10**18, 10**18)],
        *[(counter, None) for counter in (-1, 1.5, True, "x", [], {}, 2**63, 10**400, "9" * 5000)],
    ],
)
def test_a_counter_that_no_id_can_be_is_none(counter: Any, read: int | None) -> None:
    """Whatever a channel says its last id is, its entries are read, by either way."""
    for feed in (entry(1, field1="5"), entry(1, field1=5)):
        parsed = page(feed, last_entry_id=counter)
        assert (parsed.last_entry_id, accounted(parsed)) == (read, {(1, "Field1"): Decimal(5)})


VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.sampled_from(["24.5", "1e-45", "12,5", "ON", "", " 7\r\n", "a\0b", "\ud800", "é"]),
    st.from_regex(r"-?[0-9]{1,3}\.[0-9]{0,50}", fullmatch=True),
    st.floats(),
    st.integers(),
    st.sampled_from([True, [], {"a": 1.50}]),
)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "created_at": st.just("2024-01-01T00:00:00Z")
            | st.sampled_from(["2024-01-01T00Z", "2024-01-01 00:00:00 UTC", "x", None, 5]),
            "entry_id": st.integers(1, 9) | st.sampled_from(BAD_IDS),
        },
        optional=dict.fromkeys(("field1", "field2", "latitude", "status"), VALUES),
    ),
    max_size=6,
)


@given(ENTRIES, st.booleans())
def test_what_an_entry_becomes_does_not_depend_on_its_neighbours(
    entries: list[dict[str, Any]], comma: bool
) -> None:
    """A page holds what its entries hold as pages of their own; nothing is lost between them."""

    def held(*feeds: dict[str, Any]) -> dict[str, list[str]]:
        text = json.dumps({"channel": {}, "feeds": feeds}, separators=(",", ":"))
        parsed = parse_page(text.encode(), decimal_comma=comma)
        assert parsed.served == len(feeds) == parsed.readings.num_rows + parsed.rejected.num_rows
        return {
            part: sorted(map(repr, getattr(parsed, part).to_pylist()))
            for part in ("readings", "raw", "rejected")
        }

    alone = [held(feed) for feed in entries]
    assert held(*entries) == {
        part: sorted(row for page in alone for row in page[part])
        for part in ("readings", "raw", "rejected")
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"channel":{}}',
        b'{"feeds":[]}',
        b'{"channel":[],"feeds":[]}',
        b"<html>",
        b'{"channel":{"id":9},"feeds":[{"created_at":"2024-01-0',
        b'{"channel":{"id":' + b"[" * 100_000,
        b'{"channel":{"id":' + b"[" * 9_000 + b"]" * 9_000 + b'},"feeds":[]}',
    ],
    ids=lambda body: repr(body[:40]),
)
def test_what_is_no_feed_is_an_error_of_ours(body: bytes) -> None:
    """A cut or foreign answer, or one nested without end, is transient, never a traceback and never
    an empty page."""
    with pytest.raises(SourceUnavailable):
        parse_page(body)


def test_what_is_no_entry_is_rejected_with_its_text() -> None:
    """Null, a list or a number among the entries costs none of the others."""
    body = json.dumps({"channel": {}, "feeds": [None, entry(1, field1="5"), [1, "x"], 7]})
    read = parse_page(body.encode())
    assert read.readings["EntryID"].to_pylist() == [1]
    assert read.served == 4
    rejected = [(row["EntryText"], row["Reason"]) for row in read.rejected.to_pylist()]
    assert rejected == [("null", "no entry"), ('["1", "x"]', "no entry"), ('"7"', "no entry")]


def test_a_bare_entry_is_a_page_of_one() -> None:
    """``feeds/ID.json`` and ``feeds/last.json`` answer without a channel."""
    parsed = parse_entry(json.dumps(entry(7, field1=" 3.5 ")).encode())
    assert accounted(parsed) == {(7, "Field1"): Decimal("3.5")}
    with pytest.raises(SourceUnavailable, match="not the JSON of an entry"):
        parse_entry(b'{"status": "404", "error": {}}')
    with pytest.raises(SourceUnavailable):
        parse_entry(b'"-1"')


@given(st.binary(max_size=60))
def test_any_bytes_are_a_page_or_an_error_of_ours(body: bytes) -> None:
    """Nothing that a server can send escapes as another exception."""
    with suppress(SourceUnavailable):
        parse_page(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["channel", "feeds", "entry_id", "created_at", "field1", "status"]),
                inner,
            )
        ),
    )
)
def test_any_json_is_a_page_or_an_error_of_ours(value: Any) -> None:
    """The same for well-formed JSON of any shape."""
    with suppress(SourceUnavailable):
        parse_page(json.dumps({"channel": {}, "feeds": [value]}).encode())
