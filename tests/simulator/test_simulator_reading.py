from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from fieldhouse.simulator import Channel, Entry, World

START = datetime(2024, 4, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def rows(count: int, *, step: int = 60, first_id: int = 1) -> list[Entry]:
    """Entries from 2024-04-01T00:00:00Z, one each *step* seconds; field 1 is the id."""
    start = int(START.timestamp())
    return [
        Entry(first_id + n, start + n * step, (str(first_id + n), *[None] * 7))
        for n in range(count)
    ]


def ids(answer: httpx2.Response) -> list[int]:
    return [row["entry_id"] for row in answer.json()["feeds"]]


@pytest.fixture
def channel(world: World) -> Channel:
    return world.add_channel(9, name="House", fields={1: "T", 3: "W"}, created_at=START)


def test_a_feed_is_the_channel_and_its_rows(channel: Channel, http: httpx2.Client) -> None:
    """The document has ThingSpeak's keys in ThingSpeak's order, and labelled fields only."""
    channel.write(START, {1: "23.5\r\n", 2: "hidden"})
    assert http.get("/channels/9/feeds.json").text == (
        '{"channel":{"id":9,"name":"House","latitude":"0.0","longitude":"0.0","field1":"T",'
        '"field3":"W","created_at":"2024-04-01T00:00:00Z","updated_at":"2024-04-01T00:00:00Z",'
        '"last_entry_id":1},"feeds":[{"created_at":"2024-04-01T00:00:00Z","entry_id":1,'
        '"field1":"23.5\\r\\n","field3":null}]}'
    )


def test_a_description_and_an_elevation_show_only_when_there_are_any(
    world: World, http: httpx2.Client
) -> None:
    """A blank description and a missing elevation are left out; others stand in their place."""
    world.add_channel(1, description=" ")
    world.add_channel(2, description="On the roof", elevation="27 m")
    bare = http.get("/channels/1/feeds.json?results=0").json()["channel"]
    full = http.get("/channels/2/feeds.json?results=0").json()["channel"]
    assert not {"description", "elevation", "metadata"} & set(bare)
    assert list(full)[2] == "description"
    assert list(full)[-2:] == ["elevation", "last_entry_id"]


def test_labels_come_and_go_and_the_data_stays(channel: Channel, http: httpx2.Client) -> None:
    """A removed label hides its column; when it returns, the old values are back."""
    channel.write(START, {1: "1"})
    channel.relabel({1: None})
    assert "field1" not in http.get("/channels/9/feeds.json").json()["feeds"][0]
    channel.relabel({1: "Again"})
    assert http.get("/channels/9/feeds.json").json()["feeds"][0]["field1"] == "1"


def test_a_channel_without_entries_has_a_null_last_entry_id(
    channel: Channel, http: httpx2.Client
) -> None:
    """An empty channel answers with its labels, a null last_entry_id and no rows."""
    answer = http.get("/channels/9/feeds.json").json()
    assert answer["channel"]["last_entry_id"] is None
    assert answer["feeds"] == []
    assert http.get("/channels/9/feeds/last.json").text == '"-1"'


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", 8901, 9000),
        ("results=3", 8998, 9000),
        ("results=9999", 1001, 9000),
        ("start=2024-04-01%2000:00:00", 1001, 9000),
        ("start=2024-04-01%2000:00:00&end=2024-04-01%2000:10:00", 1, 11),
        ("start=2024-04-01T00:05:00Z&end=2024-04-01T00:10:00Z", 6, 11),
        ("end=2024-04-01%2000:10:00", 1, 11),
        ("end=2024-04-01%2000:10:00&results=2", 10, 11),
        ("start=2024-04-07", 8641, 9000),
        ("start=2024-04-01%2002:00:00&end=2024-04-01%2002:01:00&timezone=Europe/Berlin", 1, 2),
    ],
)
def test_a_window_gives_its_newest_rows_oldest_first(
    channel: Channel, http: httpx2.Client, query: str, first: int, last: int
) -> None:
    """100 rows without a time, 8,000 at most with one; both bounds belong to the window."""
    channel.write_many(rows(9000))
    got = ids(http.get(f"/channels/9/feeds.json?{query}"))
    assert got == list(range(first, last + 1))


@pytest.mark.parametrize(
    ("query", "count"),
    [("days=1", 24), ("minutes=120", 2), ("minutes=120&days=1", 2), ("days=30", 720)],
)
def test_a_lookback_counts_from_now(
    channel: Channel, world: World, http: httpx2.Client, query: str, count: int
) -> None:
    """`days` and `minutes` reach back from the server's time; minutes go first."""
    end = int(world.clock.now().timestamp())
    channel.write_many(
        [Entry(n + 1, end - (1000 - n) * 3600 + 1800, ("1", *[None] * 7)) for n in range(1000)]
    )
    assert len(ids(http.get(f"/channels/9/feeds.json?{query}"))) == count


@pytest.mark.parametrize("results", ["0", "-5", "many", ""])
def test_results_that_are_no_count_give_no_rows(
    channel: Channel, http: httpx2.Client, results: str
) -> None:
    """Zero, negative and senseless `results` are zero: the labels without rows."""
    channel.write(START, {1: "1"})
    answer = http.get(f"/channels/9/feeds.json?results={results}").json()
    assert answer["feeds"] == []
    assert answer["channel"]["field1"] == "T"


def test_rows_of_the_future_hide_from_a_start_without_an_end(
    channel: Channel, http: httpx2.Client
) -> None:
    """A start lets the window end now; without any time, or with an end, the future shows."""
    channel.write(START, {1: "1"})
    channel.write(datetime(2041, 1, 1, tzinfo=UTC), {1: "2"})
    assert ids(http.get("/channels/9/feeds.json?start=2024-01-01")) == [1]
    assert ids(http.get("/channels/9/feeds.json")) == [1, 2]
    assert ids(http.get("/channels/9/feeds.json?start=2024-01-01&end=2099-01-01")) == [1, 2]


def test_times_before_1970_and_in_9999_are_written_in_full(
    channel: Channel, http: httpx2.Client
) -> None:
    """The calendar is wider than a computer's epoch."""
    channel.write(datetime(1955, 11, 5, 6, 15, tzinfo=UTC))
    channel.write(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    utc = http.get("/channels/9/feeds.json").json()["feeds"]
    tokyo = http.get("/channels/9/feeds.json?timezone=Asia/Tokyo").json()["feeds"]
    assert [row["created_at"] for row in utc] == ["1955-11-05T06:15:00Z", "9999-12-31T23:59:59Z"]
    assert tokyo[0]["created_at"] == "1955-11-05T15:15:00+09:00"


def test_ties_have_an_order_of_their_own_but_always_the_same(
    channel: Channel, http: httpx2.Client
) -> None:
    """Rows of one second come in a stable order, which is not always that of the ids."""
    for second in (0, 1):
        for _ in range(3):
            channel.write(START + timedelta(seconds=second), {1: "1"})
    assert ids(http.get("/channels/9/feeds.json")) == [1, 2, 3, 6, 5, 4]
    assert ids(http.get("/channels/9/feeds.json?results=2")) == [5, 4]


@pytest.mark.parametrize(
    ("zone", "row", "channel_time"),
    [
        ("", "2024-04-01T00:00:00Z", "2024-04-01T00:00:00Z"),
        ("timezone=Etc/UTC", "2024-04-01T00:00:00Z", "2024-04-01T00:00:00Z"),
        ("timezone=America/New_York", "2024-03-31T20:00:00-04:00", "2024-03-31T20:00:00-04:00"),
        ("timezone=Nowhere/Here", "2024-04-01T00:00:00Z", "2024-04-01T00:00:00Z"),
        ("timezone=../../etc/passwd", "2024-04-01T00:00:00Z", "2024-04-01T00:00:00Z"),
        ("offset=2", "2024-04-01T02:00:00+02:00", "2024-04-01T02:00:00+02:00"),
        ("offset=-3", "2024-03-31T21:00:00-03:00", "2024-03-31T21:00:00-03:00"),
    ],
)
def test_a_zone_converts_all_dates(
    channel: Channel, http: httpx2.Client, zone: str, row: str, channel_time: str
) -> None:
    """`timezone` and `offset` convert the rows' and the channel's dates; unknown zones are UTC."""
    channel.write(START, {1: "1"})
    answer = http.get(f"/channels/9/feeds.json?{zone}").json()
    assert answer["feeds"][0]["created_at"] == row
    assert answer["channel"]["created_at"] == channel_time


def test_location_status_and_metadata_on_request(channel: Channel, http: httpx2.Client) -> None:
    """Entries show place and status, the channel its metadata, only when asked."""
    channel.write(START, {1: "1"}, latitude="47.1", elevation="5", status="fine")
    channel.metadata = "{}"
    answer = http.get("/channels/9/feeds.json?location=true&status=true&metadata=true").json()
    [row] = answer["feeds"]
    assert list(row)[-4:] == ["latitude", "longitude", "elevation", "status"]
    assert [row[name] for name in list(row)[-4:]] == ["47.1", None, "5", "fine"]
    assert answer["channel"]["metadata"] == "{}"
    assert "latitude" not in http.get("/channels/9/feeds.json").json()["feeds"][0]


def test_one_field_keeps_all_labels_and_its_null_rows(
    channel: Channel, http: httpx2.Client
) -> None:
    """`fields/N` shows one column; the channel keeps all labels, null rows stay."""
    channel.write(START, {1: "1"})
    channel.write(START + MINUTE, {3: "2"})
    answer = http.get("/channels/9/fields/1.json").json()
    assert "field3" in answer["channel"]
    assert [row["field1"] for row in answer["feeds"]] == ["1", None]
    assert http.get("/channels/9/field/1.json").json() == answer
    for other in ("2", "9", "abc"):
        first = http.get(f"/channels/9/fields/{other}.json").json()["feeds"][0]
        assert list(first) == ["created_at", "entry_id"]


def test_last_is_the_highest_id(channel: Channel, http: httpx2.Client) -> None:
    """`last` goes by id, not by time, and for a field skips nulls."""
    channel.write(START + MINUTE, {1: "early id"})
    channel.write(START, {3: "late id"})
    assert http.get("/channels/9/feeds/last.json").json()["entry_id"] == 2
    assert http.get("/channels/9/feed/last.json").json()["field3"] == "late id"
    last = http.get("/channels/9/fields/1/last.json").json()
    assert last == {"created_at": "2024-04-01T00:01:00Z", "entry_id": 1, "field1": "early id"}
    assert http.get("/channels/9/fields/1/last.txt").text == "early id"
    assert http.get("/channels/9/fields/1/last?prepend=<&append=>").text == "<early id>"
    assert http.get("/channels/9/fields/3/last.csv").text.splitlines()[1].endswith(",2,late id")
    assert http.get("/channels/9/fields/2/last.json").text == '"-1"'


def test_one_entry_by_its_id(channel: Channel, http: httpx2.Client) -> None:
    """`feeds/ENTRY_ID` is the bare entry; one that does not exist is 200 with "-1"."""
    channel.write(START, {1: "1"})
    assert http.get("/channels/9/feeds/1.json").json()["field1"] == "1"
    absent = http.get("/channels/9/feeds/2.json")
    assert (absent.status_code, absent.text) == (200, '"-1"')


def test_the_age_of_the_last_data_is_text_in_seconds(
    channel: Channel, world: World, http: httpx2.Client
) -> None:
    """The age counts from the server's time, and is a string."""
    channel.write(world.clock.now() - timedelta(seconds=174), {1: "1"})
    channel.write(world.clock.now(), {3: "1"})
    age = http.get("/channels/9/fields/1/last_data_age.json").json()
    assert age == {"last_data_age": "174", "last_data_age_units": "s"}
    assert http.get("/channels/9/feeds/last_data_age.json").json()["last_data_age"] == "0"


def test_status_tells_what_was_said_in_the_last_day(
    channel: Channel, world: World, http: httpx2.Client
) -> None:
    """`status` shows entries with a status, of a day unless asked for more."""
    now = world.clock.now()
    channel.write(now - timedelta(days=3), status="old")
    channel.write(now - timedelta(hours=1), status="new")
    channel.write(now, {1: "silent"})
    assert [row["status"] for row in http.get("/channels/9/status.json").json()["feeds"]] == ["new"]
    answer = http.get("/channels/9/status.json?days=9").json()
    assert [row["status"] for row in answer["feeds"]] == ["old", "new"]
    assert list(answer["channel"]) == ["name", "latitude", "longitude"]
    assert http.get("/channels/9/status/last.json").json()["entry_id"] == 2


def test_csv_keeps_null_and_empty_text_apart(channel: Channel, http: httpx2.Client) -> None:
    """Null is an empty cell, empty text is `""`, line ends are quoted; labels are never used."""
    channel.write(START, {1: "", 3: None})
    channel.write(START, {1: 'a "b"\r\n', 3: "1,5"})
    lines = http.get("/channels/9/feeds.csv").text
    assert lines == (
        "created_at,entry_id,field1,field3\n"
        '2024-04-01 00:00:00 UTC,1,"",\n'
        '2024-04-01 00:00:00 UTC,2,"a ""b""\r\n","1,5"\n'
    )
    zoned = http.get("/channels/9/feeds.csv?timezone=Europe/Berlin&results=1").text
    assert "2024-04-01 02:00:00 +0200" in zoned


def test_the_export_is_the_whole_channel_by_id(channel: Channel, http: httpx2.Client) -> None:
    """`/stream` gives all rows as CSV by entry id, with place and status and ISO offsets."""
    channel.write(START + MINUTE, {1: "1"}, status="ok")
    channel.write(START, {1: "2"})
    answer = http.get("/stream/channels/9/feeds?timezone=Asia/Kolkata")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.text.splitlines() == [
        "created_at,entry_id,field1,field3,latitude,longitude,elevation,status",
        "2024-04-01T05:31:00+05:30,1,1,,,,,ok",
        "2024-04-01T05:30:00+05:30,2,2,,,,,",
    ]


def test_text_that_is_no_good_unicode_travels(channel: Channel, http: httpx2.Client) -> None:
    """A lone surrogate is sent as its escape; `\\udcXX` stands for a raw byte that is no UTF-8."""
    channel.write(START, {1: "\ud83d", 3: "\udcff"})
    body = http.get("/channels/9/feeds.json").content
    assert b'"field1":"\\ud83d","field3":"\xff"' in body
    assert b"\xff" in http.get("/channels/9/feeds.csv").content


def test_numbers_in_a_recording_stay_numbers(world: World, http: httpx2.Client) -> None:
    """A recorded answer comes back as it was, be its values text, numbers or null."""
    recorded = {
        "channel": {
            "id": 5,
            "name": "R",
            "latitude": "0.0",
            "longitude": "0.0",
            "field2": "",
            "created_at": "2020-01-01T01:00:00+01:00",
            "updated_at": "2020-01-01T00:00:00Z",
            "last_entry_id": 77,
        },
        "feeds": [{"created_at": "2020-01-02T00:00:00 +0000", "entry_id": 3, "field2": 24.9}],
    }
    channel = world.load_recorded(recorded)
    world.load_recorded(recorded)
    answer = http.get("/channels/5/feeds.json").json()
    assert answer["feeds"] == [
        {"created_at": "2020-01-02T00:00:00Z", "entry_id": 3, "field2": 24.9}
    ]
    assert answer["channel"]["last_entry_id"] == 77
    assert answer["channel"]["created_at"] == "2020-01-01T00:00:00Z"
    assert channel.write().id == 78


def test_a_cleared_channel_begins_again_and_the_record_remembers(
    channel: Channel, http: httpx2.Client
) -> None:
    """After a clear ids restart at 1; `record` keeps every life, the current one last."""
    channel.write_many(rows(3))
    channel.clear()
    assert http.get("/channels/9/feeds.json").json()["channel"]["last_entry_id"] is None
    assert channel.write(START, {1: "new"}).id == 1
    assert [len(life) for life in channel.record] == [3, 1]
    assert [entry.id for entry in channel.entries] == [1]


def test_late_entries_find_their_place(channel: Channel, http: httpx2.Client) -> None:
    """Rows written out of order are served in the order of time, a million or one at a time."""
    channel.write_many(rows(2000, first_id=5001))
    channel.write_many(reversed(rows(1500, step=30, first_id=1)))
    channel.write(START + timedelta(seconds=15), {1: "x"})
    feeds = http.get("/channels/9/feeds.json?results=8000").json()["feeds"]
    times = [row["created_at"] for row in feeds]
    assert times == sorted(times)
    assert len(feeds) == 3501
    assert feeds[2]["entry_id"] == 7001
