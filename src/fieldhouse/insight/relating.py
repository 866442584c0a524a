"""Fields beside each other: how they go together, which follows which, and neighbours by position.

Hourly means are compared. Outdoors almost everything goes up and down with the day, so that it is
also said what is left of both once each hour of the day has lost its own mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldhouse.derived.keeping import derived_channels
from fieldhouse.errors import ConfigurationError
from fieldhouse.insight.sunlight import is_place
from fieldhouse.names import all_labels, unit_in, without_unit
from fieldhouse.warehouse import Warehouse

__all__ = [
    "FARTHEST",
    "MOST_HOURS",
    "Beside",
    "Together",
    "beside",
    "fitting",
    "kilometres",
    "most_together",
    "together",
]

MOST_HOURS = 720
"""As far apart as two fields may be compared, in hours."""
FARTHEST = 20_016
"""Kilometres to the other side of the world."""
_FEW = 24
"""Hours that both need before one lag is preferred to another."""


@dataclass(frozen=True, slots=True)
class Together:
    """How two fields go together, the other ``lag`` hours later, in ``hours`` hours.

    Correlations of the values (Pearson) and of their ranks (Spearman), from -1 to 1; ``rest``: of
    what is left without the mean of each hour of the day. None where there is none.
    """

    lag: int
    hours: int
    pearson: float | None
    spearman: float | None
    pearson_rest: float | None
    spearman_rest: float | None


@dataclass(frozen=True, slots=True)
class Beside:
    """Another channel's field beside ours, so many kilometres away.

    ``newest``: by how much ours is above it in ``newest_hour``, the last that both have; ``usual``:
    the median of that over the ``hours`` that both have.
    """

    channel_id: int
    field: int
    label: str
    kilometres: float
    hours: int
    newest_hour: datetime | None
    newest: float | None
    usual: float | None
    pearson: float | None


def together(
    house: Warehouse,
    one: tuple[int, int],
    other: tuple[int, int],
    *,
    start: datetime,
    end: datetime,
    most_hours: int = 48,
) -> list[Together]:
    """How two fields, each a channel and a number, go together at each lag; naive UTC.

    Raises ConfigurationError for a lag that is longer than a month.
    """
    if not 0 <= most_hours <= MOST_HOURS:
        raise ConfigurationError(f"lags are from 0 to {MOST_HOURS} hours")
    found = house.query(
        "correlations",
        channel_id=one[0],
        field_number=one[1],
        other_channel_id=other[0],
        other_field_number=other[1],
        start_at=start,
        end_at=end,
        most_hours=most_hours,
    ).to_pylist()
    names = ("Lag", "Hours", "Pearson", "Spearman", "PearsonRest", "SpearmanRest")
    return [Together(*(row[name] for name in names)) for row in found]


def most_together(found: Sequence[Together]) -> Together | None:
    """The lag at which what is left without the day's rhythm goes together most, either way."""
    known = [each for each in found if each.pearson_rest is not None and each.hours >= _FEW]
    return max(known, key=lambda t: (abs(t.pearson_rest or 0), -abs(t.lag)), default=None)


def kilometres(text: str) -> float:
    """Read a distance, as ``25km`` or ``25``. Raises ConfigurationError for what is none."""
    try:
        length = float(text.strip().lower().removesuffix("km"))
    except ValueError:
        length = -1.0
    if not 0 < length <= FARTHEST:
        raise ConfigurationError(f"{text[:40]} is no distance: write 25km")
    return length


def fitting(best: Together | None) -> str:
    """At which lag two fields fit best, in a line.

    >>> fitting(Together(-3, 48, 0.5, 0.5, 0.4, 0.4))
    "without the day's rhythm they fit best where the other goes before by 3 h"
    """
    if best is None:
        return "too few hours to say which lag fits best"
    if not best.lag:
        return "without the day's rhythm they fit best at the same hour"
    later = "the other follows" if best.lag > 0 else "the other goes before"
    return f"without the day's rhythm they fit best where {later} by {abs(best.lag)} h"


def beside(
    house: Warehouse,
    channel_id: int,
    field: int,
    *,
    kilometres: float,
    start: datetime,
    end: datetime,
) -> list[Beside]:
    """Fields of the same label or unit, of channels within some kilometres; nearest first.

    Raises ConfigurationError, in one line, for a channel without a position, and a field whose
    label says nothing to find others by.
    """
    labels = all_labels(house)
    _require_place(house, channel_id)
    derived = derived_channels(house)  # what is made of ours is no neighbour of it
    places = [
        place for place in _alike(labels, channel_id, field) if derived.get(place[0]) != channel_id
    ]
    found = house.query(
        "near_fields",
        channel_id=channel_id,
        field_number=field,
        channel_ids=[number for number, _ in places],
        field_numbers=[number for _, number in places],
        most_km=kilometres,
        start_at=start,
        end_at=end,
    ).to_pylist()
    names = ("Kilometres", "Hours", "NewestHour", "NewestDifference", "MedianDifference", "Pearson")
    return [
        Beside(number, each, labels[number][each], *(row[name] for name in names))
        for row in found
        for number, each in [(row["ChannelID"], row["FieldNumber"])]
    ]


def _require_place(house: Warehouse, channel_id: int) -> None:
    for row in house.query("channels").to_pylist():
        place = (float(row[name] or 0) for name in ("Latitude", "Longitude"))
        if row["ChannelID"] == channel_id and not is_place(*place):
            raise ConfigurationError(f"channel {channel_id} has no position to be near to")


def _alike(
    labels: Mapping[int, Mapping[int, str]], channel_id: int, field: int
) -> Sequence[tuple[int, int]]:
    """Other channels' fields of the same label or unit."""
    ours: Any = labels.get(channel_id, {}).get(field)
    if ours is None:
        raise ConfigurationError(
            f"field {field} of channel {channel_id} has no label to find others by"
        )
    name, unit = without_unit(ours), unit_in(ours)
    return [
        (number, each)
        for number, own in labels.items()
        if number != channel_id
        for each, label in own.items()
        if without_unit(label) == name or (unit and unit_in(label) == unit)
    ]
