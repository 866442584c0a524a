"""Contract of every engine: rules about readings are kept, applied to what comes, and undone."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from warehouse_kit import (
    DAY,
    FAR,
    HOUR,
    MINUTE,
    T0,
    aggregates,
    batch,
    marks,
    refresh,
    row,
    rows_of,
    tables,
)

from fieldhouse import corrections
from fieldhouse.conditions import EVERY, condition_of
from fieldhouse.corrections import Made, Rule
from fieldhouse.errors import ConfigurationError
from fieldhouse.warehouse import Warehouse

NOW = T0 + 30 * DAY
LARGEST = "999999999999.999999"


def make(warehouse: Warehouse, rule: Rule, reason: str = "why", by: str = "me") -> Made:
    return corrections.make(warehouse, rule, reason=reason, by=by, now=NOW)


def counted(warehouse: Warehouse, *fields: str, **parameters: Any) -> list[tuple[Any, ...]]:
    found = warehouse.query("readings", channel_id=9, **parameters).to_pylist()
    return [(r["EntryID"], *(r[name] for name in fields)) for r in found]


def excluded(number: int | None = None, where: str | None = None, **span: Any) -> Rule:
    condition = condition_of(where) if where else EVERY
    return Rule(9, "exclude", number, condition=condition, **span)


def test_a_rule_covers_what_comes_later(warehouse: Warehouse) -> None:
    """Made before its readings, or between two pages, it covers them as they are loaded."""
    warehouse.load([batch([row(1, Field1=1)])])
    made = make(warehouse, excluded(1, "> 80"))
    assert made.readings == 0
    warehouse.load([batch([row(2, Field1=85, Field2=2), row(3, Field1=80)])])
    warehouse.load([batch([row(4, Field1=90)])])
    assert counted(warehouse, "Field1", "Field2") == [
        (1, Decimal(1), None),
        (2, None, Decimal(2)),
        (3, Decimal(80), None),
    ]
    refresh(warehouse)
    assert aggregates(warehouse, "DAILY")[T0]["Field1Max"] == 80
    # a value that comes again and differs is judged anew
    warehouse.load([batch([row(2, Field1=7), row(3, Field1=81)])])
    assert counted(warehouse, "Field1") == [(1, Decimal(1)), (2, Decimal(7))]
    refresh(warehouse)
    assert aggregates(warehouse, "DAILY")[T0]["Field1Max"] == 7


def test_originals_stay(warehouse: Warehouse) -> None:
    """The readings' own values never change, and stand beside what counts."""
    warehouse.load([batch([row(n, Field1=n, Field2=-n, Status="é") for n in range(1, 6)])])
    columns = "EntryID, CreatedAt, Field1, Field2, Status"
    statement = f"SELECT {columns} FROM iot.SensorReadings ORDER BY EntryID"
    before = rows_of(warehouse, statement)
    make(warehouse, excluded(1, "< 3"))
    make(warehouse, Rule(9, "scale", 2, scale=Decimal("0.5"), offset=Decimal(1)))
    make(warehouse, Rule(9, "shift", end=T0 + 3 * MINUTE, shift=HOUR))
    assert rows_of(warehouse, statement) == before
    sent = warehouse.query("readings", channel_id=9, original=True)
    assert sent.select(columns.split(", ")).to_pylist() == before
    beside = rows_of(
        warehouse,
        "SELECT o.EntryID, o.CreatedAt, c.CreatedAt AS CountsAt, o.Field2 AS Sent, c.Field2,"
        " c.ChangedFields, c.Status FROM iot.AllReadings AS o LEFT JOIN iot.CorrectedReadings AS c"
        " ON c.ReadingID = o.ReadingID WHERE o.CorrectedAt IS NOT NULL AND o.EntryID = 2",
    )
    assert list(beside[0].values()) == [
        2, T0 + 2 * MINUTE, T0 + 62 * MINUTE, -2, 0, "Field1, Field2", "é"
    ]  # fmt: skip


def test_rules_apply_one_after_the_other(warehouse: Warehouse) -> None:
    """In the order of their numbers, each to what the ones before left."""
    warehouse.load([batch([row(n, Field1=n * 10) for n in range(1, 6)])])
    doubled = Rule(9, "scale", 1, scale=Decimal(2))
    first = make(warehouse, doubled)
    make(warehouse, excluded(1, "> 60"))
    assert counted(warehouse, "Field1") == [(1, 20), (2, 40), (3, 60)]
    make(warehouse, replace(doubled, start=T0))
    assert counted(warehouse, "Field1") == [(1, 40), (2, 80), (3, 120)]
    corrections.remove(warehouse, first.correction_id, by="me", now=NOW)
    assert counted(warehouse, "Field1") == [(n, n * 20) for n in range(1, 6)]


def test_a_reading_of_which_nothing_is_left_is_out(warehouse: Warehouse) -> None:
    """A field that is excluded is NULL; the reading is out when no field has a value any more."""
    rows = [row(1, Field1=1), row(2, Field1=1, Field2=2), row(3), row(4, Field3=3)]
    warehouse.load([batch(rows)])
    make(warehouse, excluded(1, end=FAR))
    assert counted(warehouse, "Field1") == [(2, None), (3, None), (4, None)]
    judged = warehouse.call("usp_CalculateDataQuality", channel_id=9, check_date=T0.date())
    assert judged.to_pylist()[0]["TotalReadings"] == 3
    assert judged.to_pylist()[0]["MissingReadings"] == 1  # the one that never had any
    make(warehouse, excluded(start=T0 + 3 * MINUTE, end=T0 + 4 * MINUTE))
    assert counted(warehouse) == [(2,), (4,)]


def test_texts_go_with_their_values(warehouse: Warehouse) -> None:
    """What is excluded or scaled has no text of the source's beside it; the original has."""
    raw = [
        {"EntryID": 1, "ColumnName": "Field1", "RawValue": "1.00000049", "Reason": "rounded"},
        {"EntryID": 2, "ColumnName": "Field1", "RawValue": "ON", "Reason": "unparseable"},
        {"EntryID": 2, "ColumnName": "Field2", "RawValue": "ON", "Reason": "unparseable"},
        {"EntryID": 3, "ColumnName": "Field1", "RawValue": "3.00000049", "Reason": "rounded"},
    ]
    rows = [row(1, Field1=1), row(2, Field3=3), row(3, Field1=3)]
    warehouse.load([batch(rows, raw=raw)])

    def texts(**parameters: Any) -> list[Any]:
        found = warehouse.query("reading_texts", channel_id=9, **parameters).to_pylist()
        return [(r["EntryID"], r["ColumnName"]) for r in found]

    make(warehouse, excluded(1, start=T0 + 2 * MINUTE, end=T0 + 3 * MINUTE))
    make(warehouse, Rule(9, "scale", 1, end=T0 + 2 * MINUTE, offset=Decimal(1)))
    make(warehouse, Rule(9, "shift", start=T0 + 3 * MINUTE, shift=timedelta(minutes=-2, seconds=1)))
    assert texts() == [(3, "Field1"), (2, "Field2")]
    assert counted(warehouse) == [(1,), (3,), (2,)]
    assert texts(start_at=T0 + 2 * MINUTE) == [(2, "Field2")]
    assert texts(original=True) == [(1, "Field1"), (2, "Field1"), (2, "Field2"), (3, "Field1")]
    named = warehouse.query("text_columns", channel_id=9, end_at=T0 + 2 * MINUTE)
    assert named["ColumnName"].to_pylist() == ["Field1"]


def test_scaled_values_are_exact_and_typed(warehouse: Warehouse) -> None:
    """Half of the last digit goes away from zero; what is 10^12 or more is NULL, and told."""
    values = ["0.000001", "-0.000003", LARGEST, f"-{LARGEST}", "0.000002"]
    warehouse.load([batch([row(n, Field1=v) for n, v in enumerate(values, 1)])])
    made = make(warehouse, Rule(9, "scale", 1, scale=Decimal("0.5")))
    assert [value for _, value in counted(warehouse, "Field1")] == [
        Decimal(text)
        for text in ("0.000001", "-0.000002", "500000000000", "-500000000000", "0.000001")
    ]
    assert (made.readings, made.beyond) == (4, 0)  # the first is what it was
    # a hair above one, at twelve decimals, is kept apart
    made = make(warehouse, Rule(9, "scale", 1, scale=Decimal("1.999999999999")))
    assert counted(warehouse, "Field1")[2] == (3, Decimal("999999999999.5"))
    last = make(warehouse, Rule(9, "scale", 1, scale=Decimal("9999999.5"), offset=Decimal("0.5")))
    assert counted(warehouse, "Field1")[1:4] == [(2, Decimal("-39.499998")), (3, None), (4, None)]
    assert (last.readings, last.beyond) == (5, 2)


def test_a_shift_keeps_to_the_years_that_there_are(warehouse: Warehouse) -> None:
    """A reading that it would bring out of them keeps its time, and is loaded all the same."""
    century = timedelta(days=36_525)
    make_all = [Rule(9, "shift", start=T0 - n * DAY, shift=century) for n in range(3)]
    warehouse.load([batch([row(1, datetime(9800, 1, 1), Field1=1), row(2, T0, Field1=2)])])
    for rule in make_all:
        make(warehouse, rule)
    warehouse.load([batch([row(3, datetime(9801, 1, 1), Field1=1)])])
    assert counted(warehouse, "CreatedAt") == [
        (2, T0 + 3 * century),
        (1, datetime(9800, 1, 1)),
        (3, datetime(9801, 1, 1)),
    ]


def test_only_what_a_rule_changes_is_computed_again(warehouse: Warehouse) -> None:
    """The periods of those readings are marked, where they were and where they are, and the days
    that were judged with them in sight; no others."""
    rows = [row(n, T0 + n * HOUR, Field1=n) for n in range(48)]
    warehouse.load([batch(rows), batch(rows, channel_id=8)])
    refresh(warehouse)
    warehouse.call("refresh_quality", as_of=NOW)
    given = {
        "request_id": 1,
        "channel_id": 9,
        "span_start": T0,
        "span_end": FAR,
        "low_value": 5,
        "high_value": 5,
        "is_outside": False,
        "reason": "why",
        "made_by": "me",
        "made_at": NOW,
    }
    done = warehouse.call("set_correction", kind="EXCLUDE", field_number=1, **given).to_pylist()
    assert done[0]["Readings"] == 1
    hours = [(9, "HOURLY", T0 + 5 * HOUR)]
    days = [(9, kind, T0) for kind in ("DAILY", "QUALITY", "WEEKLY")]
    days += [(9, "QUALITY", T0 + DAY), (9, "QUALITY", NOW)]
    assert marks(warehouse) == sorted(hours + days)
    # once more by the same request: the answer was lost
    again = warehouse.call("set_correction", kind="EXCLUDE", field_number=1, **given).to_pylist()
    assert again == [{"CorrectionID": done[0]["CorrectionID"], "Readings": 0, "Beyond": 0}]
    assert warehouse.query("corrections").num_rows == 1


def test_a_shifted_reading_that_is_withdrawn_leaves_its_new_period(warehouse: Warehouse) -> None:
    """What happens to a reading later marks where it counts, not only where it came from."""
    warehouse.load([batch([row(1, Field1=1), row(2, Field1=2)])])
    make(warehouse, Rule(9, "shift", end=T0 + 2 * MINUTE, shift=3 * DAY))
    assert [p["ReadingCount"] for p in aggregates(warehouse, "DAILY").values()] == [1, 1]
    settled = {"at": NOW, "horizon": FAR, "entry_ids": [1], "created_ats": [T0 + MINUTE]}
    warehouse.call("settle_entries", channel_id=9, epoch=1, findings=["withdrawn"], **settled)
    refresh(warehouse)
    assert list(aggregates(warehouse, "DAILY")) == [T0]
    warehouse.call("settle_entries", channel_id=9, epoch=1, findings=["present"], **settled)
    refresh(warehouse)
    assert list(aggregates(warehouse, "DAILY")) == [T0, T0 + 3 * DAY]


def test_what_is_archived_stays_as_it_was_computed(warehouse: Warehouse) -> None:
    """A rule about it is refused; one that was made before goes on in what is read and exported."""
    old = datetime(2020, 1, 1)
    warehouse.load([batch([row(n, old + n * DAY, Field1=n) for n in range(60)])])
    made = make(warehouse, excluded(1, "between 3 and 5"))
    warehouse.call("archive_readings", before=datetime(2020, 2, 1))
    assert len(counted(warehouse)) == 57
    assert len(counted(warehouse, original=True)) == 60
    assert [(r["n"]) for r in rows_of(
        warehouse, "SELECT COUNT(*) AS n FROM iot.CurrentReadings WHERE ChannelID = 9"
    )] == [29]  # fmt: skip
    refresh(warehouse)
    before = aggregates(warehouse, "DAILY")
    assert len(before) == 57
    with pytest.raises(ConfigurationError, match="before 2020-02-01 of channel 9 is archived"):
        make(warehouse, excluded(1, start=datetime(2020, 1, 31)))
    removed = corrections.remove(warehouse, made.correction_id, by="me", now=NOW)
    assert removed.archived_before == datetime(2020, 2, 1)
    assert len(counted(warehouse)) == 60
    assert aggregates(warehouse, "DAILY") == before


def test_a_scaled_reading_goes_to_the_archive_with_its_rule(warehouse: Warehouse) -> None:
    """There it counts no longer among the current ones, and is read as it was corrected."""
    old = datetime(2020, 1, 1)
    warehouse.load([batch([row(n, old + n * DAY, Field1=n) for n in range(60)])])
    make(warehouse, Rule(9, "scale", 1, offset=Decimal(100)))
    warehouse.call("archive_readings", before=datetime(2020, 2, 1))
    current = rows_of(warehouse, "SELECT MIN(Field1) AS n FROM iot.CurrentReadings")
    assert current == [{"n": 131}]
    assert counted(warehouse, "Field1") == [(n, n + 100) for n in range(60)]


HOSTILE = [
    'it\'s "quoted"; DROP TABLE iot.Corrections; --',
    "' OR 1 = 1 --",
    "$reason @Reason ? {} %s %(x)s [x] \\ \\n",
    "🌡️ שלום ﷽ é",
    "a" * 1000,
    '{"a": [1]}',
]


@pytest.mark.parametrize("texts", [HOSTILE[:3], HOSTILE[3:]], ids=["quotes", "lengths"])
def test_texts_are_nothing_but_texts(warehouse: Warehouse, texts: Sequence[str]) -> None:
    """A reason and names are kept to the letter, whatever is in them."""
    reason, by, gone_by = texts
    warehouse.load([batch([row(1, Field1=85), row(2, Field1=1)])])
    made = make(warehouse, excluded(1, "= 85"), reason=reason, by=by)
    corrections.remove(warehouse, made.correction_id, by=gone_by, now=NOW)
    (kept,) = warehouse.query("corrections", removed=True).to_pylist()
    assert [kept["Reason"], kept["MadeBy"], kept["RemovedBy"]] == texts
    assert kept["Condition"] == "= 85"
    assert tables(warehouse)["SensorReadings"]


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (lambda: Rule(9, "exclude"), "would exclude all of channel 9"),
        (lambda: Rule(9, "exclude", 9), "fields are numbered 1 to 8"),
        (lambda: Rule(9, "exclude", 0), "fields are numbered 1 to 8"),
        (lambda: Rule(9, "exclude", 1, T0, T0), "not after its beginning"),
        (lambda: Rule(9, "scale", None, T0, scale=Decimal(2)), "of one field: name it"),
        (lambda: Rule(9, "scale", 1), "change nothing"),
        (lambda: Rule(9, "scale", 1, scale=Decimal(0)), "leaves nothing"),
        (lambda: Rule(9, "shift", 1, shift=HOUR), "takes no field and no condition"),
        (lambda: Rule(9, "shift", condition=condition_of("> 1"), shift=HOUR), "no condition"),
        (lambda: Rule(9, "shift"), "whole seconds"),
        (lambda: Rule(9, "shift", shift=timedelta(milliseconds=1)), "whole seconds"),
        (lambda: Rule(9, "shift", shift=timedelta(days=99999)), "a hundred years"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(rule: Any, line: str) -> None:
    """In one line, before anything is written."""
    with pytest.raises(ConfigurationError, match=line):
        rule()


def test_what_cannot_be_made_or_removed_is_refused(warehouse: Warehouse) -> None:
    """No channel, no reason, no such rule, one that is removed already: one line each."""
    with pytest.raises(ConfigurationError, match="channel 9 is not in the warehouse"):
        make(warehouse, excluded(1, "> 1"))
    warehouse.load([batch([row(1, Field1=1)])])
    for reason, line in (
        (" \n", "a reason is missing"),
        ("a" * 1001, "at most 1,000 characters"),
        ("\0", "no text"),
        ("\udcff", "no text"),
    ):
        with pytest.raises(ConfigurationError, match=line):
            make(warehouse, excluded(1, "> 1"), reason=reason)
    with pytest.raises(ConfigurationError, match="there is no correction 123456"):
        corrections.remove(warehouse, 123456, by="me", now=NOW)
    made = make(warehouse, excluded(1, "> 1"))
    corrections.remove(warehouse, made.correction_id, by="me", now=NOW)
    with pytest.raises(ConfigurationError, match=r"removed already, on 2024-01-31 by me"):
        corrections.remove(warehouse, made.correction_id, by="you", now=NOW + DAY)


def test_a_rule_that_holds_already_is_not_made_again(warehouse: Warehouse) -> None:
    """However its condition is written; one that differs, or one that was removed, is made."""
    warehouse.load([batch([row(1, Field1=90), row(2, Field1=3)])])
    first = make(warehouse, excluded(1, "> 80"), reason="a spike")
    with pytest.raises(ConfigurationError, match=r"correction \d+ is this rule already.*a spike"):
        make(warehouse, excluded(1, "value  >= 80.000001"))
    shifted = Rule(9, "shift", shift=HOUR)
    make(warehouse, shifted)
    with pytest.raises(ConfigurationError, match="this rule already"):
        make(warehouse, shifted)
    assert counted(warehouse, "CreatedAt") == [(2, T0 + 2 * MINUTE + HOUR)]
    make(warehouse, excluded(1, "> 81"))
    make(warehouse, excluded(2, "> 80"))
    make(warehouse, excluded(1, "> 80", start=T0))
    corrections.remove(warehouse, first.correction_id, by="me", now=NOW)
    make(warehouse, excluded(1, "> 80"))


def test_a_preview_says_what_a_rule_would_do(warehouse: Warehouse) -> None:
    """How many readings, the first of them, after the rules that there are; and nothing changes."""
    warehouse.load([batch([row(n, Field1=n, Field2=n * 10) for n in range(1, 9)])])
    make(warehouse, Rule(9, "scale", 1, offset=Decimal(100)))
    rules = (
        (Rule(9, "scale", 2, end=T0 + 3 * MINUTE, scale=Decimal("-0.5")), 2),
        (excluded(start=T0 + 8 * MINUTE), 1),
        (excluded(None, "!= 20", start=T0 + 7 * MINUTE), 1),
        (excluded(1, "> 104"), 2),
        (excluded(None, "between 30 and 103.5"), 6),
        (Rule(9, "shift", start=T0 + 4 * MINUTE, shift=-HOUR), 1),
        (excluded(7, end=FAR), 0),
    )
    before = tables(warehouse)
    for rule, _ in rules:
        corrections.preview(warehouse, rule, limit=100)
    assert tables(warehouse) == before
    for rule, readings in rules:
        found = corrections.preview(warehouse, rule, limit=100)
        counts = {r["EntryID"]: r for r in warehouse.query("readings", channel_id=9).to_pylist()}
        made = make(warehouse, rule)
        assert found.readings == made.readings == readings, rule
        after = {r["EntryID"]: r for r in warehouse.query("readings", channel_id=9).to_pylist()}
        for s in found.samples:
            name = f"Field{s.field}" if s.field else "CreatedAt"
            assert counts[s.entry_id][name] == s.now
            assert after.get(s.entry_id, {}).get(name) == s.then


def test_loads_and_rules_at_once(warehouse: Warehouse) -> None:
    """Whoever comes first, a reading within a rule is covered, and one without is not."""
    warehouse.load([batch([row(0, T0, Field1=0)])])
    failures: list[BaseException] = []

    def doing(work: Any) -> threading.Thread:
        def done() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=done)
        thread.start()
        return thread

    def load() -> None:
        for page in range(1, 9):
            rows = [row(page * 10 + n, Field1=page * 10 + n) for n in range(10)]
            warehouse.load([batch(rows)])

    def rule() -> None:
        for n in range(3):
            made = make(warehouse, excluded(1, f"between {n * 20} and {n * 20 + 30}"))
            corrections.remove(warehouse, made.correction_id, by="me", now=NOW)
        make(warehouse, excluded(1, "between 15 and 60"))

    for thread in [doing(load), doing(rule)]:
        thread.join()
    assert failures == []
    assert [entry for (entry,) in counted(warehouse)] == [
        entry for entry in (0, *range(10, 90)) if not 15 <= entry <= 60
    ]
    refresh(warehouse)
    assert aggregates(warehouse, "WEEKLY")[T0]["ReadingCount"] == 35


def test_the_audit_trail_tells_of_rules(warehouse: Warehouse) -> None:
    """Where there is one, who made and who removed a rule stands there."""
    if type(warehouse).__name__ != "SQLServerWarehouse":
        pytest.skip("an embedded file has no audit trail")
    warehouse.load([batch([row(1, Field1=1), row(2, Field2=1)])])
    made = make(warehouse, excluded(1, "> 0"))
    corrections.remove(warehouse, made.correction_id, by="me", now=NOW)
    told = rows_of(
        warehouse,
        "SELECT Action, ChannelID, Updated, Detail FROM iot.AuditTrail"
        " WHERE Action LIKE 'usp_%Correction' ORDER BY AuditID",
    )
    detail = f"correction {made.correction_id}"
    assert [tuple(r.values()) for r in told] == [
        ("usp_SetCorrection", 9, 1, detail),
        ("usp_RemoveCorrection", 9, 1, detail),
    ]
