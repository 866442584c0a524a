"""What is unusual, said in a line: kind, size, and what it is held against (pure)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

__all__ = ["evidence", "length_text", "said"]

_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_BEYOND = 0.05
_JUMP = "from {before} to {value} at once: seldom more than {usual} before"
_FROM_TO = {
    "COUNTER LOST": "falls from {before} to {value}: it hardly ever fell before",
    "DRIFT": "the last week lies about {value}, the three before it about {before}",
}


def evidence(incident: Mapping[str, Any], zone: tzinfo) -> str:
    """Why an incident of ``anomalies_kept`` is one; hours are those of UTC, in which it is judged.

    >>> from datetime import UTC
    >>> evidence({"Kind": "SPIKE", "Value": 31, "Expected": 10.0, "Spread": 2.0, "Least": 0.0,
    ...     "Greatest": 40.0, "Hits": 1, "Jumps": 0, "PeakAt": datetime(2026, 3, 3, 14)}, UTC)
    '21 above what Tuesdays at 14 h (UTC) have been for four weeks'
    """
    kind = incident["Kind"]
    if kind == "SILENCE":
        since = _time(incident["StartedAt"], zone)
        return f"no value from {since} on: usually one every {length_text(incident['Expected'])}"
    if kind == "STUCK":
        stayed = incident["EndedAt"] - incident["StartedAt"]
        return (
            f"stays at {_number(incident['Value'])} for {length_text(stayed.total_seconds())}:"
            f" {length_text(incident['Expected'])} was the longest before"
        )
    if kind in _FROM_TO or incident["Jumps"] == incident["Hits"]:
        return _FROM_TO.get(kind, _JUMP).format(
            before=_number(incident["Expected"]),
            value=_number(incident["Value"]),
            usual=_number(incident["Spread"] or 0),
        )
    return _of_value(incident)


def _of_value(incident: Mapping[str, Any]) -> str:
    """What a value is held against: all that was known, or the level of its hour."""
    value, least, greatest = float(incident["Value"]), incident["Least"], incident["Greatest"]
    room = _BEYOND * (greatest - least)
    if value > greatest + room:
        return f"{_number(value)}: never above {_number(greatest)} before"
    if value < least - room:
        return f"{_number(value)}: never below {_number(least)} before"
    at = incident["PeakAt"]
    off = value - incident["Expected"]
    side = "above" if off > 0 else "below"
    return (
        f"{abs(off):.3g} {side} what {_DAYS[at.weekday()]} at {at.hour} h (UTC) have been"
        " for four weeks"
    )


def said(incident: Mapping[str, Any], zone: tzinfo) -> str:
    """What an incident is, and why: ``spike: 21 above what Tuesdays …``."""
    return f"{incident['Kind'].lower()}: {evidence(incident, zone)}"


def _time(at: datetime, zone: tzinfo) -> str:
    return f"{at.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M}"


def _number(value: Any) -> str:
    return f"{float(value):.6g}"


def length_text(seconds: float) -> str:
    """A length of time in days, hours or minutes."""
    span = timedelta(seconds=round(seconds))
    if span >= timedelta(days=2):
        return f"{span / timedelta(days=1):.1f} days"
    if span >= timedelta(hours=2):
        return f"{span / timedelta(hours=1):.1f} h"
    return f"{max(1, round(span / timedelta(minutes=1)))} min"
