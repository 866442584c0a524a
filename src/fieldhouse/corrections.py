"""Corrections: rules that people make about readings which are wrong, kept in iot.Corrections.

A rule covers the readings of a span of time, those that are there and those that come later. What
it makes of them is what counts: aggregates, quality, anomalies, trend and exports follow. The
readings themselves stay as their source sent them, and a rule that is removed leaves no trace but
its own row.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, Literal

from fieldhouse.conditions import EVERY, LARGEST, Condition, condition_of
from fieldhouse.derived.following import follow
from fieldhouse.derived.keeping import refuse
from fieldhouse.errors import ConfigurationError
from fieldhouse.state import BEGINNING, END
from fieldhouse.warehouse import Warehouse

__all__ = ["Made", "Preview", "Removed", "Rule", "Sample", "kept_text", "make", "preview", "remove"]

_FIELDS = range(1, 9)
_LONGEST_SHIFT = timedelta(days=36_525)
_LONGEST_TEXT = 1_000

Kind = Literal["exclude", "scale", "shift"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is to be done to a channel's readings of ``[start, end)``, by their original times.

    ``exclude``: of ``field`` the values that meet ``condition`` do not count; without a field those
    of all, and without a condition either the readings do not count at all. ``scale``: such values
    times ``scale`` plus ``offset``, rounded half away from zero to six decimals. ``shift``: the
    readings' times are moved. Times are naive UTC; None is open.
    Raises ConfigurationError for one that cannot be meant.
    """

    channel_id: int
    kind: Kind
    field: int | None = None
    start: datetime | None = None
    end: datetime | None = None
    condition: Condition = EVERY
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    shift: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if self.field is not None and self.field not in _FIELDS:
            raise ConfigurationError("fields are numbered 1 to 8")
        if self.start and self.end and self.start >= self.end:
            raise ConfigurationError(
                f"the rule would end on {self.end}, which is not after its beginning, {self.start}"
            )
        {"exclude": self._check_exclude, "scale": self._check_scale, "shift": self._check_shift}[
            self.kind
        ]()

    def _check_exclude(self) -> None:
        everything = self.start is None and self.end is None and self.condition == EVERY
        if everything and self.field is None:
            raise ConfigurationError(
                f"this would exclude all of channel {self.channel_id}: say from when, to when, or"
                " which values"
            )

    def _check_scale(self) -> None:
        if self.field is None:
            raise ConfigurationError("a scale or an offset is for the values of one field: name it")
        if not self.scale:
            raise ConfigurationError("a scale of 0 leaves nothing of a value: exclude it instead")
        if self.scale == 1 and not self.offset:
            raise ConfigurationError("a scale of 1 and an offset of 0 change nothing")

    def _check_shift(self) -> None:
        if self.field is not None or self.condition != EVERY:
            raise ConfigurationError(
                "a shift moves whole readings: it takes no field and no condition"
            )
        if not self.shift or self.shift % timedelta(seconds=1):
            raise ConfigurationError("a shift is of whole seconds, and not of none")
        if abs(self.shift) > _LONGEST_SHIFT:
            raise ConfigurationError("a shift is of a hundred years at most")

    def applied(self, value: Decimal | None) -> Decimal | None:
        """What becomes of a value of a field that the rule is about."""
        if self.kind == "shift" or value is None or not self.condition.meets(value):
            return value
        if self.kind == "exclude":
            return None
        with localcontext(prec=60):
            scaled = (value * self.scale + self.offset).quantize(Decimal("1e-6"), ROUND_HALF_UP)
        return scaled if abs(scaled) <= LARGEST else None


@dataclass(frozen=True, slots=True)
class Made:
    """A rule that is kept: its number, how many readings it changed at once.

    ``beyond``: of these, how many have a value now that no DECIMAL(18,6) holds, and is NULL.
    """

    correction_id: int
    readings: int
    beyond: int


@dataclass(frozen=True, slots=True)
class Removed:
    """A rule that no longer holds: how many readings that changed.

    Aggregates of its channel from before ``archived_before`` stay as they were computed with it.
    """

    channel_id: int
    readings: int
    archived_before: datetime | None


@dataclass(frozen=True, slots=True)
class Sample:
    """A value, or with a shift a time, as it counts now, and as it would."""

    entry_id: int
    created_at: datetime
    field: int | None
    now: Decimal | datetime | None
    then: Decimal | datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """How many readings a rule would cover, and what would become of the first of them."""

    readings: int
    samples: tuple[Sample, ...]


def make(warehouse: Warehouse, rule: Rule, *, reason: str, by: str, now: datetime) -> Made:
    """Keep a rule, apply it, and bring its channel's aggregates and quality up to date.

    ``now`` is when it is made, and the instant that quality is judged at. Raises
    ConfigurationError for a channel that is not there, a span that begins before what is archived,
    a rule that holds already, and a reason that is none.
    """
    refuse(warehouse, rule.channel_id, "correct its source")
    given = _parameters(rule) | {
        "request_id": secrets.randbits(62),
        "reason": kept_text(reason, "a reason"),
        "made_by": kept_text(by, "who makes it"),
        "made_at": now,
    }
    with warehouse.lock(rule.channel_id):
        _refuse_twice(warehouse, rule, given)
        row = warehouse.call("set_correction", **given).to_pylist()[0]
        _refresh(warehouse, rule.channel_id, now)
    return Made(row["CorrectionID"], row["Readings"], row["Beyond"])


def remove(warehouse: Warehouse, correction_id: int, *, by: str, now: datetime) -> Removed:
    """Undo a rule, as if it had never been; it stays in ``iot.Corrections``, with who removed it.

    Raises ConfigurationError for one that is not there, or was removed already.
    """
    given = {"removed_by": kept_text(by, "who removes it"), "removed_at": now}
    found = warehouse.query("corrections", removed=True).to_pylist()
    channels = {row["CorrectionID"]: row["ChannelID"] for row in found}
    if correction_id not in channels:
        raise ConfigurationError(f"there is no correction {correction_id}")
    channel_id = channels[correction_id]
    with warehouse.lock(channel_id):
        done = warehouse.call("remove_correction", correction_id=correction_id, **given)
        _refresh(warehouse, channel_id, now)
    row = done.to_pylist()[0]
    return Removed(row["ChannelID"], row["Readings"], row["ArchivedBefore"])


def preview(warehouse: Warehouse, rule: Rule, *, limit: int = 5) -> Preview:
    """What a rule would do to the readings that are there, after the rules that there are."""
    bounds = {"low_value": rule.condition.low, "high_value": rule.condition.high}
    found = warehouse.query(
        "coverable_readings",
        channel_id=rule.channel_id,
        field_number=rule.field,
        span_start=rule.start or BEGINNING,
        span_end=rule.end or END,
        is_outside=rule.condition.is_outside,
        limit=limit,
        **({} if rule.condition == EVERY else bounds),
    ).to_pylist()
    samples = tuple(sample for row in found for sample in _samples(rule, row))
    return Preview(found[0]["Readings"] if found else 0, samples)


def _samples(rule: Rule, row: dict[str, Any]) -> Iterator[Sample]:
    entry, at = row["EntryID"], row["OriginalAt"]
    if rule.kind == "shift":
        yield Sample(entry, at, None, row["CreatedAt"], row["CreatedAt"] + rule.shift)
        return
    for number in (rule.field,) if rule.field else _FIELDS:
        value = row[f"Field{number}"]
        if rule.condition.meets(value):
            yield Sample(entry, at, number, value, rule.applied(value))


def _parameters(rule: Rule) -> dict[str, Any]:
    given: dict[str, Any] = {
        "channel_id": rule.channel_id,
        "field_number": rule.field,
        "kind": rule.kind,
        "span_start": rule.start or BEGINNING,
        "span_end": rule.end or END,
        "condition": rule.condition.text,
        "low_value": rule.condition.low,
        "high_value": rule.condition.high,
        "is_outside": rule.condition.is_outside,
    }
    if rule.kind == "scale":
        return given | {"scale_factor": rule.scale, "offset_value": rule.offset}
    if rule.kind == "shift":
        return given | {"shift_seconds": rule.shift // timedelta(seconds=1)}
    return given


_SAME = ("FieldNumber", "SpanStart", "SpanEnd", "ScaleFactor", "OffsetValue", "ShiftSeconds")
_GIVEN = ("field_number", "span_start", "span_end", "scale_factor", "offset_value", "shift_seconds")


def _refuse_twice(warehouse: Warehouse, rule: Rule, given: Mapping[str, Any]) -> None:
    """A rule that holds already would exclude nothing more, or scale and shift once more."""
    wanted = [given["kind"].upper(), *(given.get(name) for name in _GIVEN)]
    for row in warehouse.query("corrections", channel_id=rule.channel_id).to_pylist():
        condition = condition_of(row["Condition"]) if row["Condition"] else EVERY
        is_same = replace(condition, text=rule.condition.text) == rule.condition
        if is_same and [row["Kind"], *(row[name] for name in _SAME)] == wanted:
            raise ConfigurationError(
                f"correction {row['CorrectionID']} is this rule already, and it holds; it was made"
                f" by {row['MadeBy']} ({row['Reason']})"
            )


def kept_text(text: str, what: str) -> str:
    """A text of one line that every engine keeps as it is. Raises ConfigurationError."""
    said = " ".join(text.split())
    if not said:
        raise ConfigurationError(f"{what} is missing: a rule says who made it, and why")
    if len(said) > _LONGEST_TEXT:
        raise ConfigurationError(f"{what} has at most {_LONGEST_TEXT:,} characters")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in said):
        raise ConfigurationError(f"{what} is no text: {said[:40]!a}")
    return said


def _refresh(warehouse: Warehouse, channel_id: int, now: datetime) -> None:
    warehouse.call("refresh_aggregates", channel_ids=[channel_id])
    touched = [channel_id, *follow(warehouse, [channel_id])]
    warehouse.call("refresh_anomalies", channel_ids=touched, as_of=now)
    warehouse.call("refresh_quality", channel_ids=touched, as_of=now)
