"""Rules of correction, applied to readings column by column; what comes of it, as rows.

Rules apply one after the other, in the order of their ids, each to what the ones before left, and
cover readings by their original times. Whatever touches readings of a channel that has rules has
them worked out anew, and writes what they make in its own insert.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.readings import DECIMAL, FIELDS
from fieldhouse.warehouse.engines.clickhouse import compare
from fieldhouse.warehouse.engines.clickhouse.rows import NEVER, Kind, Rows
from fieldhouse.warehouse.engines.clickhouse.session import Session

__all__ = ["Corrector", "Moved", "Rule", "leave_days"]

Flags = np.ndarray[Any, np.dtype[np.bool_]]

INSTANT = pa.timestamp("us")
_KEY = ("ChannelID", "Epoch", "EntryID")
_FIRST_AT, _LAST_AT = datetime(1, 1, 8), datetime(9999, 12, 24)
"""A reading that would leave the years that there are keeps its time."""
_MOST = Decimal(2 * 10**12)
_TYPED_MOST = Decimal(10**12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row of ``iot.Corrections``, by the columns' names."""

    CorrectionID: int
    RequestID: int
    FieldNumber: int | None
    Kind: str
    SpanStart: datetime
    SpanEnd: datetime
    Condition: str | None
    LowValue: Decimal
    HighValue: Decimal
    IsOutside: bool
    ScaleFactor: Decimal | None
    OffsetValue: Decimal | None
    ShiftSeconds: int | None
    Reason: str
    MadeBy: str
    MadeAt: datetime
    RemovedBy: str | None = None
    RemovedAt: datetime | None = None

    @classmethod
    def read(cls, correction_id: int, state: str) -> Self:
        """From ``State``."""
        told = json.loads(state)
        for name in ("SpanStart", "SpanEnd", "MadeAt", "RemovedAt"):
            told[name] = told[name] and datetime.fromisoformat(told[name])
        for name in ("LowValue", "HighValue", "ScaleFactor", "OffsetValue"):
            told[name] = told[name] if told[name] is None else Decimal(told[name])
        return cls(CorrectionID=correction_id, **told)

    def removed(self, by: str, at: datetime) -> "Rule":
        """As one that no longer holds."""
        return replace(self, RemovedBy=by, RemovedAt=at)

    def told(self) -> dict[str, Any]:
        """As ``State`` says it."""
        return {name: value for name, value in asdict(self).items() if name != "CorrectionID"}


class Moved(NamedTuple):
    """What a correction came to: how many readings count otherwise, and how many went beyond."""

    readings: int
    beyond: int
    places: pa.Table
    """Where those readings were, and where they are: ``ChannelID`` and ``CreatedAt``."""


class Corrector:
    """Applies the rules of some channels to readings, within what ``rows`` will write."""

    def __init__(self, session: Session, rows: Rows, rules: Mapping[int, Sequence[Rule]]) -> None:
        self._session = session
        self._rows = rows
        self._rules = {each: sorted(of, key=lambda r: r.CorrectionID) for each, of in rules.items()}

    def correct(self, instants: pa.Table, over: pa.Table | None = None) -> Moved:
        """Work out anew the readings at these instants, by ``ChannelID`` and ``CreatedAt``.

        ``over``: readings, or parts of them, that ``rows`` writes over what is held.
        """
        times = pc.min_max(instants["CreatedAt"]).as_py()
        channel_ids = pc.unique(instants["ChannelID"]).to_pylist()
        span = {"channel_ids": channel_ids, "first_at": times["min"], "last_at": times["max"]}
        held = self._session.ask("load", "readings_at", **span).cast(compare.HELD)
        if over is not None:
            ours = pc.is_in(over["ChannelID"], pa.array(channel_ids, pa.int64()))
            held = compare.laid_over(held, over.filter(ours))
        covered = self._covered(compare.at_places(held, instants))
        was = self._session.ask("load", "corrected_at", **span)
        return self._write(covered, was)

    def _covered(self, held: pa.Table) -> pa.Table:
        """Those that a rule is about, or was."""
        wanted = np.array(pc.is_valid(held["CorrectedAt"]), dtype=bool)
        for channel_id, rules in self._rules.items():
            here = held["ChannelID"].to_numpy() == channel_id
            for rule in rules:
                wanted |= here & _spanned(held, rule)
        return held.filter(pa.array(wanted))

    def _write(self, covered: pa.Table, held: pa.Table) -> Moved:
        made = _made(covered, self._rules)
        counts = pc.and_(
            pc.invert(pc.or_(covered["Superseded"], pc.is_valid(covered["WithdrawnAt"]))),
            pc.invert(made.is_excluded),
        )
        becomes = pc.and_(counts, made.is_corrected)
        place = compare.places(covered, held)
        was = _Was.of(covered, held, place)
        moved = _differs(was, covered, made, counts)
        self._flag(covered, made)
        self._replace(covered, held.take(pa.array(place[place >= 0])), made, becomes)
        places = _places(covered, was, made, counts, moved)
        self._rows.mark(places)
        self._rows.left_days |= _days(places) - _days(covered)
        beyond = int(np.count_nonzero(moved & np.asarray(made.is_beyond, dtype=bool)))
        return Moved(int(np.count_nonzero(moved)), beyond, places)

    def _flag(self, covered: pa.Table, made: "_Made") -> None:
        """Say of readings since when a rule covers them, or that none does any more."""
        changes = pc.xor(pc.is_valid(covered["CorrectedAt"]), made.is_corrected)
        keys = covered.filter(changes).select([*_KEY, "CreatedAt"])
        since = pc.if_else(
            made.is_corrected.filter(changes),
            pa.scalar(self._rows.at, INSTANT),
            pa.scalar(NEVER, INSTANT),
        )
        self._rows.add(Kind.READING, keys.append_column("CorrectedAt", since))

    def _replace(self, covered: pa.Table, held: pa.Table, made: "_Made", becomes: pa.Array) -> None:
        """Corrected readings in place of those that there were."""
        gone = held.select([*_KEY, "CreatedAt", "Sub"])
        self._rows.add(Kind.CORRECTED, gone, Deleted=True)
        since = pc.coalesce(covered["CorrectedAt"], pa.scalar(self._rows.at, INSTANT))
        rows = pa.table(
            {
                **{name: covered[name] for name in (*_KEY, "ReadingID", "ImportedAt")},
                **{name: covered[name] for name in ("Latitude", "Longitude", "Elevation")},
                "Status": covered["Status"],
                "CreatedAt": made.at,
                "OriginalAt": covered["CreatedAt"],
                **made.fields,
                "State": made.changed_fields,
                "CorrectedAt": since,
            }
        ).filter(becomes)
        # a key of its own each time: a value that a rule takes away must not stay
        sub = pa.repeat(pa.scalar(self._rows.number, pa.uint64()), rows.num_rows)
        self._rows.add(Kind.CORRECTED, rows.append_column("Sub", sub), Deleted=False)


def leave_days(session: Session, rows: Rows) -> None:
    """A day to which only a shift had brought readings is as it was before: not judged.

    It is seen once ``rows`` are written; should that not come to pass, the day is judged, as empty.
    """
    done = Rows(rows.at)
    done.number = rows.number
    for channel_id in {channel_id for channel_id, _ in rows.left_days}:
        days = sorted(day for each, day in rows.left_days if each == channel_id)
        asked = session.ask("load", "bare_days", channel_id=channel_id, days=days)
        bare = asked["Day"].to_pylist()
        if bare:
            session.run("load", "forget_days", channel_id=channel_id, days=bare)
        for day in bare:
            done.unmark(channel_id, day)
    session.write(done)


class _Made(NamedTuple):
    """What rules make of readings, column by column."""

    at: pa.Array
    fields: dict[str, pa.Array]
    changed_fields: pa.Array
    is_corrected: pa.Array
    is_excluded: pa.Array
    is_beyond: pa.Array


class _Was(NamedTuple):
    """As what readings counted before, where they did."""

    counted: pa.Array
    at: pa.Array
    fields: dict[str, pa.Array]

    @classmethod
    def of(cls, covered: pa.Table, held: pa.Table, place: compare.Ints) -> Self:
        """From the readings, and their corrected ones at ``place`` in ``held``."""
        found = pa.array(place >= 0)
        there = held.take(pa.array(place, mask=place < 0))
        plain = pc.and_(
            pc.is_null(covered["CorrectedAt"]),
            pc.invert(pc.or_(covered["Superseded"], pc.is_valid(covered["WithdrawnAt"]))),
        )
        return cls(
            pc.or_(found, plain),
            pc.if_else(found, there["CreatedAt"], covered["CreatedAt"]),
            {name: pc.if_else(found, there[name], covered[name]) for name in FIELDS},
        )


def _made(covered: pa.Table, rules: Mapping[int, Sequence[Rule]]) -> _Made:
    count = covered.num_rows
    fields = {name: _array(covered[name]) for name in FIELDS}
    changed = {name: np.zeros(count, dtype=bool) for name in FIELDS}
    taken, out, beyond = (np.zeros(count, dtype=bool) for _ in range(3))
    shift = np.zeros(count, dtype=np.int64)
    channels = covered["ChannelID"].to_numpy()
    for channel_id, of in rules.items():
        for rule in of:
            here = (channels == channel_id) & _spanned(covered, rule)
            if not here.any():
                continue
            if rule.Kind == "SHIFT":
                shift[here] += rule.ShiftSeconds or 0
                continue
            is_whole = rule.Condition is None
            for name in _fields_of(rule):
                hit = here & _hit(fields[name], rule)
                left = _left(fields[name], rule)
                if rule.Kind == "SCALE":
                    beyond |= hit & np.asarray(pc.is_null(left), dtype=bool)
                else:
                    taken |= hit
                fields[name] = pc.if_else(pa.array(hit), left, fields[name])
                blank = here if rule.Kind == "EXCLUDE" and is_whole else hit
                changed[name] |= hit | blank
            if rule.Kind == "EXCLUDE" and rule.FieldNumber is None and is_whole:
                out |= here
    at = _shifted(covered["CreatedAt"], shift)
    valid = np.zeros(count, dtype=bool)
    for column in fields.values():
        valid |= np.asarray(column.is_valid(), dtype=bool)
    excluded = out | (taken & ~valid)
    any_changed = np.logical_or.reduce(list(changed.values())) if count else out
    corrected = excluded | any_changed | (at != _micros(covered["CreatedAt"]))
    return _Made(
        pa.array(at).cast(INSTANT),
        fields,
        _joined(changed),
        pa.array(corrected),
        pa.array(excluded),
        pa.array(beyond),
    )


def _fields_of(rule: Rule) -> Sequence[str]:
    return FIELDS if rule.FieldNumber is None else (f"Field{rule.FieldNumber}",)


def _spanned(readings: pa.Table, rule: Rule) -> Flags:
    at = readings["CreatedAt"]
    inside = pc.and_(
        pc.greater_equal(at, pa.scalar(rule.SpanStart, INSTANT)),
        pc.less(at, pa.scalar(rule.SpanEnd, INSTANT)),
    )
    return np.asarray(inside, dtype=bool)


def _hit(values: pa.Array, rule: Rule) -> Flags:
    """The values that a rule takes or scales."""
    inside = pc.and_(
        pc.greater_equal(values, pa.scalar(rule.LowValue, DECIMAL)),
        pc.less_equal(values, pa.scalar(rule.HighValue, DECIMAL)),
    )
    hit = pc.invert(inside) if rule.IsOutside else inside
    return np.asarray(pc.fill_null(hit, False), dtype=bool)


def _left(values: pa.Array, rule: Rule) -> pa.Array:
    """What a rule leaves of values: nothing, or them times a factor plus an offset.

    Exact, and rounded half away from zero as values are typed; NULL for what no value can be.
    Beyond twice that nothing that can be added brings a product back.
    """
    if rule.Kind == "EXCLUDE":
        return pa.nulls(len(values), DECIMAL)
    product = pc.multiply(values, pa.scalar(rule.ScaleFactor, pa.decimal128(19, 12)))
    for end in (_MOST, -_MOST):
        is_beyond = pc.greater(product, end) if end > 0 else pc.less(product, end)
        product = pc.if_else(is_beyond, pa.scalar(end, product.type), product)
    summed = pc.add(
        product.cast(pa.decimal128(32, 18)), pa.scalar(rule.OffsetValue, pa.decimal128(18, 6))
    )
    rounded = pc.round(summed, 6, "half_towards_infinity")
    fits = pc.less(pc.abs(rounded), pa.scalar(_TYPED_MOST, rounded.type))
    return pc.if_else(fits, rounded, pa.scalar(None, rounded.type)).cast(DECIMAL)


def _shifted(times: pa.ChunkedArray, seconds: compare.Ints) -> compare.Ints:
    at = _micros(times)
    moved = at + seconds * 1_000_000
    first, last = (_micros(pa.array([each], INSTANT))[0] for each in (_FIRST_AT, _LAST_AT))
    return np.where((moved >= first) & (moved < last), moved, at)


def _micros(times: pa.Array | pa.ChunkedArray) -> compare.Ints:
    return np.asarray(times.cast(pa.int64()), dtype=np.int64)


def _joined(changed: Mapping[str, Flags]) -> pa.Array:
    """The names of the fields that changed, with commas between."""
    numbers = sum(flags.astype(np.int64) << n for n, flags in enumerate(changed.values()))
    found, places = np.unique(numbers, return_inverse=True)
    names = [
        ", ".join(name for n, name in enumerate(changed) if int(number) >> n & 1)
        for number in found
    ]
    return pa.array(names, pa.string()).take(pa.array(places))


def _differs(was: _Was, covered: pa.Table, made: _Made, counts: pa.Array) -> Flags:
    """Which readings count otherwise than before."""
    before, after = np.asarray(was.counted, dtype=bool), np.asarray(counts, dtype=bool)
    other = _micros(was.at) != _micros(made.at)
    for name in FIELDS:
        same = pc.equal(was.fields[name], made.fields[name])  # null where either is
        nulls = pc.and_(pc.is_null(was.fields[name]), pc.is_null(made.fields[name]))
        other |= ~np.asarray(pc.or_(pc.fill_null(same, False), nulls), dtype=bool)
    return np.asarray((before != after) | (before & after & other), dtype=bool)


def _places(
    covered: pa.Table,
    was: _Was,
    made: _Made,
    counts: pa.Array,
    moved: Flags,
) -> pa.Table:
    """Where moved readings were, and where they are."""
    parts = []
    for at, there in ((was.at, was.counted), (made.at, counts)):
        wanted = pa.array(moved & np.asarray(there, dtype=bool))
        times = pa.table({"ChannelID": covered["ChannelID"], "CreatedAt": at})
        parts.append(times.filter(wanted))
    return pa.concat_tables(parts).combine_chunks()


def _days(rows: pa.Table) -> set[tuple[int, Any]]:
    days = rows["CreatedAt"].cast(pa.date32()).to_pylist() if rows.num_rows else []
    return set(zip(rows["ChannelID"].to_pylist(), days, strict=True))


def _array(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
