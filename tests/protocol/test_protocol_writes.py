"""A channel of one's own: written to as to ThingSpeak's, kept as what ThingSpeak serves is."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from protocol_kit import NOON, Serve

import thingspeak
from command_kit import run_command
from fieldhouse.protocol import Request
from fieldhouse.warehouse import Warehouse

KEYS = {"ONE": (-1,), "BOTH": (-1, -2), "MAKER": (None,)}


def may_write(request: Request, channel_id: int | None) -> bool:
    """Whether the request's key is one of that channel."""
    return channel_id in KEYS.get(request.api_key or "", ())


@pytest.fixture
def written() -> list[int]:
    """The channels that were written to, as the application is told."""
    return []


@pytest.fixture
def http(house: Warehouse, serve: Serve, written: list[int]) -> Iterator[httpx2.Client]:
    """A client of an empty warehouse that may be written to, at noon."""
    url = serve(house, may_write=may_write, written=written.append, clock=NOON.timestamp)
    with httpx2.Client(base_url=url, timeout=60) as client:
        yield client


@pytest.fixture
def own(http: httpx2.Client) -> httpx2.Client:
    """The same with a channel of one's own, -1."""
    made = http.post("/channels.json", data={"api_key": "MAKER", "name": "Mine", "field1": "T"})
    assert made.json()["id"] == -1
    return http


def feeds(client: httpx2.Client, query: str = "") -> list[dict[str, Any]]:
    """The entries of channel -1."""
    rows: list[dict[str, Any]] = client.get(f"/channels/-1/feeds.json?{query}").json()["feeds"]
    return rows


def test_a_channel_is_made_as_thingspeak_makes_one(http: httpx2.Client) -> None:
    """It gets the next number below zero, is listed, and is empty; without the right it is 401."""
    assert http.post("/channels.json", data={"name": "x"}).status_code == 401
    body = {"api_key": "MAKER", "name": "Garden", "field2": "Soil", "latitude": "47.1"}
    made = http.post("/channels.json", data=body).json()
    assert (made["id"], made["name"], made["latitude"], made["api_keys"]) == (
        -1,
        "Garden",
        "47.1",
        [],
    )
    assert http.post("/channels.xml", data={"api_key": "MAKER"}).text.count(">Channel -2<") == 1
    shown = http.get("/channels/-1/feeds.json").json()
    assert shown["feeds"] == [] and shown["channel"]["last_entry_id"] is None
    assert shown["channel"]["field2"] == "Soil"
    assert shown["channel"]["created_at"] == "2024-05-01T12:00:00Z"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"field1":"\xc3',
        b'{"field1":"\\ud800"}',
        b"\xff",
        b"1e999",
    ],
)
def test_a_body_that_is_no_json_names_nothing(own: httpx2.Client, body: bytes) -> None:
    """Nested without end, cut, or in broken text: it is refused as one without a key."""
    json = {"Content-Type": "application/json"}
    answers = [
        own.post(path, content=body, headers=json)
        for path in ("/update.json", "/channels/-1/bulk_update.json", "/channels.json")
    ]
    assert [answer.status_code for answer in answers] == [400, 401, 401]
    assert feeds(own) == []


def test_numbers_are_given_out_once(http: httpx2.Client) -> None:
    """However many make channels at once, each gets one of its own."""
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda _: http.post("/channels.json?api_key=MAKER").json(), range(16))
        assert sorted(each["id"] for each in made) == list(range(-16, 0))


def test_an_update_answers_with_the_entry_id(own: httpx2.Client, written: list[int]) -> None:
    """Text, JSON and XML, by GET, form, JSON body and header; a repeated one is a new entry."""
    assert own.get("/update?api_key=ONE&field1=21.50&lat=47.5&status=fine").text == "1"
    assert own.get("/update?api_key=ONE&field1=21.50&lat=47.5&status=fine").text == "2"
    assert own.post("/update", data={"api_key": "ONE", "field1": "warm"}).text == "3"
    echo = own.post("/update.json", json={"api_key": "ONE", "field1": 24.9, "elevation": None})
    assert echo.json() == {
        "channel_id": -1,
        "created_at": "2024-05-01T12:00:00Z",
        "entry_id": 4,
        "field1": 24.9,
        **{f"field{n}": None for n in range(2, 9)},
        **dict.fromkeys(("latitude", "longitude", "elevation", "status")),
    }
    header = {"X-THINGSPEAKAPIKEY": "ONE"}
    root = ET.fromstring(own.post("/update.xml", data={"field1": ""}, headers=header).content)
    assert (root.tag, root.findtext("entry-id"), root.findtext("field1")) == ("feed", "5", "")
    rows = feeds(own, "status=true&location=true")
    assert [row["field1"] for row in rows] == ["21.5", "21.5", "warm", "24.9", ""]
    assert (rows[0]["latitude"], rows[0]["status"]) == ("47.5", "fine")
    assert own.get("/channels/-1/feeds/last.json").json()["entry_id"] == 5
    assert written == [-1] * 5


def test_what_may_not_be_written_is_zero(own: httpx2.Client, written: list[int]) -> None:
    """400 and `0`, as ThingSpeak answers a wrong key; nothing is there afterwards."""
    for query in (
        "field1=1",
        "api_key=NO&field1=1",
        "api_key=ONE&field1=1&channel_id=9",
        "api_key=ONE&field1=1&channel_id=-2",
        "api_key=ONE&field1=1&channel_id=x",
        "api_key=ONE&field1=1&channel_id=" + "9" * 20,
        "api_key=ONE&field1=1&channel_id=" + "9" * 5000,
        "api_key=ONE&field1=1&created_at=soon",
        "api_key=ONE&field1=1&created_at=99999999999999999999999",
        "api_key=ONE&field1=1&created_at=" + "9" * 5000,
        "api_key=ONE&field1=1&created_at=0001-01-01&timezone=Asia/Tokyo",
    ):
        for answer in (own.get(f"/update?{query}"), own.post(f"/update.json?{query}")):
            assert (answer.status_code, answer.text) == (400, "0"), query
    assert feeds(own) == [] and written == []


def test_a_key_of_several_channels_names_the_one(own: httpx2.Client) -> None:
    """With one channel it is that one; with two the request says which, or the key does."""
    assert own.get("/update?api_key=BOTH&field1=1").text == "1"
    own.post("/channels.json", data={"api_key": "MAKER"})
    assert own.get("/update?api_key=BOTH&field1=1").text == "0"
    assert own.get("/update?api_key=BOTH&field1=2&channel_id=-2").text == "1"
    assert own.get(f"/update?api_key=BOTH&field1=2&channel_id={2**32 - 1}").text == "2"
    in_json = {"api_key": "BOTH", "field1": 2}
    assert own.post("/update", json=in_json | {"channel_id": -2}).text == "2"
    for wrong in (-3, [-1], True, {}):
        assert own.post("/update", json=in_json | {"channel_id": wrong}).text == "0"
    assert own.post("/update", json=in_json | {"api_key": "ONE", "channel_id": -2}).text == "0"
    sketch = {"X-THINGSPEAKAPIKEY": "BOTH@-1"}
    assert own.post("/update", data={"field1": "3"}, headers=sketch).text == "3"
    assert own.get("/update?api_key=ONE@-2&field1=1").text == "0"
    assert own.get("/update?api_key=BOTH@@-1&field1=1").text == "0"
    assert [row["field1"] for row in feeds(own)] == ["1", "2", "3"]


def test_ids_are_given_out_once(own: httpx2.Client) -> None:
    """Eight writers at once, single and in bulk: every id once, none left out."""

    def write(n: int) -> int:
        if n % 8 == 7:
            updates = [{"created_at": NOON.isoformat(), "field1": n}] * 3
            body = {"write_api_key": "ONE", "updates": updates}
            assert own.post("/channels/-1/bulk_update.json", json=body).status_code == 202
            return 0
        return int(own.get(f"/update?api_key=ONE&field1={n}").text)

    with ThreadPoolExecutor(8) as pool:
        single = [id for id in pool.map(write, range(48)) if id]
    ids = sorted(row["entry_id"] for row in feeds(own))
    assert len(set(single)) == 42 and ids == list(range(1, 42 + 6 * 3 + 1))


def test_a_bulk_update_writes_many(own: httpx2.Client, house: Warehouse) -> None:
    """JSON and CSV, absolute and relative times, 202; odd texts are kept; all or nothing."""
    updates: list[Any] = [
        {"created_at": "2024-04-30 02:00:00 +0200", "field1": "1e2", "status": "late"},
        {"created_at": int(NOON.timestamp()) - 60, "field1": "nan\0", "latitude": 47},
    ]
    url = "/channels/-1/bulk_update"
    body = {"write_api_key": "ONE", "updates": updates}
    answer = own.post(f"{url}.json", json=body)
    assert (answer.status_code, answer.json()) == (202, {"success": True})
    assert own.post(f"{url}.json", json=body | {"updates": [*updates, "x"]}).status_code == 400
    text = "0,5,,,,,,,,47,8,500,ok|15,,2"
    form = {"write_api_key": "ONE", "time_format": "relative", "updates": text}
    assert own.post(f"{url}.csv", data=form).status_code == 202
    rows = feeds(own, "status=true")
    assert [(row["entry_id"], row["created_at"], row["field1"], row["status"]) for row in rows] == [
        (1, "2024-04-30T00:00:00Z", "100", "late"),
        (2, "2024-05-01T11:59:00Z", r"nan\x00", None),
        (3, "2024-05-01T11:59:45Z", "5", "ok"),
        (4, "2024-05-01T12:00:00Z", None, None),
    ]
    (kept,) = house.sql("SELECT RawValue, Reason FROM iot.RawValues").to_pylist()
    assert kept == {"RawValue": r"nan\x00", "Reason": "unparseable"}
    held = house.query("readings", channel_id=-1)
    assert held["Field2"].to_pylist()[3] == Decimal(2)


REFUSED: list[tuple[str, dict[str, Any], int]] = [
    ("-1", {"write_api_key": "NO", "updates": [{"field1": 1}]}, 401),
    ("-1", {"write_api_key": "ONE"}, 400),
    ("-1", {"write_api_key": "ONE", "updates": ["x"]}, 400),
    ("-1", {"write_api_key": "ONE", "updates": {"field1": 1}}, 400),
    ("-1", {"write_api_key": "ONE", "updates": 7}, 400),
    ("-1", {"write_api_key": "ONE", "updates": [{"created_at": "soon"}]}, 400),
    ("-1", {"write_api_key": "ONE", "updates": [{}, {"delta_t": 10**30}]}, 400),
    ("-1", {"write_api_key": "ONE", "updates": [{}] * 14_401}, 413),
    ("-9", {"write_api_key": "ONE", "updates": [{"field1": 1}]}, 404),
    ("9" * 40, {"write_api_key": "ONE", "updates": [{"field1": 1}]}, 404),
]


def test_a_bulk_update_that_is_refused_writes_nothing(own: httpx2.Client) -> None:
    """Wrong key, no rows, senseless rows, too many of them, no such channel."""
    for path, body, status in REFUSED:
        answer = own.post(f"/channels/{path}/bulk_update.json", json=body)
        assert answer.status_code == status, body
    assert feeds(own) == []


def test_too_long_a_body_is_refused(own: httpx2.Client) -> None:
    """What is larger than sixteen megabytes is not read to its end: 413."""
    assert own.post("/update", content=b"field1=" + b"x" * 17_000_000).status_code == 413


def test_a_copy_of_thingspeaks_is_not_written_to(
    own: httpx2.Client, house: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copied channel takes no entries, whatever the key: 409, or `0`."""
    house.call("upsert_channel", channel_id=9, name="Copied")
    monkeypatch.setitem(KEYS, "ONE", (-1, 9))
    body = {"write_api_key": "ONE", "updates": [{"field1": 1}]}
    assert own.post("/channels/9/bulk_update.json", json=body).status_code == 409
    assert own.get("/update?api_key=ONE&field1=1&channel_id=9").text == "0"
    assert own.get("/channels/9/feeds.json").json()["feeds"] == []


def test_without_write_nothing_is_written(house: Warehouse, serve: Serve) -> None:
    """Who gives no judge of writes serves no endpoint that writes."""
    house.call("upsert_channel", channel_id=-1, name="Mine")
    with httpx2.Client(base_url=serve(house)) as client:
        assert client.get("/update?api_key=ONE&field1=1").status_code == 404
        assert client.post("/update", data={"api_key": "ONE"}).status_code == 404
        assert client.post("/channels/-1/bulk_update.json", json={}).status_code == 404
        assert client.post("/channels.json", data={"name": "x"}).status_code == 405
        assert client.delete("/channels/-1/feeds.json").status_code == 405


def test_what_is_written_is_aggregated_and_never_polled(
    own: httpx2.Client, house: Warehouse, tmp_path: Path
) -> None:
    """The next refresh aggregates it; a run of all channels finds none that ThingSpeak serves."""
    own.get("/update?api_key=ONE&field1=1")
    own.get("/update?api_key=ONE&field1=3")
    house.call("refresh_aggregates", aggregation_type="HOURLY")
    hours = house.query("aggregates", channel_id=-1, aggregation_type="HOURLY").to_pylist()
    assert [(h["PeriodStart"], h["Field1Avg"]) for h in hours] == [(datetime(2024, 5, 1, 12), 2.0)]
    means = own.get("/channels/-1/feeds.json?average=60").json()["feeds"]
    assert means == [{"created_at": "2024-05-01T12:00:00Z", "field1": "2.0"}]
    house.close()
    given = {"THINGSPEAK_BASE_URL": "http://127.0.0.1:1"}
    done = run_command("run", "-w", str(tmp_path / "house.duckdb"), env=given, cwd=tmp_path)
    assert done.returncode == 2 and "no channel is named" in done.stderr


def test_the_python_client_writes_to_it_unchanged(own: httpx2.Client) -> None:
    """`thingspeak` of PyPI updates a channel of one's own, and reads it again."""
    base = str(own.base_url).rstrip("/")
    channel = thingspeak.Channel(-1, api_key="ONE", fmt="txt", server_url=base)
    assert channel.update({"field1": "21.5"}) == "1"
    assert channel.get_field_last(1) == "21.5"
