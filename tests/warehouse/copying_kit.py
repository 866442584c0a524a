"""A warehouse in which every table that a copy takes along has rows, and how two are compared."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from warehouse_kit import DAY, HOUR, MINUTE, T0, batch, refresh, row

from fieldhouse import corrections
from fieldhouse.conditions import condition_of
from fieldhouse.state import Gap, Labels, Span
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.kept import KEPT

TEXTS = ("", " ", "On ", "on", 'say "so"', "a\\nb", "\r\n", "ß e\u0301 🌡", "'; DROP TABLE x; --")
LIMIT = Decimal("999999999999.999999")
NOW = T0 + 40 * DAY


def fill(house: Warehouse) -> None:
    """Channels of every kind: with two lives, archived, corrected, of files, empty."""
    _load_readings(house)
    house.call("open_epoch", channel_id=2, number=2, started_at=T0, evidence="[1] it fell")
    again = [row(n, T0 + (n + 30) * HOUR, Field1=n) for n in range(1, 60)]
    house.load([batch(again, channel_id=2, epoch=2, covered=(Span(T0, T0 + 5 * DAY),))])
    house.call("judge_epoch", channel_id=2, epoch=2)
    for channel, field, text in ((1, 1, "> 90"), (2, 2, "between 1 and 3")):
        span = {"start": T0 + 33 * DAY} if channel == 1 else {}
        rule = corrections.Rule(channel, "exclude", field, condition=condition_of(text), **span)
        corrections.make(house, rule, reason="it's off", by="me", now=NOW)
    moved = corrections.Rule(2, "shift", shift=timedelta(seconds=-90))
    made = corrections.make(house, moved, reason="clock", by="me", now=NOW)
    scaled = corrections.Rule(2, "scale", 1, scale=Decimal("-0.123456789012"), offset=Decimal(3))
    corrections.make(house, scaled, reason="ice water", by="me", now=NOW)
    corrections.remove(house, made.correction_id, by="you", now=NOW + HOUR)
    refresh(house)
    _find(house)
    house.call("refresh_quality", as_of=NOW)
    house.call("archive_readings", before=datetime(2024, 2, 1))
    house.call("archive_before", channel_id=1, archived_before=datetime(2024, 2, 1))
    _manage(house)
    house.load([batch([row(5000, NOW - DAY, Field1=7)], channel_id=4)])  # its periods stay marked


def _find(house: Warehouse) -> None:
    """What is unusual, and what a person said of it; a day is still to be judged."""
    days = [
        row(n, T0 + n * HOUR, Field2={200: 500, 400: 900}.get(n, n % 9), Field7=n % 24)
        for n in range(1, 24 * 20)
    ]
    house.load([batch(days, channel_id=5)])
    refresh(house)
    house.call("refresh_anomalies", as_of=NOW)
    found = house.query("anomalies_kept", channel_ids=[5], young=True).to_pylist()
    for is_real, one in zip((True, False), found, strict=False):
        told = {"anomaly_id": one["AnomalyID"], "labelled_by": "Änn"}
        house.call("label_anomaly", is_real=is_real, **told)
    house.load([batch([row(9000, T0 + 20 * DAY, Field2=3)], channel_id=5)])
    refresh(house)


def _load_readings(house: Warehouse) -> None:
    first = [
        row(
            n,
            T0 + n * 4 * HOUR + (n % 5) * timedelta(microseconds=250_001),
            Field1=n % 97,
            Field2=(LIMIT, -LIMIT, Decimal("-0.000001"), None)[n % 4],
            Status=TEXTS[n % len(TEXTS)] if n % 3 else None,
            Latitude="47.123456" if n % 7 == 0 else None,
        )
        for n in range(1, 230)
    ]
    raw = [
        {"EntryID": 3 + n, "ColumnName": f"Field{3 + n % 2}", "RawValue": text, "Reason": "empty"}
        for n, text in enumerate(TEXTS)
    ]
    rejected = [{"EntryText": text, "Reason": "no id"} for text in TEXTS]
    covered = {"covered": (Span(T0, T0 + 38 * DAY),), "last_entry_id": 250}
    labels = Labels(T0 + DAY, ((1, 'Näme "1"'), (2, "x")))
    pages = [
        batch(
            first,
            channel_id=1,
            raw=raw,
            rejected=rejected,
            labels=labels,
            gaps=(Gap(1000, 1002), Gap(1005, 1005, "unreachable", T0)),
            **covered,
        ),
        batch([row(n, T0 + n * HOUR, Field1=n, Field2=n % 5) for n in range(1, 80)], channel_id=2),
        batch([row(1, datetime(2041, 2, 3), Field1=1), row(2, T0, Field8=2)], channel_id=-1),
        batch([row(n, T0 + 35 * DAY + n * MINUTE, Field3=n) for n in range(1, 5)], channel_id=4),
    ]
    house.load(pages)
    house.load([batch(labels=Labels(T0 + 2 * DAY, ((2, "x"),)), channel_id=1)])
    for number in (1, 4):
        entries = {1: [200, 201], 4: [2]}[number]
        times = [held[e] for held in [_times(house, number)] for e in entries]
        house.call(
            "settle_entries",
            channel_id=number,
            epoch=1,
            at=NOW,
            horizon=NOW,
            entry_ids=entries,
            created_ats=times,
            findings=["withdrawn", "disputed"][: len(entries)],
        )


def _times(house: Warehouse, number: int) -> dict[int, datetime]:
    held = house.query("readings", channel_id=number, original=True).to_pylist()
    return {each["EntryID"]: each["CreatedAt"] for each in held}


def _manage(house: Warehouse) -> None:
    """What people and runs have left besides readings."""
    house.call("upsert_channel", channel_id=7, name="Ä 'x' \\", elevation="12 m", created_at=T0)
    house.call("set_polled", channel_ids=[7], is_active=True, paused_at=NOW)
    house.call("tag_channels", channel_ids=[1, 7], tags=["farm", "süd"])
    house.call(
        "sync_field_ranges",
        channel_ids=[1, 2],
        field_numbers=[1, 8],
        minima=[Decimal("-40.5"), None],
        maxima=[None, Decimal(60)],
    )
    house.call(
        "set_derived_field",
        channel_id=-2,
        field_number=3,
        base_channel_id=2,
        within_seconds=7200,
        expression='"Näme" + 1',
        formula="field1 + 1",
        source_ids=[2, 1],
        defined_at=T0,
    )
    run: dict[str, Any] = dict.fromkeys(
        ("requests", "requests_needed", "fetched", "inserted", "updated", "duplicates", "raw"), 3
    )
    run |= {"rejected": 0, "channel_id": 1, "started_at": T0, "ended_at": T0 + MINUTE}
    texts = {"error": None, "source": "a.csv, b.csv", "quality_score": 98.7 / 3}
    failed = {"outcome": "failed", "started_at": NOW, "error": 'no "answer"\nat all'}
    house.call("record_runs", runs=[run | texts | {"outcome": "success"}, run | texts | failed])
    house.call("count_requests", day=date(2024, 1, 3), requests=12)
    house.call(
        "add_token",
        token_id="abc",
        token_name="cron",
        token_hash="0f" * 32,
        scopes="read",
        created_at=T0,
    )
    saved = {"saved_by": "me", "saved_at": T0}
    house.call("save_query", query_name="days", query_text="SELECT 'ß'\n-- it", **saved)


def contents(house: Warehouse) -> dict[str, list[str]]:
    """Each kept table's rows as texts, in an order of their own: nothing of how a copy looks."""
    found = {}
    for name, table in KEPT.items():
        every = "DISTINCT " * table.is_set
        rows = house.sql(f"SELECT {every}* FROM iot.{name}").select(table.columns.names)
        found[name] = sorted(map(repr, rows.cast(table.columns).to_pylist()))
    return found
