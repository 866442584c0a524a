"""Contract of every engine: the six dimensions of quality, against a computation of its own."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from dimensions_kit import FIELDS, Known, Reading, dimensions
from warehouse_kit import DAY, HOUR, MINUTE, T0, Row, batch, refresh, row, rows_of

from fieldhouse import corrections
from fieldhouse.conditions import condition_of
from fieldhouse.corrections import Rule
from fieldhouse.state import Run
from fieldhouse.times import utc_now
from fieldhouse.warehouse import Warehouse

NOW = utc_now().replace(microsecond=0)
FOLLOWED = NOW - 10 * DAY
FAR = datetime(2041, 1, 1)


def told(house: Warehouse, channel_id: int, **span: Any) -> dict[tuple[str, int], tuple[Any, ...]]:
    """What is answered, as the kit says it."""
    found = house.query("quality_dimensions", channel_id=channel_id, **span).to_pylist()
    names = ("Checked", "Broken", "Share", "WorstFrom", "WorstTo", "WorstBroken")
    return {(r["Dimension"], r["FieldNumber"]): tuple(r[n] for n in names) for r in found}


def counting(house: Warehouse, channel_id: int) -> list[Reading]:
    """The readings that count, with what became of their texts."""
    of = f"WHERE ChannelID = {channel_id}"
    texts: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for raw in rows_of(house, f"SELECT * FROM iot.RawValues {of}"):
        key = (raw["Epoch"], raw["EntryID"])
        texts.setdefault(key, []).append((raw["Reason"], int(raw["ColumnName"][-1])))
    found = []
    for held in rows_of(house, f"SELECT * FROM iot.CountedReadings {of}"):
        values = {n: held[f"Field{n}"] for n in FIELDS if held[f"Field{n}"] is not None}
        lost = texts.get((held["Epoch"], held["EntryID"]), [])
        untyped = {n for why, n in lost if why in ("unparseable", "out of range")} - set(values)
        rounded = {n for why, n in lost if why == "rounded"}
        at, arrived = (_naive(held[name]) for name in ("CreatedAt", "ImportedAt"))
        found.append(Reading(at, arrived, values, frozenset(untyped), frozenset(rounded)))
    return found


def _naive(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


def known_of(house: Warehouse, channel_id: int, **more: Any) -> Known:
    """What the warehouse has found out about a channel, by its other answers."""
    days = house.query("quality_days", channel_id=channel_id).to_pylist()
    judged = rows_of(house, "SELECT ChannelID, FirstDay, NewestDay FROM iot.AnomalyChannels")
    mine = next((r for r in judged if r["ChannelID"] == channel_id), None)
    unusual = [
        (r["FieldNumber"], r["StartedAt"], r["EndedAt"])
        for r in house.query("anomalies_kept", channel_ids=[channel_id]).to_pylist()
        if r["Kind"] not in ("SILENCE", "DRIFT") and r["IsReal"] is not False
    ]
    return Known(
        cadences={r["CheckDate"]: r["CadenceSeconds"] for r in days if r["CadenceSeconds"]},
        unusual=unusual,
        first_day=mine and mine["FirstDay"],
        newest_day=mine and mine["NewestDay"],
        **more,
    )


def channel(seed: int) -> tuple[list[Row], list[Row]]:
    """An ugly history: gaps, repeats, texts, fields that come and go, another cadence, a future."""
    rng = random.Random(seed)
    step = rng.choice([20 * MINUTE, 30 * MINUTE, HOUR]) + timedelta(seconds=rng.choice([0, 7]))
    count = rng.choice([1, 12, 200, 700])
    begin = T0 if seed % 2 else NOW - count * step
    rows: list[Row] = []
    raw: list[Row] = []
    at = begin + timedelta(seconds=1) * (not seed % 2)
    together = rng.random() < 0.5
    for n in range(1, count + 1):
        at += step + timedelta(seconds=rng.choice([0, 0, 1, -1]))
        at += (rng.random() < 0.02 and rng.randrange(1, 60) * step) or 0 * step
        if at >= NOW:
            break
        values: dict[str, Any] = {"Field1": round(10 + rng.gauss(0, 1), 2)}
        if together or n % 2:
            values["Field2"] = rng.choice([-5, 20, 20, 21, 101])
        if not (count // 3 < n < count // 2):
            values["Field3"] = round(rng.gauss(50, 3), 1)
        if n == 690:
            values["Field3"] = 500
        if n % 10 == 0:
            values["Field8"] = 1
        if rng.random() < 0.03:
            values.pop("Field1")
            raw.append(_text(len(rows) + 1, "Field1", rng.choice(["unparseable", "empty"])))
        elif rng.random() < 0.03:
            raw.append(_text(len(rows) + 1, "Field1", "rounded"))
        if rng.random() < 0.01:
            values = {"Field1": 90}
        rows.append(row(len(rows) + 1, at, **values))
        while rng.random() < 0.05:
            again = values if rng.random() < 0.6 else {**values, "Field3": 7}
            rows.append(row(len(rows) + 1, at, **again))
    rows.append(row(len(rows) + 1, FAR, Field1=1))
    return rows, raw


def _text(entry_id: int, column: str, reason: str) -> Row:
    return {"EntryID": entry_id, "ColumnName": column, "RawValue": "n/a", "Reason": reason}


RANGES: Mapping[int, tuple[Decimal | None, Decimal | None]] = {
    2: (Decimal(0), Decimal(100)),
    3: (None, Decimal(55)),
}
LONGEST = 7
SEEDS = {100 + seed: seed for seed in (3, 7, 8, 10, 13, 15)}


FEW = (107, 110, 115)
"""Those that are asked about where each question costs a second of planning."""


def fill(house: Warehouse, seeds: Mapping[int, int]) -> None:
    """The channels, all judged; some readings withdrawn, excluded, moved; a channel without any."""
    made = {number: channel(seed) for number, seed in seeds.items()}
    house.load([batch(rows, channel_id=n, raw=raw) for n, (rows, raw) in made.items()])
    house.call("upsert_channel", channel_id=99)
    number, (rows, _) = max(made.items(), key=lambda each: len(each[1][0]))
    _disturb(house, number, rows)
    pairs = [(number, n) for number in seeds for n in RANGES]
    house.call(
        "sync_field_ranges",
        channel_ids=[number for number, _ in pairs],
        field_numbers=[n for _, n in pairs],
        minima=[RANGES[n][0] for _, n in pairs],
        maxima=[RANGES[n][1] for _, n in pairs],
    )
    runs = [
        Run(channel_id=number, started_at=FOLLOWED) for number, seed in seeds.items() if seed % 3
    ]
    house.call("record_runs", runs=[asdict(run) for run in runs])
    refresh(house)
    house.call("refresh_anomalies", as_of=NOW)
    house.call("refresh_quality", as_of=NOW)


def _disturb(house: Warehouse, number: int, rows: Sequence[Row]) -> None:
    """Some readings are withdrawn, values excluded, times moved; a new life shows some again."""
    house.call("open_epoch", channel_id=number, number=2, started_at=rows[20]["CreatedAt"])
    again = [row(n, rows[n + 19]["CreatedAt"], Field1=n, Field2=3) for n in range(1, 30)]
    lost = [_text(n, "Field1", "rounded") for n in (2, 3)]
    house.load([batch(again, channel_id=number, epoch=2, raw=lost)])
    house.call("judge_epoch", channel_id=number, epoch=2)
    gone = rows[5:9]
    house.call(
        "settle_entries",
        channel_id=number,
        epoch=1,
        at=NOW,
        horizon=NOW,
        entry_ids=[r["EntryID"] for r in gone],
        created_ats=[r["CreatedAt"] for r in gone],
        findings=["withdrawn"] * len(gone),
    )
    for rule in (
        Rule(number, "exclude", 2, condition=condition_of("> 100")),
        Rule(number, "shift", None, rows[11]["CreatedAt"], rows[14]["CreatedAt"], shift=3 * HOUR),
    ):
        corrections.make(house, rule, reason="test", by="me", now=NOW)


def spans(readings: Sequence[Reading]) -> Iterator[dict[str, Any]]:
    """All; some of it, cut within hours and gaps; an end that has not come; nothing."""
    yield {}
    ats = sorted(r.at for r in readings)
    if len(ats) > 4:
        third, half = ats[len(ats) // 3], ats[len(ats) // 2]
        yield {"start_at": third + timedelta(seconds=1), "end_at": half + 17 * MINUTE}
        yield {"start_at": ats[-2] - 2 * DAY, "end_at": FAR + DAY}
    yield {"start_at": T0 - DAY, "end_at": T0 - DAY}


def check(house: Warehouse, seeds: Mapping[int, int], every: bool) -> set[str]:
    """Hold answers against the kit's; in which ways something was broken, but not all.

    ``every`` span of each channel is asked for, or one.
    """
    seen = set()
    for number, seed in [*seeds.items(), (99, 0)]:
        readings = counting(house, number)
        more = {"followed": FOLLOWED} if seed % 3 else {}
        known = known_of(house, number, ranges=RANGES if number != 99 else {}, **more)
        asked = list(spans(readings))
        for span in asked if every else [asked[seed % len(asked)]]:
            found = told(house, number, as_of=NOW, **span)
            end = min(span.get("end_at", NOW), NOW)
            wanted = dimensions(readings, known, span.get("start_at"), end)
            assert list(found) == sorted(found, key=_order), number
            assert found.keys() == wanted.keys()
            for key, each in found.items():
                assert each == wanted[key], (number, seed, span, key)
            seen |= {name for (name, _), each in found.items() if 0 < each[1] < each[0]}
    return seen


ORDER = ("COMPLETENESS", "VALIDITY", "TIMELINESS", "UNIQUENESS", "CONSISTENCY", "PLAUSIBILITY")


def _order(key: tuple[str, int]) -> tuple[int, int]:
    return ORDER.index(key[0]), key[1]


def test_dimensions_are_those_computed_apart(warehouse: Warehouse, engine: str) -> None:
    """Of ugly channels, whatever the span: counts, shares and worst spans, exactly."""
    seeds = SEEDS if engine == "duckdb" else {n: SEEDS[n] for n in FEW}
    fill(warehouse, seeds)
    seen = check(warehouse, seeds, engine == "duckdb")
    assert seen == set(ORDER) or engine != "duckdb"
    _label(warehouse, {n: seed for n, seed in SEEDS.items() if seed == LONGEST})


def _label(house: Warehouse, seeds: Mapping[int, int]) -> None:
    """What a person calls ok is plausible from then on."""
    (number,) = seeds
    whole = {"as_of": NOW}
    before = told(house, number, **whole)["PLAUSIBILITY", 0]
    kept = house.query("anomalies_kept", channel_ids=[number]).to_pylist()
    incident = next(r for r in kept if r["FieldNumber"] and r["Kind"] not in ("SILENCE", "DRIFT"))
    named = incident["AnomalyID"]
    house.call("label_anomaly", anomaly_id=named, is_real=False, labelled_by="me")
    after = told(house, number, **whole)["PLAUSIBILITY", 0]
    assert after[0] == before[0] and after[1] < before[1]
    check(house, seeds, every=False)
