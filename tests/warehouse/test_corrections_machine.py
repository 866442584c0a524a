"""Contract of every engine: rules and readings in any order, against arithmetic done here."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from corrections_kit import FIELDS, Model, Told, decimal, far_off, periods, quality
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse_kit import DAY, FAR, MINUTE, T0, aggregates, batch, opened, row, rows_of

from fieldhouse import corrections
from fieldhouse.conditions import EVERY, condition_of
from fieldhouse.errors import ConfigurationError
from fieldhouse.warehouse import Warehouse

RULED, TWIN = 9, 8
"""Two channels with the same readings; nobody makes rules about the twin."""
AS_OF = T0 + 12 * DAY
RANGES = {1: (-40_000_000, 60_000_000)}
ENTRIES = 45

VALUES = st.one_of(
    st.integers(-100, 100).map(lambda n: n * 1_000_000),
    st.integers(-2_000_000, 2_000_000),
    st.sampled_from([5_000_000_000, 999_999_999_999_999_999, -999_999_999_999_999_999]),
)
ROWS = st.dictionaries(
    st.integers(1, ENTRIES),
    st.dictionaries(st.integers(1, 3), VALUES, max_size=3),
    min_size=1,
    max_size=ENTRIES,
)
CONDITIONS = st.one_of(
    st.just((None, lambda _: True)),
    st.integers(-90, 90).map(lambda n: (f"value > {n}", lambda v: v > n * 10**6)),
    st.integers(-90, 90).map(lambda n: (f"<= {n}.5", lambda v: v <= n * 10**6 + 500_000)),
    st.integers(-90, 90).map(lambda n: (f"!= {n}", lambda v: v != n * 10**6)),
    st.tuples(st.integers(-90, 0), st.integers(1, 90)).map(
        lambda t: (f"between {t[0]} and {t[1]}", lambda v: t[0] * 10**6 <= v <= t[1] * 10**6)
    ),
    st.tuples(st.integers(-90, 0), st.integers(1, 90)).map(
        lambda t: (f"< {t[0]} or >= {t[1]}", lambda v: v < t[0] * 10**6 or v >= t[1] * 10**6)
    ),
)


@st.composite
def rules(draw: st.DrawFn) -> Told:
    """Rules of each kind, over all times or some hours."""
    first = draw(st.integers(0, ENTRIES)) * 37 * MINUTE
    last = first + draw(st.integers(1, ENTRIES)) * 37 * MINUTE
    span = (T0 + first, T0 + last) if draw(st.booleans()) else (datetime(1, 1, 1), FAR)
    kind = draw(st.sampled_from(["exclude", "scale", "shift"]))
    if kind == "shift":
        seconds = draw(st.sampled_from([-200_000, -3_600, 1, 1_800, 86_400, 700_000]))
        return Told(kind, None, *span, shift=timedelta(seconds=seconds))
    number = draw(st.integers(1, 3))
    text, meets = draw(CONDITIONS)
    if kind == "scale":
        scale = draw(st.sampled_from([10**12, -(10**12), 500_000_000_000, 1, 10**18, 10**18 + 1]))
        offset = draw(st.integers(-5_000_000, 5_000_000).filter(bool))
        return Told(kind, number, *span, text, meets, scale, offset)
    whole = draw(st.booleans()) and (text is not None or span[1] != FAR)
    return Told(kind, None if whole else number, *span, text, meets)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("load"), ROWS),
        st.tuples(st.just("rule"), rules()),
        st.tuples(st.just("rule"), rules()),
        st.tuples(st.just("remove"), st.integers(0, 20)),
        st.tuples(st.just("withdraw"), st.integers(0, 200)),
        st.tuples(st.just("restore"), st.integers(0, 200)),
        st.tuples(st.just("clear"), st.none()),
        st.tuples(st.just("check"), st.none()),
    ),
    min_size=3,
    max_size=10,
)


@dataclass
class Played:
    """A warehouse, and what it must hold."""

    warehouse: Warehouse
    model: Model = field(default_factory=Model)
    now: datetime = AS_OF

    def load(self, rows: Mapping[int, Mapping[int, int]]) -> None:
        """The same pages for both channels; a value that is not there is NULL."""
        for entry_id, values in rows.items():
            self.model.load(entry_id, _time(entry_id), values)
        sent = [
            row(e, _time(e), **{f"Field{n}": decimal(v) for n, v in values.items()})
            for e, values in rows.items()
        ]
        made = partial(batch, sent, epoch=self.model.epoch)
        self.warehouse.load([made(channel_id=RULED), made(channel_id=TWIN)])

    def rule(self, told: Told) -> None:
        """A rule is made, by the way that people make it."""
        if _said(_rule(told)) in [_said(_rule(held)) for held in self.model.rules.values()]:
            with pytest.raises(ConfigurationError, match="this rule already"):
                corrections.make(
                    self.warehouse, _rule(told), reason="again", by="a test", now=self._later()
                )
            return
        before = self.model.counted()
        made = corrections.make(
            self.warehouse, _rule(told), reason="because", by="a test", now=self._later()
        )
        self.model.rules[made.correction_id] = told
        changed = {c[1:3] for c in _apart(before, self.model.counted())}
        assert made.readings == len(changed)

    def remove(self, place: int) -> None:
        """One of the rules that there are is removed."""
        if self.model.rules:
            number = sorted(self.model.rules)[place % len(self.model.rules)]
            del self.model.rules[number]
            corrections.remove(self.warehouse, number, by="a test", now=self._later())

    def withdraw(self, place: int) -> None:
        """A reading is gone at its source."""
        there = sorted(self.model.sent.keys() - self.model.gone)
        self._settle(there, place, "withdrawn")

    def restore(self, place: int) -> None:
        """It is there again."""
        self._settle(sorted(self.model.gone), place, "present")

    def _settle(self, keys: list[Any], place: int, finding: str) -> None:
        if not keys:
            return
        key = keys[place % len(keys)]
        (self.model.gone.add if finding == "withdrawn" else self.model.gone.discard)(key)
        for channel_id in (RULED, TWIN):
            self.warehouse.call(
                "settle_entries",
                channel_id=channel_id,
                epoch=key.epoch,
                at=AS_OF,
                horizon=FAR,
                entry_ids=[key.entry_id],
                created_ats=[key.at],
                findings=[finding],
            )

    def clear(self, _: None) -> None:
        """The channels begin a new life."""
        self.model.epoch += 1
        for channel_id in (RULED, TWIN):
            given = {"number": self.model.epoch, "started_at": T0, "evidence": "a test"}
            self.warehouse.call("open_epoch", channel_id=channel_id, **given)

    def check(self, _: None = None) -> None:
        """Readings, aggregates, quality, anomalies and trend are those of the model."""
        self.warehouse.call("refresh_aggregates")
        self.warehouse.call("refresh_quality", as_of=AS_OF)
        self.compare()

    def compare(self) -> None:
        """The same as they stand: who makes or removes a rule has them refreshed."""
        counted = self.model.counted()
        _check_readings(self.warehouse, counted)
        _check_aggregates(self.warehouse, counted)
        _check_analyses(self.warehouse, counted)
        whole = self.warehouse.query("readings", channel_id=RULED, original=True)
        twin = self.warehouse.query("readings", channel_id=TWIN)
        assert _bare(whole.to_pylist()) == _bare(twin.to_pylist())

    def end(self) -> None:
        """All rules are removed, and the channel is what its twin is, to the last digit."""
        for number in sorted(self.model.rules, key=lambda n: n % 3):
            corrections.remove(self.warehouse, number, by="a test", now=self._later())
        self.model.rules.clear()
        self.compare()
        self._judge_all_days()
        for table in ("SensorReadings", "AggregatedData", "DataQuality"):
            ruled, twin = (
                _bare(rows_of(self.warehouse, f"SELECT * FROM iot.{table} WHERE ChannelID = {c}"))
                for c in (RULED, TWIN)
            )
            assert ruled == twin
        assert not rows_of(self.warehouse, "SELECT * FROM iot.CorrectedReadings")

    def _judge_all_days(self) -> None:
        """Every judged day once more, by what all loads have brought, not by then.

        New readings on all days have them judged at once; days of shifted ones only the ruled has.
        """
        self.load({n: {1: n * 1_000_000} for n in range(ENTRIES + 1, ENTRIES + 28)})
        self.warehouse.call("refresh_aggregates")
        self.warehouse.call("refresh_quality", as_of=AS_OF)
        for day in _judged_days(self.warehouse, RULED) ^ _judged_days(self.warehouse, TWIN):
            for channel_id in (RULED, TWIN):
                _judged(self.warehouse, channel_id, day)

    def _later(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now


def _time(entry_id: int) -> datetime:
    return T0 + (entry_id * 37 % 1_000) * 7 * MINUTE


def _rule(told: Told) -> corrections.Rule:
    return corrections.Rule(
        RULED,
        told.kind,  # type: ignore[arg-type]
        told.field,
        None if told.start.year == 1 else told.start,
        None if told.end == FAR else told.end,
        condition_of(told.text) if told.text else EVERY,
        Decimal(told.scale).scaleb(-12),
        Decimal(told.offset).scaleb(-6),
        told.shift,
    )


def _said(rule: corrections.Rule) -> tuple[Any, ...]:
    """What a rule says, however it is written."""
    does = {"exclude": (), "scale": (rule.scale, rule.offset), "shift": (rule.shift,)}[rule.kind]
    values = replace(rule.condition, text=None)
    return rule.kind, rule.field, rule.start, rule.end, values, does


def _apart(before: list[Any], after: list[Any]) -> list[Any]:
    return [c for c in before if c not in after] + [c for c in after if c not in before]


def _bare(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """Rows less the channel, surrogate keys and the times of loads."""
    less = {"ChannelID", "ReadingID", "ImportedAt", "CreatedAt", "AggregationID", "QualityID"}
    less |= {"WithdrawnAt"}
    keep = [
        {k: v for k, v in r.items() if k not in less or (k == "CreatedAt" and "EntryID" in r)}
        for r in rows
    ]
    return sorted((list(r.items()) for r in keep), key=repr)


def _judged_days(warehouse: Warehouse, channel_id: int) -> set[Any]:
    found = rows_of(
        warehouse, f"SELECT DISTINCT CheckDate FROM iot.DataQuality WHERE ChannelID = {channel_id}"
    )
    return {r["CheckDate"] for r in found if r["CheckDate"] < AS_OF.date()}


def _check_readings(warehouse: Warehouse, counted: list[Any]) -> None:
    found = warehouse.query("readings", channel_id=RULED).to_pylist()
    assert [
        (r["CreatedAt"], r["Epoch"], r["EntryID"], [r[f"Field{n}"] for n in FIELDS]) for r in found
    ] == [(c.at, c.epoch, c.entry_id, [decimal(c.values[n]) for n in FIELDS]) for c in counted]


def _check_aggregates(warehouse: Warehouse, counted: list[Any]) -> None:
    for kind in ("HOURLY", "DAILY", "WEEKLY"):
        held, wanted = aggregates(warehouse, kind, RULED), periods(counted, kind)
        assert held.keys() == wanted.keys()
        for begin, period in wanted.items():
            for name, value in period.items():
                given = held[begin][name]
                near = pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
                assert given == near, (kind, begin, name)


def _check_analyses(warehouse: Warehouse, counted: list[Any]) -> None:
    found = warehouse.query(
        "usp_DetectAnomalies", channel_id=RULED, field_number=1, as_of=AS_OF
    ).to_pylist()
    assert {(r["Epoch"], r["EntryID"]) for r in found} == far_off(counted, 1, AS_OF)
    trend = warehouse.query(
        "usp_GetTrendAnalysis", channel_id=RULED, field_number=2, as_of=AS_OF
    ).to_pylist()
    days = {b.date(): p for b, p in periods(counted, "DAILY").items() if p["Field2Count"]}
    wanted = {d: p for d, p in days.items() if AS_OF.date() - 30 * DAY <= d < AS_OF.date()}
    assert {r["ReadingDate"]: r["MinValue"] for r in trend} == {
        d: p["Field2Min"] for d, p in wanted.items()
    }
    assert {r["ReadingDate"]: r["AvgValue"] for r in trend} == {
        d: pytest.approx(p["Field2Avg"], rel=1e-9) for d, p in wanted.items()
    }
    for day in sorted({c.at.date() for c in counted if c.at < AS_OF})[:1]:
        assert _judged(warehouse, RULED, day) == quality(counted, day, RANGES)


def _judged(warehouse: Warehouse, channel_id: int, day: Any) -> list[int]:
    judged = warehouse.call(
        "usp_CalculateDataQuality", channel_id=channel_id, check_date=day, as_of=AS_OF
    )
    (r,) = judged.to_pylist()
    names = ("TotalReadings", "MissingReadings", "OutOfRangeReadings", "AnomaliesDetected")
    return [r[name] for name in names]


PLAYS = {"clickhouse": 4}
"""How many warehouses are filled, ruled and checked, if not eight: most of a play there is planning
of statements, the same ones each time."""


@pytest.mark.timeout(900)
def test_rules_and_readings_in_any_order(place: Callable[[int], str], engine: str) -> None:
    """However rules, loads, withdrawals and new lives follow each other: the model's figures.

    After the last rule is removed every table is what it is without any, to the last digit.
    """

    @given(STEPS)
    @settings(max_examples=PLAYS.get(engine, 8), deadline=None)
    def live(steps: list[tuple[str, Any]]) -> None:
        _play(place(0), steps)

    live()


def _play(url: str, steps: list[tuple[str, Any]]) -> None:
    with closing(opened(url)) as warehouse:
        warehouse.migrate()
        low, high = (
            [decimal(bound) for bound in bounds] * 2
            for bounds in zip(*RANGES.values(), strict=True)
        )
        warehouse.call(
            "sync_field_ranges",
            channel_ids=[RULED, TWIN],
            field_numbers=[1, 1],
            minima=low,
            maxima=high,
        )
        played = Played(warehouse)
        played.load({n: {1: n * 1_000_000, 2: (n % 7) * 250_000} for n in range(1, 30)})
        for name, given_ in steps:
            getattr(played, name)(given_)
        played.check()
        played.end()
