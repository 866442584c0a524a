"""``[derived.NAME]``: fields that are made of others, as `fieldhouse derive` makes them."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.given import error_line, meant_by, wrong
from fieldhouse.settings.kinds import LARGEST_INT
from fieldhouse.times import length_of

__all__ = ["KEYS", "DerivedSettings", "read_derived"]

_LONGEST = timedelta(days=31)


class DerivedSettings(BaseModel):
    """A field that is to be made of others.

    ``name`` is that of its table; ``channel`` the one whose entries and times it has; ``label`` and
    ``unit`` what it is called; ``into`` the derived channel's name, ``within`` how old another
    reading's value may be; None is as by default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    channel: int
    expression: str
    label: str
    unit: str | None = None
    into: str | None = None
    within: timedelta | None = None

    def described(self) -> Iterator[tuple[str, str]]:
        """Every setting and its value as text."""
        place = f"derived.{self.name}"
        yield f"{place}.channel", str(self.channel)
        yield f"{place}.expression", self.expression
        yield f"{place}.label", self.label
        yield f"{place}.unit", self.unit or "not set"
        yield f"{place}.in", self.into or "not set"
        within = "not set" if self.within is None else f"{self.within.total_seconds():g}"
        yield f"{place}.within", within


def read_derived(tables: Mapping[str, Any], label: str) -> tuple[DerivedSettings, ...]:
    """``[derived]`` of a file that is called ``label``. Raises ConfigurationError, in one line."""
    found: dict[tuple[object, ...], DerivedSettings] = {}
    for name, table in tables.items():
        made = _field(name, table, label)
        place = made.channel, made.into, made.label.strip(), made.unit
        if place in found:
            raise error_line(
                f"{label}: [derived.{name}] has the label of [derived.{found[place].name}]; give"
                " it another"
            )
        found[place] = made
    return tuple(found.values())


def _field(name: str, table: object, label: str) -> DerivedSettings:
    place = f"{label}: [derived.{name}]"
    if not isinstance(table, dict):
        raise error_line(f"{label}: derived.{name} must be a table, as in [derived.dew_point]")
    for key, value in table.items():
        if key not in KEYS:
            hint = meant_by(key, KEYS) or f"; there is {', '.join(KEYS)}"
            raise error_line(f"{place} {key} is no setting{hint}")
        if not _is_right(key, value):
            raise wrong(f"{place} {key}", KEYS[key])
    if missing := [key for key in ("channel", "expression") if key not in table]:
        raise error_line(f"{place} needs {missing[0]}, {KEYS[missing[0]]}")
    said = {key: value for key, value in table.items() if key not in ("in", "within")}
    said.setdefault("label", _spoken(name))
    within = _length(table["within"]) if "within" in table else None
    return DerivedSettings(name=name, into=table.get("in"), within=within, **said)


KEYS = {
    "channel": "a channel's number, as 9",
    "expression": 'what it is made of, as "dew_point(temperature, humidity)"',
    "label": "a line of 1 to 200 characters",
    "unit": "a line of 1 to 40 characters",
    "in": "a channel's name, a line of 1 to 200 characters",
    "within": "a time from 1 second to 31 days, as 10min or 1d",
}
"""Every key, and what would be right."""
_LONGEST_LINES = {"expression": 4000, "label": 200, "unit": 40, "in": 200}


def _is_right(key: str, value: object) -> bool:
    if key == "channel":
        return type(value) is int and 1 <= value <= LARGEST_INT
    if not isinstance(value, str):
        return False
    if key == "within":
        return _length(value) is not None
    return bool(value.strip()) and value.isprintable() and len(value) <= _LONGEST_LINES[key]


def _length(text: str) -> timedelta | None:
    """A length of time that a value may hold; None: none."""
    try:
        length = length_of(text)
    except ConfigurationError:
        return None
    whole = timedelta(days=length.days, seconds=length.seconds)
    return whole if not length.months and timedelta(seconds=1) <= whole <= _LONGEST else None


def _spoken(name: str) -> str:
    """A table's name as a label: ``dew_point`` is Dew point."""
    words = name.replace("_", " ").replace("-", " ").strip() or name
    return words[:1].upper() + words[1:]
