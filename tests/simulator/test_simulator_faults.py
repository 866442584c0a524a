import json
import time
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from fieldhouse.simulator import KINDS, Channel, Fault, Simulator, World

START = datetime(2024, 4, 1, tzinfo=UTC)
FEEDS = "/channels/9/feeds.json"


@pytest.fixture
def channel(world: World) -> Channel:
    channel = world.add_channel(9)
    for hour in range(5):
        channel.write(START + timedelta(hours=hour), {1: str(hour)})
    return channel


@pytest.fixture(autouse=True)
def _filled(channel: Channel) -> None:
    """Every test here has the channel."""


@pytest.mark.parametrize("kind", ["404", "429", "500", "502", "503"])
def test_a_status_in_place_of_the_answer(
    simulator: Simulator, http: httpx2.Client, kind: str
) -> None:
    """The status with the documented error object, once; then all is well again."""
    simulator.faults.add(Fault(kind))
    answer = http.get(FEEDS)
    assert answer.status_code == int(kind)
    assert answer.json()["status"] == kind
    assert "retry-after" not in answer.headers
    assert http.get(FEEDS).status_code == 200


def test_retry_after(simulator: Simulator, http: httpx2.Client) -> None:
    """A 429 says how long to wait when told to."""
    simulator.faults.add(Fault("429", retry_after=7))
    assert http.get(FEEDS).headers["retry-after"] == "7"


def test_a_stall(simulator: Simulator, http: httpx2.Client) -> None:
    """Silence for some seconds, then the answer; a client that waits less times out."""
    simulator.faults.add(Fault("stall", seconds=0.3, times=2))
    begin = time.monotonic()
    assert http.get(FEEDS).status_code == 200
    assert time.monotonic() - begin >= 0.3
    with pytest.raises(httpx2.ReadTimeout):
        http.get(FEEDS, timeout=0.1)


def test_a_stall_holds_up_nobody_else(
    simulator: Simulator, world: World, http: httpx2.Client
) -> None:
    """Other requests are served while one is stalled, and stopping does not wait for it."""
    world.add_channel(10)
    simulator.faults.add(Fault("stall", channel_id=9, seconds=60))
    with pytest.raises(httpx2.ReadTimeout):
        http.get(FEEDS, timeout=0.1)
    assert http.get("/channels/10/feeds.json").status_code == 200


def test_a_reset(simulator: Simulator, http: httpx2.Client) -> None:
    """The connection is reset before any answer."""
    simulator.faults.add(Fault("reset"))
    with pytest.raises(httpx2.NetworkError):
        http.get(FEEDS)
    assert http.get(FEEDS).status_code == 200


@pytest.mark.parametrize("kind", ["truncate", "wrong_length"])
def test_a_body_that_ends_early(simulator: Simulator, http: httpx2.Client, kind: str) -> None:
    """Less comes than the framing promised."""
    simulator.faults.add(Fault(kind))
    with pytest.raises(httpx2.RemoteProtocolError):
        http.get(FEEDS)
    assert http.get(FEEDS).status_code == 200


def test_json_cut_in_the_middle(simulator: Simulator, http: httpx2.Client) -> None:
    """The framing is right, the document is not."""
    whole = http.get(FEEDS).content
    simulator.faults.add(Fault("cut_json", fraction=0.75))
    answer = http.get(FEEDS)
    assert answer.status_code == 200
    assert answer.content == whole[: int(len(whole) * 0.75)]
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_page_in_place_of_json(simulator: Simulator, http: httpx2.Client) -> None:
    """200 with HTML, as a gateway or a login page gives it."""
    simulator.faults.add(Fault("html"))
    answer = http.get(FEEDS)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_wrong_content_type(simulator: Simulator, http: httpx2.Client) -> None:
    """The right document under the wrong type."""
    simulator.faults.add(Fault("wrong_type"))
    answer = http.get(FEEDS)
    assert answer.headers["content-type"].startswith("text/html")
    assert len(answer.json()["feeds"]) == 5


def test_entries_without_a_time(simulator: Simulator, http: httpx2.Client) -> None:
    """Some entries say no created_at, on pages and alone; others, and what is no entry, as ever."""
    simulator.faults.add(Fault("no_time", times=4, entry_ids={2, 3}))
    feeds = http.get(FEEDS).json()["feeds"]
    assert [entry["entry_id"] for entry in feeds if entry["created_at"] is None] == [2, 3]
    alone = [http.get(f"/channels/9/feeds/{number}.json").json() for number in (2, 4)]
    assert [entry["created_at"] is None for entry in alone] == [True, False]
    assert http.get("/channels/9/feeds/99.json").json() == "-1"


def test_a_transient_minus_one(simulator: Simulator, http: httpx2.Client) -> None:
    """A public channel answers once as a private one does."""
    simulator.faults.add(Fault("minus_one"))
    answer = http.get(FEEDS)
    assert (answer.status_code, answer.text) == (400, "-1")
    assert http.get(FEEDS).status_code == 200
    simulator.faults.add(Fault("minus_one", times=2))
    for path in ("/channels/9/feeds/1.json", "/channels/9/fields/1/last.json"):
        entry = http.get(path)
        assert (entry.status_code, entry.text) == (200, '"-1"')


def test_a_stale_answer(simulator: Simulator, channel: Channel, http: httpx2.Client) -> None:
    """The channel as it was before its latest clear, ids and rows."""
    before = http.get(FEEDS).json()
    channel.clear()
    channel.write(START, {1: "new"})
    simulator.faults.add(Fault("stale"))
    assert http.get(FEEDS).json() == before
    assert http.get(FEEDS).json()["channel"]["last_entry_id"] == 1


@pytest.mark.parametrize("value", [None, 2])
def test_a_dip_of_the_counter(simulator: Simulator, http: httpx2.Client, value: int | None) -> None:
    """last_entry_id is lower or null for one answer; the rows are as before."""
    simulator.faults.add(Fault("dip", value=value))
    dipped, after = http.get(FEEDS).json(), http.get(FEEDS).json()
    assert dipped["channel"]["last_entry_id"] == value
    assert dipped["feeds"] == after["feeds"]
    assert after["channel"]["last_entry_id"] == 5


def test_a_skewed_clock(simulator: Simulator, http: httpx2.Client) -> None:
    """The Date header is wrong by some seconds."""
    simulator.faults.add(Fault("clock_skew", seconds=-7200))
    assert http.get(FEEDS).headers["date"] == "Wed, 01 May 2024 10:00:00 GMT"
    assert http.get(FEEDS).headers["date"] == "Wed, 01 May 2024 12:00:00 GMT"


def test_a_call_between_two_requests(simulator: Simulator, http: httpx2.Client) -> None:
    """What the action does, the answer shows: a late entry, a clear."""
    simulator.faults.add(
        Fault("call", after=1, action=lambda w: w.channels[9].write(START, {1: "late"}))
    )
    simulator.faults.add(Fault("call", after=2, action=lambda w: w.channels[9].clear()))
    assert [len(http.get(FEEDS).json()["feeds"]) for _ in range(3)] == [5, 6, 0]


def struck(simulator: Simulator, http: httpx2.Client, count: int = 10) -> list[int]:
    """Which of so many requests met a 500, from 1."""
    return [n for n in range(1, count + 1) if http.get(FEEDS).status_code == 500]


@pytest.mark.parametrize(
    ("fault", "hits"),
    [
        (Fault("500"), [1]),
        (Fault("500", after=3, times=2), [4, 5]),
        (Fault("500", after=8, times=None), [9, 10]),
        (Fault("500", every=3, times=None), [3, 6, 9]),
        (Fault("500", every=3, after=1, times=2), [4, 7]),
        (Fault("500", channel_id=9, path_contains="feeds"), [1]),
        (Fault("500", channel_id=99), []),
        (Fault("500", path_contains="fields"), []),
    ],
)
def test_a_schedule(
    simulator: Simulator, http: httpx2.Client, fault: Fault, hits: list[int]
) -> None:
    """`after` skips, `times` limits, `every` spaces; only matching requests count."""
    simulator.faults.add(fault)
    assert struck(simulator, http) == hits
    assert simulator.faults.fired == [("500", FEEDS)] * len(hits)


def test_a_random_schedule_repeats(simulator: Simulator, http: httpx2.Client) -> None:
    """A rate strikes its share of requests, the same ones for the same seed."""
    runs = []
    for _ in range(2):
        simulator.faults.clear()
        simulator.faults.add(Fault("500", rate=0.3, times=None, seed=7))
        runs.append(struck(simulator, http, 60))
    assert runs[0] == runs[1]
    assert 8 <= len(runs[0]) <= 28


def test_a_channel_is_met_by_its_own_id(
    simulator: Simulator, world: World, http: httpx2.Client
) -> None:
    """Channel 9's fault does not meet channel 99, and meets all of channel 9's paths."""
    world.add_channel(99)
    simulator.faults.add(Fault("500", channel_id=9, times=None))
    assert http.get("/channels/99/feeds.json").status_code == 200
    for path in (
        FEEDS,
        "/channels/9.json",
        "/channels/9/fields/1/last",
        "/stream/channels/9/feeds",
    ):
        assert http.get(path).status_code == 500


def test_an_unknown_kind_is_refused() -> None:
    """A misspelt fault is an error at once, and every kind can be made."""
    with pytest.raises(ValueError, match="no fault 'timeout'"):
        Fault("timeout")
    assert [Fault(kind).kind for kind in sorted(KINDS)] == sorted(KINDS)


def test_faults_meet_without_spoiling_the_cache(
    simulator: Simulator, channel: Channel, http: httpx2.Client
) -> None:
    """A stale or dipped answer is never kept for later."""
    for _ in range(200):
        channel.write()
    simulator.faults.add(Fault("dip"))
    url = FEEDS + "?results=200"
    assert http.get(url).json()["channel"]["last_entry_id"] is None
    assert http.get(url).json()["channel"]["last_entry_id"] == 205
