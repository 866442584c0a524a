"""``[alerts]``: what is to be told, when, and to whom; read from its table, checked, frozen.

A rule has a kind, which says what it looks at. The kinds that need no value of one's own are rules
by themselves, under their kind's name and with quiet defaults; but for anomalies, of which each
channel has some in the long run. Another rule of such a kind that
names channels takes these over from the one by default.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.given import error_line, meant_by, wrong
from fieldhouse.times import length_of

__all__ = ["SEVERITIES", "AlertSettings", "Receiver", "Rule", "read_alerts"]

_FROZEN = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
SEVERITIES = ("info", "warning", "critical")
Severity = Literal["info", "warning", "critical"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}", re.ASCII)
_HOUR, _DAY = 3600.0, 86400.0


class _Kind(NamedTuple):
    """A kind of rule: how bad it is, and its figures with their defaults (seconds, shares, counts).

    What is None must be given. One that is not ``is_on`` holds where a file has its table alone.
    """

    severity: Severity
    figures: Mapping[str, float | None]
    takes_channels: bool = True
    is_on: bool = True


_OF_VALUES = {"field": None, "limit": None, "for": 0.0}
KINDS = {
    "no_success": _Kind("critical", {"after": 2 * _HOUR}),
    "low_score": _Kind("warning", {"below": 70.0, "runs": 3.0}),
    "api_errors": _Kind("warning", {"share": 0.1, "over": _HOUR, "calls": 10.0}, False),
    "nothing_new": _Kind("info", {"runs": 6.0, "distances": 3.0}),
    "silent": _Kind("warning", {"distances": 3.0, "after": 2 * _HOUR}),
    "above": _Kind("warning", _OF_VALUES),
    "below": _Kind("warning", _OF_VALUES),
    "rate": _Kind("warning", _OF_VALUES),
    "stuck": _Kind("warning", {"after": _DAY, "readings": 10.0}),
    "anomaly": _Kind("warning", {"over": 6 * _HOUR}, is_on=False),
    "gap": _Kind("warning", {"for": _HOUR}),
    "new_life": _Kind("warning", {"over": _DAY}),
    "dispute": _Kind("warning", {}),
    "disk": _Kind("critical", {"share": 0.05}, False),
    "budget": _Kind("warning", {"share": 0.9}, False),
}
"""Every kind of rule."""
_LENGTHS = ("after", "for", "over")
_COUNTS = ("runs", "readings", "calls", "field")


class Rule(BaseModel):
    """What is looked for, in which channels (words as on the command line; none: in all).

    ``figures`` are those of its kind: lengths of time in seconds.
    """

    model_config = _FROZEN

    name: str
    kind: str
    severity: Severity = "warning"
    channels: tuple[str, ...] = ()
    figures: dict[str, float] = {}

    def __getitem__(self, figure: str) -> float:
        return self.figures[figure]


class Receiver(BaseModel):
    """Who is told: an address of apprise's, which is a secret as a whole.

    ``missing`` says why an address that is referred to isn't there.
    """

    model_config = _FROZEN

    name: str
    url: SecretStr | None = None
    at_least: Severity = "warning"
    missing: str | None = None


def _default_rules() -> dict[str, Rule]:
    """The rules that need nothing of one's own."""
    return {
        name: Rule(name=name, kind=name, severity=kind.severity, figures=_numbers(kind))
        for name, kind in KINDS.items()
        if kind.is_on and None not in kind.figures.values()
    }


def _numbers(kind: _Kind) -> dict[str, float]:
    return {name: value for name, value in kind.figures.items() if value is not None}


class AlertSettings(BaseModel):
    """When it is looked (``every``), and how it is told; lengths of time are in seconds.

    ``calm``: how long a rule must hold no more until an alert has ended. ``gather``: how long the
    first alert of a rule waits for others, to be told with them; ``pause``: the least time between
    two messages about a rule. ``link``: where `serve` is reached, for links in messages.
    """

    model_config = _FROZEN

    enabled: bool = True
    every: float = 60.0
    calm: float = 600.0
    gather: float = 60.0
    pause: float = 900.0
    link: str | None = None
    rules: dict[str, Rule] = Field(default_factory=_default_rules)
    receivers: dict[str, Receiver] = {}

    def described(self) -> Iterator[tuple[str, str]]:
        """Every setting and its value as text; an address is ``set`` or ``not set``."""
        yield "alerts.enabled", "yes" if self.enabled else "no"
        for key in ("every", "calm", "gather", "pause"):
            yield f"alerts.{key}", f"{getattr(self, key):g}"
        yield "alerts.link", self.link or "not set"
        for name, rule in sorted(self.rules.items()):
            figures = [f"{key} {value:g}" for key, value in rule.figures.items()]
            said = [rule.kind, rule.severity, *figures, *rule.channels]
            yield f"alerts.rules.{name}", ", ".join(said)
        for name, receiver in sorted(self.receivers.items()):
            yield f"alerts.receivers.{name}.url", "set" if receiver.url else "not set"
            yield f"alerts.receivers.{name}.at_least", receiver.at_least


Secret = Callable[[str, str, object], dict[str, Any]]
"""Looks a reference up: a place, a key's name, what is given; the key's text, or ``missing_key``"""


def read_alerts(table: Mapping[str, Any], label: str, secret: Secret) -> AlertSettings:
    """``[alerts]`` of a file that is called ``label``. Raises ConfigurationError, in one line."""
    place = f"{label}: [alerts]"
    _refuse_unknown(
        place, table, ("enabled", "every", "calm", "gather", "pause", "link", "rules", "receivers")
    )
    given: dict[str, Any] = {}
    if "enabled" in table:
        given["enabled"] = _flag(f"{place} enabled", table["enabled"])
    for key in ("every", "calm", "gather", "pause"):
        if key in table:
            given[key] = _length(f"{place} {key}", table[key])
    if given.get("every") == 0:
        raise wrong(f"{place} every", "a length of time above 0, as 1min")
    if "link" in table:
        given["link"] = _link(f"{place} link", table["link"])
    rules = _default_rules()
    for name, said in _table(f"{place} rules", table.get("rules", {})).items():
        rule = _rule(f"{label}: [alerts.rules.{name}]", name, said)
        rules.pop(name, None)
        if rule:
            rules[name] = rule
    receivers = {
        name: _receiver(f"{label}: [alerts.receivers.{name}]", name, said, secret)
        for name, said in _table(f"{place} receivers", table.get("receivers", {})).items()
    }
    return AlertSettings(**given, rules=rules, receivers=receivers)


def _rule(place: str, name: str, given: object) -> Rule | None:
    """A rule; None for one that is switched off."""
    said = _table(place, given)
    kind_name = said.get("kind", name)
    _check_name(place, name)
    if not isinstance(kind_name, str) or kind_name not in KINDS:
        hint = meant_by(str(kind_name), KINDS)
        raise error_line(f"{place} kind must be one of {', '.join(KINDS)}{hint}")
    kind = KINDS[kind_name]
    figured = [*kind.figures, *(["clear"] if "limit" in kind.figures else [])]
    known = ["kind", "enabled", "severity", *figured]
    _refuse_unknown(place, said, [*known, "channels"] if kind.takes_channels else known)
    if not _flag(f"{place} enabled", said.get("enabled", True)):
        return None
    figures = _numbers(kind) | {
        key: _figure(f"{place} {key}", key, said[key]) for key in figured if key in said
    }
    if missing := [key for key in kind.figures if key not in figures]:
        raise error_line(f"{place} needs {' and '.join(missing)}")
    return Rule(
        name=name,
        kind=kind_name,
        severity=_severity(f"{place} severity", said.get("severity", kind.severity)),
        channels=_channels(f"{place} channels", said.get("channels", [])),
        figures=_settled(place, kind_name, figures),
    )


def _settled(place: str, kind: str, figures: dict[str, float]) -> dict[str, float]:
    """A value rule's ``clear``: the limit itself where none is given; never on the wrong side."""
    if "limit" not in figures:
        return figures
    limit = figures["limit"]
    clear = figures.get("clear", limit)
    if (clear > limit) if kind != "below" else (clear < limit):
        side = "above" if kind == "below" else "below"
        raise error_line(f"{place} clear must not lie beyond limit: {side} it, or the same")
    return figures | {"clear": clear}


def _receiver(place: str, name: str, given: object, secret: Secret) -> Receiver:
    said = _table(place, given)
    _check_name(place, name)
    _refuse_unknown(place, said, ("url", "at_least"))
    if "url" not in said:
        raise error_line(f'{place} needs url, a reference to a secret: {{ env = "NAME" }}')
    found = secret(place, "url", said["url"])
    return Receiver(
        name=name,
        url=SecretStr(found["url"].strip()) if found["url"] else None,
        at_least=_severity(f"{place} at_least", said.get("at_least", "warning")),
        missing=found.get("missing_key"),
    )


def _check_name(place: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise error_line(f"{place} is no name: letters, digits, - and _, 40 at the most")


def _figure(place: str, key: str, value: object) -> float:
    if key in _LENGTHS:
        return _length(place, value)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise wrong(place, "a number")
    number = float(value)
    if key == "share" and not 0 < number <= 1:
        raise wrong(place, "a share above 0 and up to 1, as 0.1")
    if key == "field" and number not in range(1, 9):
        raise wrong(place, "a field's number, 1 to 8")
    if key in _COUNTS and (number < 1 or number != int(number)):
        raise wrong(place, "a whole number of 1 or more")
    if not abs(number) < 1e12:
        raise wrong(place, "a number below 10^12 in size")
    return number


def _length(place: str, value: object) -> float:
    """Seconds, of a number or of a text with a unit."""
    right = "a number of seconds, or a time as 90s, 10min, 2h or 3d"
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str):
        try:
            length = length_of(value)
        except ConfigurationError:
            raise wrong(place, right) from None
        if length.months:
            raise wrong(place, right)
        seconds = length.days * _DAY + length.seconds
    else:
        raise wrong(place, right)
    if not 0 <= seconds <= 1000 * _DAY:
        raise wrong(place, "0 or more, and at most 1000 days")
    return seconds


def _severity(place: str, value: object) -> Severity:
    for known in SEVERITIES:
        if value == known:
            return known  # type: ignore[return-value]
    raise wrong(place, f"one of {', '.join(SEVERITIES)}")


def _channels(place: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(
        isinstance(each, (str, int)) and not isinstance(each, bool) for each in value
    ):
        raise wrong(place, 'a list of channels, ranges and tags, as [9, "garden"]')
    return tuple(str(each) for each in value)


def _link(place: str, value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s/@?#]+[^\s@?#]*", value):
        raise wrong(place, "an address that begins with http:// or https://, without a password")
    return value.rstrip("/")


def _flag(place: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise wrong(place, "true or false")
    return value


def _table(place: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise error_line(f"{place} must be a table")
    return value


def _refuse_unknown(place: str, given: Mapping[str, Any], known: Any) -> None:
    for key in given:
        if key not in known:
            hint = meant_by(key, known) or f"; there is {', '.join(known)}"
            raise error_line(f"{place} {key} is no setting{hint}")
