"""What is served is not always what was written: deletions, gradual clears, delayed bulk writes."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from fieldhouse.simulator import Channel, Entry, Fault, InProcess, Request, World

START = datetime(2024, 4, 1, tzinfo=UTC)
FEEDS = "/channels/9/feeds.json"


@pytest.fixture
def channel(world: World) -> Channel:
    """Five entries, an hour apart."""
    channel = world.add_channel(9)
    write(channel, START, 5)
    return channel


def write(channel: Channel, start: datetime, count: int) -> None:
    for hour in range(count):
        channel.write(start + timedelta(hours=hour), {1: str(hour)})


def feed(http: httpx2.Client, path: str = FEEDS) -> dict[str, Any]:
    answer: dict[str, Any] = http.get(path).json()
    return answer


def ids(answer: dict[str, Any]) -> list[int]:
    return [row["entry_id"] for row in answer["feeds"]]


@pytest.mark.parametrize(("follows", "last", "next_id"), [(False, 5, 6), (True, 4, 5)])
def test_the_newest_entry_is_deleted(
    http: httpx2.Client, channel: Channel, follows: bool, last: int, next_id: int
) -> None:
    """It is served no more; the counter stays, or follows and gives the id out again."""
    channel.delete([5], counter_follows=follows)
    answer = feed(http)
    assert (ids(answer), answer["channel"]["last_entry_id"]) == ([1, 2, 3, 4], last)
    assert http.get("/channels/9/feeds/5.json").json() == "-1"
    assert channel.write().id == next_id


def test_any_entry_is_deleted(http: httpx2.Client, channel: Channel) -> None:
    """Those named go; an id that is none is passed over; the record keeps them all."""
    channel.delete([2, 3, 77])
    assert ids(feed(http)) == [1, 4, 5]
    assert feed(http)["channel"]["last_entry_id"] == 5
    assert len(channel.record[0]) == 5


def test_all_are_deleted_and_the_counter_follows(http: httpx2.Client, channel: Channel) -> None:
    """Nothing is left to follow to: the counter is null and ids begin at 1."""
    channel.delete(range(1, 6), counter_follows=True)
    assert feed(http)["channel"]["last_entry_id"] is None
    assert channel.write().id == 1


def test_a_gradual_clear_serves_both_lives(http: httpx2.Client, channel: Channel) -> None:
    """The counter is null at once, the old rows stay until they vanish, new ids begin at 1."""
    channel.clear(gradually=True)
    assert feed(http)["channel"]["last_entry_id"] is None
    assert ids(feed(http)) == [1, 2, 3, 4, 5]
    write(channel, START + timedelta(days=1), 2)
    assert ids(feed(http)) == [1, 2, 3, 4, 5, 1, 2]
    assert feed(http)["channel"]["last_entry_id"] == 2
    channel.vanish(channel.leftovers[1:3])
    assert ids(feed(http)) == [1, 4, 5, 1, 2]
    channel.vanish()
    assert ids(feed(http)) == [1, 2]
    assert [len(life) for life in channel.record] == [5, 2]


def test_an_id_of_two_lives_stands_for_either(http: httpx2.Client, channel: Channel) -> None:
    """Asked for by id one of the two comes, always the same; the highest id may be a leftover."""
    channel.clear(gradually=True)
    write(channel, START + timedelta(days=1), 2)
    one, two = (http.get(f"/channels/9/feeds/{n}.json").json()["created_at"] for n in (1, 2))
    assert (one, two) == ("2024-04-02T00:00:00Z", "2024-04-01T01:00:00Z")
    assert http.get("/channels/9/feeds/last.json").json()["entry_id"] == 5
    channel.vanish()
    two = http.get("/channels/9/feeds/2.json").json()["created_at"]
    assert two == "2024-04-02T01:00:00Z"
    assert http.get("/channels/9/feeds/last.json").json()["entry_id"] == 2


def test_a_clear_meets_a_clear_that_goes_on(http: httpx2.Client, channel: Channel) -> None:
    """What is left of all earlier lives stays served beside the newest."""
    channel.clear(gradually=True)
    write(channel, START + timedelta(days=1), 1)
    channel.clear(gradually=True)
    assert ids(feed(http)) == [1, 2, 3, 4, 5, 1]
    channel.vanish()
    assert feed(http)["feeds"] == []


def test_an_overwritten_entry_leaves_a_leftover_alone(channel: Channel) -> None:
    """The new life's id 1 may be written anew; the old one's is another entry."""
    channel.clear(gradually=True)
    at = START + timedelta(days=1)
    channel.write(at, {1: "a"}, entry_id=1)
    channel.write(at, {1: "b"}, entry_id=1)
    assert [entry.fields[0] for entry in channel.entries if entry.id == 1] == ["0", "b"]


def later(channel: Channel, world: World, seconds: Iterable[float]) -> None:
    """Entries dated now, each served only that many seconds from now."""
    now, first = world.clock.unix(), channel.next_id()
    channel.write_later(
        (now + after, Entry(first + n, now, (str(n), *(None,) * 7)))
        for n, after in enumerate(seconds)
    )


def test_a_bulk_write_is_counted_before_it_is_served(
    http: httpx2.Client, world: World, channel: Channel
) -> None:
    """The counter is ahead of the rows, which come in any order."""
    later(channel, world, [60, 10, 30])
    assert feed(http)["channel"]["last_entry_id"] == 8
    assert ids(feed(http)) == [1, 2, 3, 4, 5]
    world.clock.advance(30)
    assert sorted(ids(feed(http))) == [1, 2, 3, 4, 5, 7, 8]
    assert channel.next_id() == 9
    world.clock.advance(30)
    assert sorted(ids(feed(http))) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_bulk_write_over_http_takes_its_time(
    http: httpx2.Client, world: World, channel: Channel
) -> None:
    """With `bulk_delay` a bulk update answers 202 at once and is served after it."""
    world.bulk_delay = 20
    updates = {"write_api_key": channel.write_key, "updates": [{"field1": "7"}]}
    assert http.post("/channels/9/bulk_update.json", json=updates).status_code == 202
    assert feed(http)["channel"]["last_entry_id"] == 6
    assert ids(feed(http)) == [1, 2, 3, 4, 5]
    world.clock.advance(20)
    assert ids(feed(http)) == [1, 2, 3, 4, 5, 6]


def test_a_deletion_meets_rows_that_are_to_come(world: World, channel: Channel) -> None:
    """A counter that follows counts what is to be served yet."""
    later(channel, world, [60])
    channel.delete([5], counter_follows=True)
    assert channel.last_entry_id == 6


def test_a_service_half_there(http: httpx2.Client, channel: Channel) -> None:
    """Withheld entries are not served, by no way, until they are restored."""
    channel.withhold([2, 5])
    assert ids(feed(http)) == [1, 3, 4]
    assert http.get("/channels/9/feeds/2.json").json() == "-1"
    assert feed(http)["channel"]["last_entry_id"] == 5
    channel.restore()
    assert ids(feed(http)) == [1, 2, 3, 4, 5]


def test_without_a_socket(world: World, channel: Channel) -> None:
    """The same answers and faults in the caller's thread, dated by the server's clock."""
    server = InProcess(world)
    answer = server.answer(Request("GET", FEEDS, "results=2"))
    assert (answer.status, answer.body.count(b"entry_id")) == (200, 3)
    assert dict(answer.headers)["Date"] == "Wed, 01 May 2024 12:00:00 GMT"
    assert [seen.query for seen in server.requests] == ["results=2"]
    server.faults.add(Fault("503"))
    assert server.answer(Request("GET", FEEDS)).status == 503
    server.faults.add(Fault("dip", value=3))
    assert b'"last_entry_id":3' in server.answer(Request("GET", FEEDS)).body
    server.faults.add(Fault("clock_skew", seconds=60))
    assert dict(server.answer(Request("GET", FEEDS)).headers)["Date"].endswith("12:01:00 GMT")
    server.faults.add(Fault("call", action=lambda _: channel.clear()))
    assert b'"feeds":[]' in server.answer(Request("GET", FEEDS)).body
    server.faults.add(Fault("reset"))
    with pytest.raises(ConnectionError):
        server.answer(Request("GET", FEEDS))
