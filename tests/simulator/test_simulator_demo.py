import re
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx2
import pytest

from fieldhouse.simulator import Channel, Clock, World, demo

END = datetime(2024, 5, 1, 12, 34, 56, tzinfo=UTC)


def make() -> World:
    return World(Clock(frozen=END))


@pytest.fixture(scope="module")
def weather() -> Channel:
    return demo.weather(make(), id=9, years=1)


def numbers(channel: Channel, field: int, days: float) -> dict[int, float]:
    """The plain numbers of a field in the last days, by entry id."""
    since = (END - timedelta(days=days)).timestamp()
    found = {}
    for entry in channel.entries:
        text = str(entry.fields[field - 1]).strip()
        if entry.created_at >= since and re.fullmatch(r"-?\d+(\.\d+)?", text):
            found[entry.id] = float(text)
    return found


def test_three_years_of_weather_take_seconds() -> None:
    """150,000 rows of eight fields in a few seconds, up to now and not beyond."""
    begin = time.process_time()
    channel = demo.weather(make(), years=3)
    assert time.process_time() - begin < 6
    assert 145_000 < len(channel.entries) < 157_800
    last = channel.entries[-1].created_at
    assert END.timestamp() - 1200 < last <= END.timestamp()


def test_the_same_seed_gives_the_same_rows(weather: Channel) -> None:
    """Nothing is random but the seed."""
    assert demo.weather(make(), id=9, years=1).entries == weather.entries
    assert demo.weather(make(), id=9, years=1, seed=5).entries != weather.entries


def test_weather_has_seasons_and_days(weather: Channel) -> None:
    """July is warmer than January, afternoons are warmer than nights."""
    by_month: dict[int, list[float]] = {}
    by_hour: dict[int, list[float]] = {}
    degrees = numbers(weather, 1, 400)
    for entry in weather.entries:
        if entry.id in degrees:
            at = datetime.fromtimestamp(entry.created_at, UTC)
            by_month.setdefault(at.month, []).append(degrees[entry.id])
            by_hour.setdefault(at.hour, []).append(degrees[entry.id])
    assert statistics.fmean(by_month[7]) > statistics.fmean(by_month[1]) + 10
    assert statistics.fmean(by_hour[15]) > statistics.fmean(by_hour[3]) + 5


@pytest.mark.parametrize("make_channel", [demo.weather, demo.air_quality, demo.greenhouse])
def test_planted_anomalies_are_beyond_three_sigma(make_channel: Callable[..., Channel]) -> None:
    """Each planted spike is found in the last 30 days, and nothing else in its field."""
    channel = make_channel(make(), years=0.5)
    assert len(channel.planted) >= 2
    by_id = {entry.id: entry for entry in channel.entries}
    for spike in channel.planted:
        assert END - timedelta(days=30) < spike.created_at <= END
        assert by_id[spike.entry_id].fields[spike.field - 1] == spike.value
        assert by_id[spike.entry_id].created_at == int(spike.created_at.timestamp())
    for field in {spike.field for spike in channel.planted}:
        values = numbers(channel, field, 30)
        mean, sigma = statistics.fmean(values.values()), statistics.stdev(values.values())
        found = {id for id, value in values.items() if abs(value - mean) > 3 * sigma}
        assert found == {spike.entry_id for spike in channel.planted if spike.field == field}


def test_weather_has_the_faults_of_real_devices(weather: Channel) -> None:
    """Nulls, line ends, nan, empty text, junk, gaps, doubled seconds, missing ids: all, rarely."""
    values = [value for entry in weather.entries for value in entry.fields]
    count = len(values)
    for spoilt in (None, ""):
        assert 0 < values.count(spoilt) < count * 0.02
    texts = [str(value) for value in values]
    for sign in ("\r\n", "nan", "HTTP", "NAN"):
        assert 0 < sum(sign in text for text in texts) < count * 0.03
    times = [entry.created_at for entry in weather.entries]
    steps = [after - before for before, after in pairwise(times)]
    assert 0 in steps
    assert max(steps) > 3600
    assert 590 <= statistics.median(steps) <= 610
    assert weather.last_entry_id == len(weather.entries) + 150


def test_a_fleet_is_many_small_channels() -> None:
    """As many channels as asked for, of one to four fields, all different."""
    channels = demo.fleet(make(), 8, days=2)
    assert len(channels) == 8
    assert {len(channel.labels) for channel in channels} == {1, 2, 3, 4}
    assert all(170 < len(channel.entries) <= 192 for channel in channels)
    assert channels[0].entries != channels[4].entries


def test_a_second_fleet_follows_the_first() -> None:
    """Ids are free ones unless told."""
    world = make()
    demo.fleet(world, 2, days=1)
    demo.fleet(world, 2, days=1)
    assert list(world.channels) == [20_001, 20_002, 20_003, 20_004]


def test_the_demo_world_is_served(http: httpx2.Client, world: World) -> None:
    """The demo channels answer like any other; the user whom the guide names lists them."""
    demo.greenhouse(world, years=0.1)
    demo.fleet(world, 2)
    rows = http.get("/channels/12003/feeds.json").json()["feeds"]
    assert {row["field5"] for row in rows} >= {"OFF"}
    assert len(http.get("/users/fieldhouse/channels.json").json()["channels"]) == 3


def test_shortest_spans() -> None:
    """A span shorter than a step gives an empty channel, one step a single entry."""
    empty = demo.weather(make(), id=1, years=0)
    one = demo.fleet(make(), 1, days=900 / 86_400)
    assert empty.entries == []
    assert len(one[0].entries) <= 1


def test_a_channel_that_lives_on_says_the_same_whenever_it_is_made() -> None:
    """Ended at the same time, made again days later: what was there is there, and then more."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    made = []
    for days in (0, 2):
        world = World(Clock(frozen=noon + timedelta(days=days)))
        channel = demo.weather(world, years=1.2, end=noon)
        demo.live_on(world, channel)
        made.append([(each.id, each.created_at, each.fields) for each in channel.entries])
    first, later = made
    assert later[: len(first)] == first
    assert len(later) == len(first) + 2 * 144
