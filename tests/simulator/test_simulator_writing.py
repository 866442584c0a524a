from datetime import UTC, datetime

import httpx2
import pytest

from fieldhouse.simulator import Channel, World

NOON = 1_714_564_800  # 2024-05-01T12:00:00Z


@pytest.fixture
def channel(world: World) -> Channel:
    return world.add_channel(9, fields={1: "T", 2: "W"}, write_key="WRITE")


def test_an_update_answers_with_the_entry_id(channel: Channel, http: httpx2.Client) -> None:
    """GET with parameters writes an entry now; the text answer is its id."""
    assert http.get("/update?api_key=WRITE&field1=23.5&lat=47&status=fine").text == "1"
    [entry] = channel.entries
    assert (entry.created_at, entry.fields[:2]) == (NOON, ("23.5", None))
    assert (entry.latitude, entry.status) == ("47", "fine")


@pytest.mark.parametrize("kind", ["form", "json", "header"])
def test_an_update_comes_in_many_forms(channel: Channel, http: httpx2.Client, kind: str) -> None:
    """Form, JSON body and header key all write; the JSON answer has all eight fields."""
    if kind == "form":
        answer = http.post("/update.json", data={"api_key": "WRITE", "field1": "24.9"})
    elif kind == "json":
        answer = http.post("/update.json", json={"api_key": "WRITE", "field1": 24.9})
    else:
        key = {"THINGSPEAKAPIKEY": "WRITE"}
        answer = http.post("/update.json", data={"field1": "24.9"}, headers=key)
    echoed = answer.json()
    assert list(echoed) == [
        "channel_id",
        "created_at",
        "entry_id",
        *(f"field{n}" for n in range(1, 9)),
        "latitude",
        "longitude",
        "elevation",
        "status",
    ]
    assert echoed["field1"] == (24.9 if kind == "json" else "24.9")
    assert channel.entries[0].fields[0] == "24.9"


def test_an_update_may_say_when(channel: Channel, http: httpx2.Client) -> None:
    """`created_at` is meant in the request's zone."""
    when = "created_at=2024-01-01%2000:00:00&timezone=America/New_York"
    assert http.get(f"/update?api_key=WRITE&field1=1&{when}").text == "1"
    [entry] = channel.entries
    assert entry.created_at == int(datetime(2024, 1, 1, 5, tzinfo=UTC).timestamp())


def test_a_second_update_within_15_seconds_is_zero(
    channel: Channel, world: World, http: httpx2.Client
) -> None:
    """Too soon is 200 with `0` and writes nothing; a switch turns the limit off."""
    assert http.get("/update?api_key=WRITE&field1=1").text == "1"
    soon = http.get("/update?api_key=WRITE&field1=2")
    assert (soon.status_code, soon.text) == (200, "0")
    world.clock.advance(15)
    assert http.get("/update?api_key=WRITE&field1=3").text == "2"
    world.write_interval = 0
    assert http.get("/update?api_key=WRITE&field1=4").text == "3"


def test_a_bad_write_key_is_400_with_zero(channel: Channel, http: httpx2.Client) -> None:
    """As recorded: the body is `0`."""
    for path in ("/update?field1=1", "/update.json?api_key=NO&field1=1"):
        answer = http.post(path)
        assert (answer.status_code, answer.text) == (400, "0")


def test_a_bulk_update_writes_many(channel: Channel, world: World, http: httpx2.Client) -> None:
    """202 and success; ISO, unix and relative times; again too soon is 429."""
    url = "/channels/9/bulk_update.json"
    updates = [
        {"created_at": "2024-04-30T00:00:00Z", "field1": 1},
        {"created_at": NOON - 60, "field2": "x", "status": "late"},
    ]
    answer = http.post(url, json={"write_api_key": "WRITE", "updates": updates})
    assert (answer.status_code, answer.json()) == (202, {"success": True})
    assert [e.fields[:2] for e in channel.entries] == [("1", None), (None, "x")]
    body = {"write_api_key": "WRITE", "updates": [{"delta_t": 0}, {"delta_t": 15}]}
    assert http.post(url, json=body).status_code == 429
    world.clock.advance(15)
    assert http.post(url, json=body).status_code == 202
    assert [e.created_at for e in channel.entries[2:]] == [NOON, NOON + 15]
    assert [e.id for e in channel.entries] == [1, 2, 3, 4]


def test_a_bulk_update_as_csv(channel: Channel, http: httpx2.Client) -> None:
    """Rows are separated by `|`, cells by commas, empty cells are null."""
    updates = "2024-04-01T00:00:00Z,1,,,,,,,,47,8,500,ok|2024-04-01T00:01:00Z,,2"
    form = {"write_api_key": "WRITE", "time_format": "absolute", "updates": updates}
    assert http.post("/channels/9/bulk_update.csv", data=form).status_code == 202
    first, second = channel.entries
    assert (first.fields[:2], first.latitude, first.status) == (("1", None), "47", "ok")
    assert second.fields[:2] == (None, "2")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"write_api_key": "NO", "updates": [{"field1": 1}]}, 401),
        ({"write_api_key": "WRITE"}, 400),
        ({"write_api_key": "WRITE", "updates": ["x"]}, 400),
        ({"write_api_key": "WRITE", "updates": [{"created_at": "soon"}]}, 400),
        ({"write_api_key": "WRITE", "updates": [{"field1": 1}] * 961}, 413),
    ],
)
def test_a_bulk_update_that_is_refused_writes_nothing(
    channel: Channel, http: httpx2.Client, body: dict[str, object], status: int
) -> None:
    """Wrong key, no rows, senseless rows, too many rows."""
    assert http.post("/channels/9/bulk_update.json", json=body).status_code == status
    assert channel.entries == []


def test_clearing_needs_the_user_key(channel: Channel, world: World, http: httpx2.Client) -> None:
    """DELETE with the user key empties the channel and answers `[]`; the write key is 401."""
    channel.write(fields={1: "1"})
    assert http.delete("/channels/9/feeds.json?api_key=WRITE").status_code == 401
    answer = http.delete(f"/channels/9/feeds.json?api_key={world.user_key('fieldhouse')}")
    assert (answer.status_code, answer.text) == (200, "[]")
    assert channel.entries == []
    assert channel.last_entry_id is None


def test_an_existing_id_is_overwritten_and_recorded(channel: Channel) -> None:
    """Tests may change a row behind a client's back; the record keeps both writings."""
    channel.write(fields={1: "old"})
    channel.write(fields={1: "new"}, entry_id=1)
    assert [entry.fields[0] for entry in channel.entries] == ["new"]
    assert [entry.fields[0] for entry in channel.record[0]] == ["old", "new"]


def test_a_pinned_last_entry_id_moves_with_the_writes(channel: Channel) -> None:
    """An override holds until a higher id is written; None goes back to the highest id."""
    channel.last_entry_id = 100
    assert channel.write().id == 101
    assert channel.last_entry_id == 101
    channel.last_entry_id = 7
    channel.last_entry_id = None
    assert channel.last_entry_id == 101


def test_ids_fields_and_channels_are_checked(channel: Channel, world: World) -> None:
    """Mistakes of a test author are errors at once."""
    entry = channel.write()
    for mistake in (
        lambda: channel.write(fields={9: "1"}),
        lambda: channel.relabel({0: "x"}),
        lambda: channel.write_many([entry, entry]),
        lambda: world.add_channel(9),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            mistake()
