"""How it is said: a rule that holds, lengths of time, a message's title and text (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from fieldhouse.settings.alerts import Rule

__all__ = ["length", "message", "summary"]

_MOST = 10
"""Alerts that a message lists one by one."""
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def length(seconds: float) -> str:
    """A length of time in its two largest units: ``2 h 10 min``."""
    left, said = int(seconds), list[str]()
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            said.append(f"{count} {unit}")
        if len(said) == 2 or (said and not count):
            break
    return " ".join(said) or "0 s"


def summary(rule: Rule, field: int, figure: float) -> str:  # noqa: PLR0911 (a kind, a line)
    """What a rule found, in a line without the channel's name."""
    match rule.kind:
        case "no_success":
            return f"no successful run for {length(figure)}"
        case "low_score":
            return f"score {figure:.0f}, below {rule['below']:g} in {rule['runs']:g} runs in a row"
        case "api_errors":
            return f"{figure:.0%} of the requests of the last {length(rule['over'])} failed"
        case "nothing_new":
            return f"nothing new in {figure:.0f} runs in a row"
        case "silent":
            return f"no reading for {length(figure)}, longer than is usual for it"
        case "above" | "below":
            return f"field {field} is {figure:g}, {rule.kind} {rule['limit']:g}"
        case "rate":
            return f"field {field} is {figure:g}, it changes by more than {rule['limit']:g} an hour"
        case "stuck":
            return f"field {field} shows {figure:g} and does not change"
        case "gap":
            return f"{figure:.0f} entries are missing, and not explained"
        case "new_life":
            return f"a new life began, its number {figure:.0f}: the channel was cleared"
        case "dispute":
            return f"{figure:.0f} readings are in dispute: fieldhouse lives shows them"
    return rule.kind


def message(
    kind: str,
    rule: str,
    alerts: Sequence[Mapping[str, Any]],
    values: Mapping[int, str],
    *,
    link: str | None,
    zone: tzinfo,
) -> tuple[str, str]:
    """Title and text of a message that alerts of a rule have opened, or all have ended.

    ``alerts`` are rows of the question alerts; ``values`` the last values of some channels.
    """
    ended = kind == "ended"
    name = rule.replace("_", " ")
    one = alerts[0] if len(alerts) == 1 else None
    what = f"{_subject(one)}{one['Summary']}" if one else f"{name}, {len(alerts)} channels"
    title = f"Over: {what}" if ended else f"{_worst(alerts)}: {what}"
    lines = [_line(alert, ended=ended, zone=zone) for alert in alerts[:_MOST]]
    if len(alerts) > _MOST:
        lines.append(f"… and {len(alerts) - _MOST} more")
    lines += [f"{said}" for said in values.values()]
    if link:
        lines.append(_address(link, one))
    return _plain(title), "\n".join(_plain(line) for line in lines)


def _worst(alerts: Iterable[Mapping[str, Any]]) -> str:
    order = ("info", "warning", "critical")
    worst = max((alert["Severity"] for alert in alerts), key=order.index, default="warning")
    return str(worst).capitalize()


def _subject(alert: Mapping[str, Any]) -> str:
    if not alert["ChannelID"]:
        return ""
    name = alert["ChannelName"]
    number = alert["ChannelID"]
    return f"{name} ({number}): " if name else f"channel {number}: "


def _line(alert: Mapping[str, Any], *, ended: bool, zone: tzinfo) -> str:
    since = _time(alert["SinceAt"], zone)
    span = f"from {since}"
    if ended and alert["QuietSince"]:
        span += f" to {_time(alert['QuietSince'], zone)}"
    return f"{_subject(alert)}{alert['Summary']} ({span if ended else f'since {since}'})"


def _time(instant: datetime, zone: tzinfo) -> str:
    local = instant.replace(tzinfo=UTC).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname() or 'UTC'}"


def _address(link: str, alert: Mapping[str, Any] | None) -> str:
    if alert and alert["ChannelID"] > 0:
        return f"{link}/channel/{alert['ChannelID']}"
    return f"{link}/"


def _plain(text: str) -> str:
    """A line of what a channel's owner may have called it: no line ends, nothing that hides."""
    return "".join(c if c.isprintable() else " " for c in text)[:500]
