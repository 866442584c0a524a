"""Believable channels, made of nothing but a seed: the same seed and end give the same rows.

Values follow seasons, days and weather; a small share of them is spoilt in the ways that real
devices spoil theirs. The anomalies planted in the last 30 days are listed in `Channel.planted`.
"""

from __future__ import annotations

import math
import random
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fieldhouse.protocol import Entry, Fields, Value
from fieldhouse.protocol.times import EPOCH, to_unix

from .channel import Anomaly, Channel
from .clock import Clock
from .world import World

DAY = 86_400
YEAR = 365.25 * DAY

Column = list[Value]


@dataclass(frozen=True)
class Measure:
    """What one field measures, and how it moves; amplitudes are in the measure's own unit."""

    label: str
    mean: float
    season: float = 0.0
    """Half of the difference between summer and winter."""
    daily: float = 0.0
    """Half of the difference between afternoon and night."""
    wander: float = 0.0
    """The standard deviation of what the weather adds over days."""
    noise: float = 0.0
    """The most that one reading strays by itself."""
    decimals: int = 1
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Spike:
    """A value planted `days` before the end."""

    days: float
    field: int
    value: str


WEATHER = {
    1: Measure("Temperature (°C)", 10.5, season=9.5, daily=4.5, wander=2.5, noise=0.2),
    2: Measure("Humidity (%)", 72, season=-8, daily=-14, wander=9, noise=1, low=8, high=100),
    3: Measure("Pressure (hPa)", 1014, season=-1, wander=7, noise=0.2, low=965, high=1050),
    4: Measure("Wind (m/s)", 3.2, season=-0.8, daily=1.1, wander=1.6, noise=1.2, low=0),
    5: Measure("Wind direction (°)", 215, wander=60, noise=25, decimals=0, low=0, high=359),
    6: Measure("Rain (mm)", -1.6, wander=1.1, noise=0.3, low=0),
    7: Measure("Light (lx)", 9e3, season=6e3, daily=3.2e4, wander=3e3, decimals=0, low=0),
    8: Measure("Battery (V)", 3.92, season=0.05, daily=0.06, wander=0.03, noise=0.01, decimals=2),
}
WEATHER_SPIKES = (
    Spike(2.3, 1, "84.9"),
    Spike(6.8, 1, "-47.3"),
    Spike(11.1, 3, "871.0"),
    Spike(17.6, 8, "5.93"),
    Spike(24.4, 1, "85.0"),  # what a cold-started one-wire sensor reports
)
AIR = {
    1: Measure("PM1.0 (µg/m³)", 7, season=-3, daily=-1, wander=4, noise=1, decimals=0, low=0),
    2: Measure("PM2.5 (µg/m³)", 11, season=-5, daily=-2, wander=6, noise=1.5, decimals=0, low=0),
    3: Measure("PM10 (µg/m³)", 17, season=-6, daily=-2, wander=8, noise=2, decimals=0, low=0),
    5: Measure("CO2 (ppm)", 640, daily=90, wander=70, noise=12, decimals=0, low=400),
    6: Measure("Temperature (°C)", 21.5, season=2.2, daily=1.1, wander=0.7, noise=0.1),
    7: Measure("Humidity (%)", 46, season=7, daily=-3, wander=5, noise=0.5, low=10, high=95),
}
AIR_SPIKES = (Spike(4.2, 2, "999"), Spike(9.7, 5, "5000"), Spike(20.2, 6, "-127.0"))
GREENHOUSE = {
    1: Measure("Air temperature", 19, season=6, daily=6, wander=1.5, noise=0.2),
    2: Measure("Air humidity", 68, daily=-13, wander=5, noise=1, low=20, high=100),
    3: Measure("Soil moisture", 41, daily=-3, wander=6, noise=0.5, low=5, high=80),
    4: Measure("Light", 7e3, season=5e3, daily=2.6e4, wander=2e3, decimals=0, low=0),
    5: Measure("Pump", -0.9, wander=0.6, noise=0.1, decimals=0, low=0, high=1),
}
GREENHOUSE_SPIKES = (Spike(3.4, 1, "-40.0"), Spike(15.8, 3, "0.00"))
_JUNK = ("0.0HTTP/1.1", "121.7 V", "ERR", "28   .62500", "23,4", "--", "None", "1019.421019.42")


def weather(
    world: World, id: int = 12_001, years: float = 3.0, seed: int = 1, end: datetime | None = None
) -> Channel:
    """Add a weather station: eight fields about every ten minutes, five planted spikes."""
    channel = _channel(world, id, "Weather station on the hill", WEATHER, ("weather",))
    channel.latitude, channel.longitude, channel.elevation = "47.3667", "8.5500", "556 m"
    return _grow(channel, WEATHER, WEATHER_SPIKES, _Span(_end(world, end), years * YEAR, 600), seed)


def air_quality(
    world: World, id: int = 12_002, years: float = 1.0, seed: int = 2, end: datetime | None = None
) -> Channel:
    """Add an air sensor in a room: six of the eight fields, every five minutes, three spikes."""
    channel = _channel(world, id, "Air quality, reading room", AIR, ("air", "indoor"))
    return _grow(channel, AIR, AIR_SPIKES, _Span(_end(world, end), years * YEAR, 300), seed)


def greenhouse(
    world: World, id: int = 12_003, years: float = 1.0, seed: int = 3, end: datetime | None = None
) -> Channel:
    """Add a greenhouse: five fields every 15 minutes, of which the pump says ON and OFF."""
    channel = _channel(world, id, "Greenhouse 2", GREENHOUSE, ("garden",))
    span = _Span(_end(world, end), years * YEAR, 900)
    return _grow(channel, GREENHOUSE, GREENHOUSE_SPIKES, span, seed)


def fleet(
    world: World,
    count: int,
    *,
    first_id: int | None = None,
    days: float = 7.0,
    seed: int = 4,
    end: datetime | None = None,
) -> list[Channel]:
    """Add *count* small channels with one to four fields, every 15 minutes for *days*.

    Without a *first_id* they follow the highest id in use, from 20001.
    """
    first = max([20_000, *world.channels]) + 1 if first_id is None else first_id
    span = _Span(_end(world, end), days * DAY, 900)
    channels = []
    for number in range(count):
        measures = {n: AIR[n] for n in sorted(AIR)[: 1 + number % 4]}
        channel = _channel(world, first + number, f"Room {number + 1}", measures, ("fleet",))
        channels.append(_grow(channel, measures, (), span, seed * 1_000_003 + number))
    return channels


def live_on(world: World, channel: Channel, step: int = 600) -> None:
    """Let a channel report every *step* seconds until now, with its values of a year before.

    The same channel, ended at the same time and let live on, says the same whenever it is made.
    """
    old = channel.entries
    at = old[-1].created_at + step
    while at <= world.clock.unix():
        before = bisect_left(old, at - 365 * DAY, key=lambda entry: entry.created_at)
        channel.write(EPOCH + timedelta(seconds=at), dict(enumerate(old[before].fields, start=1)))
        at += step


def live_all_on(world: World) -> None:
    """Let each channel that has entries go on at its own pace until now."""
    for channel in list(world.channels.values()):
        if len(channel.entries) > 1:
            last, before = channel.entries[-1], channel.entries[-2]
            live_on(world, channel, max(15, last.created_at - before.created_at))


def world(clock: Clock | None = None) -> World:
    """Make a world with a weather station, an air sensor and a greenhouse."""
    made = World(clock)
    weather(made)
    air_quality(made)
    greenhouse(made)
    return made


@dataclass(frozen=True)
class _Span:
    """When a channel reports: up to `end` (unix seconds), for `length`, every `step` seconds."""

    end: int
    length: float
    step: int

    def times(self) -> array[int]:
        count = int(self.length // self.step)
        last = self.end - self.end % self.step
        return array("q", range(last - (count - 1) * self.step, last + 1, self.step))


def _end(world: World, end: datetime | None) -> int:
    return world.clock.unix() if end is None else to_unix(end)


def _channel(
    world: World, id: int, name: str, measures: dict[int, Measure], tags: Sequence[str]
) -> Channel:
    labels = {number: measure.label for number, measure in measures.items()}
    return world.add_channel(id, name=name, fields=labels, tags=tags)


def _grow(
    channel: Channel,
    measures: dict[int, Measure],
    spikes: Sequence[Spike],
    span: _Span,
    seed: int,
) -> Channel:
    """Fill *channel* with everything that its measures would have said over the span."""
    source = random.Random(seed)  # noqa: S311 (weather, not secrets)
    times = span.times()
    if not times:
        return channel
    columns = [_column(measures.get(n), times, source) for n in range(1, 9)]
    if "Pump" in channel.labels.values():
        columns[4] = ["ON" if value == "1" else "OFF" for value in columns[4]]
    for number in measures:
        _spoil(columns[number - 1], source)
    planted = _plant(columns, spikes, span, len(times))
    entries = _entries(times, columns, set(planted), span, source)
    channel.created_at = channel.updated_at = times[0] - 3_600
    channel.write_many(entries.values())
    channel.planted = tuple(
        Anomaly(spike.field, EPOCH + timedelta(seconds=entries[at].created_at), entries[at].id,
                spike.value)
        for at, spike in planted.items()
    )  # fmt: skip
    return channel


def _column(measure: Measure | None, times: Sequence[int], source: random.Random) -> Column:
    """One field's values, as text, before anything goes wrong."""
    if measure is None:
        return [None] * len(times)
    step = times[1] - times[0] if len(times) > 1 else DAY
    season, daily = _seasons(times, measure), _hours(step, measure)
    walk = _walk(len(times), math.exp(-step / (1.4 * DAY)), measure.wander, source)
    noise, low, high = 2 * measure.noise, measure.low, measure.high
    write, chance = f"%.{measure.decimals}f".__mod__, source.random
    first_day = times[0] // DAY
    column: Column = []
    for at, drift in zip(times, walk, strict=True):
        value = season[at // DAY - first_day] + daily[at % DAY // step] + drift
        value += noise * (chance() - 0.5)
        column.append(write(low if value < low else high if value > high else value))
    return column


def _seasons(times: Sequence[int], measure: Measure) -> list[float]:
    """Work out the mean of each day of the span; late July is the warmest, as in the north."""
    days = range(times[0] // DAY, times[-1] // DAY + 1)
    return [
        measure.mean + measure.season * math.cos(math.tau * (day - 205) / 365.25) for day in days
    ]


def _hours(step: int, measure: Measure) -> list[float]:
    """Work out what the time of day adds; three in the afternoon, UTC, is the warmest."""
    slots = range(0, DAY, step)
    return [measure.daily * math.cos(math.tau * (slot / DAY - 0.625)) for slot in slots]


def _walk(count: int, keep: float, deviation: float, source: random.Random) -> list[float]:
    """Walk away and back: the standard deviation is *deviation*, no step goes past twice that."""
    push, most = deviation * math.sqrt(12 * (1 - keep * keep)), 2 * deviation
    here, chance, walk = 0.0, source.random, []
    for _ in range(count):
        here = keep * here + push * (chance() - 0.5)
        here = -most if here < -most else most if here > most else here
        walk.append(here)
    return walk


def _spoil(column: Column, source: random.Random) -> None:
    """Spoil a small share: nulls, line ends, `nan`, empty text, junk."""
    count = len(column)

    def some(share: float) -> list[int]:
        return [source.randrange(count) for _ in range(int(count * share))]

    for at in some(0.008):
        column[at] = f"{column[at]}\r\n"
    for at in some(0.002):
        column[at] = source.choice(("nan", " NAN", "nan\r\n\r\n"))
    for at in some(0.001):
        column[at] = ""
    for at in some(0.0005):
        column[at] = source.choice(_JUNK)
    for at in some(0.005):
        column[at] = None


def _plant(
    columns: list[Column], spikes: Sequence[Spike], span: _Span, count: int
) -> dict[int, Spike]:
    """Put the spikes in; gives the position of each."""
    placed = {count - 1 - int(spike.days * DAY // span.step): spike for spike in spikes}
    placed = {at: spike for at, spike in placed.items() if at >= 0}
    for at, spike in placed.items():
        columns[spike.field - 1][at] = spike.value
    return placed


def _entries(
    times: Sequence[int],
    columns: list[Column],
    keep: set[int],
    span: _Span,
    source: random.Random,
) -> dict[int, Entry]:
    """Make entries by position: seconds jitter, outages leave gaps, ids and seconds go wrong."""
    silent = _outages(len(times), keep, source)
    jump = len(times) // 2
    entries: dict[int, Entry] = {}
    id, before = 0, 0
    for position, values in enumerate(zip(*columns, strict=True)):
        if position in silent:
            continue
        id += 151 if position == jump else 1  # the service lost 150 ids once
        at = min(times[position] + source.randrange(6), span.end)
        if source.random() < 0.0002 and position not in keep:
            at = before or at  # a retry that reached the server in the same second
        fields: Fields = values
        entries[position] = Entry(id, at, fields)
        before = at
    return entries


def _outages(count: int, keep: set[int], source: random.Random) -> set[int]:
    """Positions without an entry: one outage per 3,000, of up to 200, and single losses."""
    silent: set[int] = {source.randrange(count) for _ in range(count // 500)}
    for _ in range(count // 3_000):
        start = source.randrange(count)
        silent.update(range(start, min(start + source.randrange(5, 200), count)))
    return silent - keep
