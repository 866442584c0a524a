"""How long a value holds, and means by time, which do not depend on how often a channel sends.

A value holds until the next one, at most a few of the channel's usual distances; what lies beyond
is not known.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from fieldhouse.conditions import EVERY
from fieldhouse.errors import ConfigurationError
from fieldhouse.warehouse import Limits, Warehouse

__all__ = ["CADENCES", "MOST_PARTS", "held_for", "means_by_time"]

CADENCES = 3
"""So many usual distances a value holds, where nothing is said."""
MOST_PARTS = 4_000
"""Parts of the time that are asked for at once."""
_CADENCES = Limits(columns=("CheckDate", "CadenceSeconds"))
Part = tuple[datetime, datetime]


def held_for(
    house: Warehouse, channel_id: int, end: datetime | None, cadences: int = CADENCES
) -> timedelta:
    """How long a value holds, by the usual distance of readings as it was last judged.

    That is before ``end``, naive UTC, if it was; None is the newest. Raises ConfigurationError, in
    one line, where there are too few readings to know.
    """
    judged = house.query("quality_days", _CADENCES, channel_id=channel_id).to_pylist()
    known = [row for row in judged if row["CadenceSeconds"]]
    if not known:
        raise ConfigurationError(
            f"channel {channel_id} has too few readings to know how long a value holds:"
            f" fieldhouse quality {channel_id}"
        )
    before = [row for row in known if end is None or row["CheckDate"] <= end.date()]
    usual = (before or known[:1])[-1]["CadenceSeconds"]
    return timedelta(seconds=max(1, round(usual * cadences)))


def means_by_time(
    house: Warehouse, channel_id: int, field: int, parts: Sequence[Part], hold: timedelta
) -> list[float | None]:
    """The mean by time of a field in each part ``[begin, end)`` of the time, naive UTC, ascending.

    What was read before a part holds into it. None where no value is known.
    """
    found: list[float | None] = []
    for first in range(0, len(parts), MOST_PARTS // 2):
        some = parts[first : first + MOST_PARTS // 2]
        edges = sorted({edge for part in some for edge in part})
        rows = house.query(
            "held_times",
            channel_id=channel_id,
            field_number=field,
            starts=edges,
            hold_seconds=hold // timedelta(seconds=1),
            low_value=EVERY.low,
            high_value=EVERY.high,
            is_outside=EVERY.is_outside,
        )
        begins = (edges[bucket] for bucket in rows["Bucket"].to_pylist())
        means = dict(zip(begins, rows["Mean"].to_pylist(), strict=True))
        found += [means.get(begin) for begin, _ in some]
    return found
