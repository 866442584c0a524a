"""What is unusual is found as readings arrive, kept, and the same however they came."""

import math
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from unusual_kit import (
    COUNTER,
    DIRECTION,
    LIGHT,
    PLAIN,
    SPARSE,
    SWITCH,
    nature_of,
    profile_of,
    value_hits,
)
from warehouse_kit import DAY, FAR, HOUR, T0, batch, opened, refresh, row, rows_of

from fieldhouse.errors import ConfigurationError
from fieldhouse.frames import read
from fieldhouse.warehouse import Part, Warehouse
from fieldhouse.warehouse.kept import KEPT

Reading = tuple[datetime, float]
STEP = timedelta(minutes=30)


def weather(days: int, seed: int = 1, step: timedelta = STEP) -> list[Reading]:
    """Days and nights with noise, and a little that is odd."""
    rng = random.Random(seed)
    count = int(timedelta(days=days) / step)
    return [
        (
            T0 + i * step,
            round(15 + 6 * math.sin(2 * math.pi * i * (step / DAY)) + rng.gauss(0, 0.5), 3),
        )
        for i in range(count)
    ]


def bring(house: Warehouse, readings: Sequence[Reading], first_id: int, **other: Any) -> None:
    """Load readings of field 1, and refresh what they touched."""
    house.load(
        [
            batch(
                row(first_id + i, at, Field1=round(value, 3), **other)
                for i, (at, value) in enumerate(readings)
            )
        ]
    )
    judge(house)


def judge(house: Warehouse) -> int:
    """Refresh the aggregates, then find what is unusual; how many days were judged."""
    refresh(house)
    days: int = house.call("refresh_anomalies")["Days"][0].as_py()
    return days


def spells(house: Warehouse) -> list[dict[str, Any]]:
    """All that was found, as it is kept."""
    return rows_of(
        house,
        "SELECT ChannelID, FieldNumber, Family, Day, StartedAt, EndedAt, Hits, Value, DaysKnown"
        " FROM iot.AnomalySpells ORDER BY FieldNumber, Family, StartedAt",
    )


def kept(house: Warehouse, **asked: Any) -> list[dict[str, Any]]:
    """The incidents."""
    return house.query("anomalies_kept", **asked).to_pylist()


def natures(days: int) -> list[list[float]]:
    """Fields of each nature, as sensors have them, with something odd late in each."""
    rng = random.Random(7)
    count = 48 * days
    hours = [i / 2 % 24 for i in range(count)]
    plain = [value for _, value in weather(days)]
    for i in range(700, 760):
        plain[i] -= 9
    plain[1000] += 7
    counter, total = [], 500.0
    for i in range(count):
        total += rng.choice([0.1, 0.2, 0.3]) + (40 if i == 900 else 0) - (300 if i == 1100 else 0)
        counter.append(total)
    rain = [rng.choice([0.2, 0.4, 1.0]) if i % 200 < 30 else 0.0 for i in range(count)]
    rain[950], rain[1050] = 9.0, 2.6
    switch = [float(rng.random() < (0.5 if 7 < hour < 20 else 0.05)) for hour in hours]
    switch[1000], switch[1100] = 3.0, 1.4
    light = [
        max(0.0, math.sin((hour - 6) / 12 * math.pi)) * rng.uniform(200, 999) for hour in hours
    ]
    light[960], light[1010] = 500.0, 1500.0
    vane = [(20 + rng.gauss(0, 25)) % 360 for _ in hours]
    for i in range(1000, 1020):
        vane[i] = 190.0 + i % 3
    vane[1060] = 999.0
    drift = [50 + rng.gauss(0, 0.2) + max(0.0, i / 48 - 18) for i in range(count)]
    quick = [rng.gauss(0, 1) for _ in range(count)]
    quick[1080] = 7.0
    fields = [plain, counter, rain, switch, light, vane, drift, quick]
    return [[round(value, 3) for value in values] for values in fields]


def test_what_is_found_is_what_the_rule_says(warehouse: Warehouse) -> None:
    """Hits of each nature, and what a day is judged by, are the rule's, computed apart."""
    fields = natures(26)
    times = [T0 + i * STEP for i in range(len(fields[0])) if i % 97]
    fields = [[v for i, v in enumerate(values) if i % 97] for values in fields]
    warehouse.load(
        [
            batch(
                row(i, at, **{f"Field{n}": v[i - 1] for n, v in enumerate(fields, 1)})
                for i, at in enumerate(times, 1)
            )
        ]
    )
    judge(warehouse)
    expected_natures = [PLAIN, COUNTER, SPARSE, SWITCH, LIGHT, DIRECTION, PLAIN, PLAIN]
    early = [list(zip(times[:900], values, strict=False)) for values in fields]
    assert [nature_of(readings) for readings in early] == expected_natures
    every = spells(warehouse)
    found = [s for s in every if s["Family"] == "VALUE"]
    assert [s["FieldNumber"] for s in every if s["Family"] == "FALL"] == [2]
    assert {s["FieldNumber"] for s in every if s["Family"] == "DRIFT"} == {7}
    for number, values in enumerate(fields, 1):
        expected = [at for at, _ in value_hits(list(zip(times, values, strict=True)))]
        of_field = [s for s in found if s["FieldNumber"] == number]
        assert sum(s["Hits"] for s in of_field) == len(expected) > 0, number
        for spell in of_field:
            within = [at for at in expected if spell["StartedAt"] <= at <= spell["EndedAt"]]
            assert len(within) == spell["Hits"], number
    day, newest = (T0 + 21 * DAY).date(), times[-1].date()
    for number, values in enumerate(fields, 1):
        readings = list(zip(times, values, strict=True))
        asked = {"channel_id": 9, "field_number": number}
        assert warehouse.query("model_of_day", **asked, day=T0.date()).num_rows == 0
        for asked_day, judged_by in ((day, day), (newest + 9 * DAY, newest)):
            model = warehouse.query("model_of_day", **asked, day=asked_day).to_pylist()
            nature = nature_of([one for one in readings if one[0].date() < judged_by])
            assert [(one["Day"], one["Hour"], one["Nature"]) for one in model] == [
                (judged_by, hour, nature) for hour in range(24)
            ]
            for one, usual in zip(model, profile_of(readings, judged_by), strict=True):
                assert (one["Level"], one["Spread"]) == pytest.approx(usual, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_however_readings_arrive(place: Callable[[int], str], engine: str, seed: int) -> None:
    """Page by page, whatever the pages' sizes, the same is found as all at once."""
    readings = weather(12, seed)
    readings[300] = (readings[300][0], -20.0)
    places = random.Random(seed).sample(range(len(readings)), 3)
    alone = sorted({*places, 300, 301})  # what is odd comes by itself, amid its day
    found = []
    for number, cuts in enumerate(([], alone)):
        house = opened(place(number))
        for first, end in pairwise([0, *cuts, len(readings)]):
            bring(house, readings[first:end], first + 1)
        found.append(spells(house))
        house.close()
    assert found[0] == found[1] != []


def test_yesterdays_answer_does_not_change(warehouse: Warehouse) -> None:
    """What was found of closed days stays as it is, whatever comes afterwards."""
    readings = weather(16)
    readings[350] = (readings[350][0], 40.0)
    bring(warehouse, readings[:500], 1)
    before = spells(warehouse)
    assert before
    bring(warehouse, [(at, value + 30) for at, value in readings[528:]], 529)
    after = spells(warehouse)
    assert [s for s in after if s["Day"] < readings[500][0].date()] == before
    assert len(after) > len(before)


def test_late_readings_redo_their_day_alone(warehouse: Warehouse) -> None:
    """Readings that come late have exactly their day judged again, by what was known before it."""
    readings = weather(40)
    late = readings.pop(500)
    bring(warehouse, readings, 1)
    before = spells(warehouse)
    warehouse.load([batch([row(5000, late[0], Field1=90.0)])])
    assert judge(warehouse) == 1
    new = [s for s in spells(warehouse) if s not in before]
    assert [(s["Day"], s["Family"]) for s in new] == [(late[0].date(), "VALUE")]
    warehouse.load([batch([row(5000, late[0], Field1=late[1])])])
    judge(warehouse)
    assert spells(warehouse) == before
    # before the first day nothing was known: what came later does not judge it
    warehouse.load([batch([row(5001, T0 + STEP / 2, Field1=90.0)])])
    assert judge(warehouse) == 1
    assert spells(warehouse) == before


def test_a_history_that_grows_backwards(place: Callable[[int], str], engine: str) -> None:
    """An older history that comes later is judged as if it had been there from the beginning."""
    readings = weather(14, 3)
    readings[200] = (readings[200][0], 60.0)
    found = []
    for number, parts in enumerate(([(0, 672)], [(400, 672), (0, 400)])):
        house = opened(place(number))
        house.migrate()
        for first, end in parts:
            bring(house, readings[first:end], first + 1)
        found.append(spells(house))
        house.close()
    assert found[0] == found[1] != []


def test_channels_are_judged_by_themselves(warehouse: Warehouse) -> None:
    """Channels that are judged together have each what it has alone; no day is judged twice."""
    readings = weather(16)
    readings[700] = (readings[700][0], 40.0)
    apart = weather(12, 4)
    for channel_id, brought in ((9, readings), (10, apart), (11, readings)):
        rows = [row(i, at, Field1=value) for i, (at, value) in enumerate(brought, 1)]
        warehouse.load([batch(rows, channel_id=channel_id)])
    assert judge(warehouse) == 16 + 12 + 16
    assert judge(warehouse) == 0
    first, last = (
        [{**s, "ChannelID": 0} for s in spells(warehouse) if s["ChannelID"] == n] for n in (9, 11)
    )
    assert first == last != []


def test_after_weeks_without_readings_nothing_is_rare(warehouse: Warehouse) -> None:
    """A day without any hour in the 28 days before is held against the known range alone."""
    readings = [
        (at + (30 * DAY if i >= 960 else 0 * DAY), v) for i, (at, v) in enumerate(weather(21))
    ]
    readings[970] = (readings[970][0], 60.0)
    bring(warehouse, readings, 1)
    expected = value_hits([(at, round(value, 3)) for at, value in readings])
    late = [at for at, _ in expected if at >= readings[960][0]]
    assert readings[970][0] in late
    found = [s for s in spells(warehouse) if s["Family"] == "VALUE"]
    assert sum(s["Hits"] for s in found if s["StartedAt"] >= readings[960][0]) == len(late) < 10


def test_kinds(warehouse: Warehouse) -> None:
    """What was planted is named: a spike, a shift, a stuck sensor, a silence, the absurd."""
    readings = dict(enumerate(weather(40)))

    def put(i: int, value: float) -> None:
        readings[i] = (readings[i][0], value)

    put(1000, 24.0)
    for i in range(1200, 1260):
        put(i, readings[i][1] - 9)
    for i in range(1400, 1440):
        put(i, 14.2)
    put(1600, 900.0)
    silent = range(1750, 1830)
    for i in silent:
        del readings[i]
    warehouse.load(
        [
            batch(
                row(i + 1, at, Field1=round(value, 3), Field2=i % 7)
                for i, (at, value) in readings.items()
            )
        ]
    )
    judge(warehouse)
    found = kept(warehouse)
    start = weather(40)

    def kinds_at(first: int, last: int) -> set[str]:
        a, b = start[first][0], start[last][0]
        return {f["Kind"] for f in found if f["StartedAt"] <= b and f["EndedAt"] >= a}

    assert "SPIKE" in kinds_at(1000, 1000)
    assert "SHIFT" in kinds_at(1200, 1259)
    assert "STUCK" in kinds_at(1400, 1439)
    assert "OUT OF RANGE" in kinds_at(1600, 1600)
    assert "SILENCE" in kinds_at(1750, 1830)
    assert {f["FieldNumber"] for f in found if f["Kind"] == "SILENCE"} == {0}
    for at in (999, 1011, 1013, 1230, 1439, 1600, 1840):
        asked = {"channel_ids": [9], "as_of": start[at][0] + HOUR / 4, "seconds": 6 * 3600.0}
        told = warehouse.query("alarm_anomalies", **asked).to_pylist()
        wanted = going_on(found, asked["as_of"], 6 * HOUR)
        keys = ("FieldNumber", "Kind", "EndedAt", "PeakAt", "Value", "Expected")
        assert [{k: one[k] for k in keys} for one in told] == [
            {k: one[k] for k in keys} for one in wanted
        ]
        assert [(t["SinceAt"], t["Figure"]) for t in told] == [
            (w["StartedAt"], w["Score"]) for w in wanted
        ]
        assert bool(told) == (at not in (999, 1013, 1840))
        assert warehouse.query("alarm_anomalies", **{**asked, "channel_ids": [8]}).num_rows == 0
    check_what_read_says(warehouse, found)


def test_a_drought_is_no_fault(warehouse: Warehouse) -> None:
    """Rain may stay at zero for longer than ever; at another value it is stuck as any field is."""
    hours = 24 * 80
    rain = [0.4 + i % 3 if i % 60 in (7, 8, 9) else 0.0 for i in range(hours)]
    dry, stuck = range(24 * 30, 24 * 60), range(24 * 70, 24 * 73)
    for i in (*dry, *stuck):
        rain[i] = 0.0 if i in dry else 0.4
    warehouse.load([batch(row(i + 1, T0 + i * HOUR, Field1=value) for i, value in enumerate(rain))])
    judge(warehouse)
    (found,) = (one for one in kept(warehouse) if one["Kind"] == "STUCK")
    assert (found["FieldNumber"], found["Value"]) == (1, Decimal("0.4"))
    assert T0 + stuck[0] * HOUR <= found["StartedAt"] <= T0 + (stuck[0] + 9) * HOUR


def check_what_read_says(warehouse: Warehouse, found: Sequence[dict[str, Any]]) -> None:
    """``read(anomalies=True)`` tells of each value what is unusual while it lasts."""
    plain = read(9, warehouse=warehouse).table

    def kinds(number: int, at: datetime, value: object) -> list[str]:
        return [
            f["Kind"].lower()
            for f in found
            if f["FieldNumber"] == number and f["Kind"] != "SILENCE" and value is not None
            if f["StartedAt"] <= at.replace(tzinfo=None) <= f["EndedAt"]
        ]

    wide = read(9, anomalies=True, warehouse=warehouse).table
    assert wide.drop_columns(["unusual"]) == plain
    said = 0
    for one in wide.to_pylist():
        wanted = [
            f"Field{n}: {kind}" for n in (1, 2) for kind in kinds(n, one["time"], one[f"Field{n}"])
        ]
        assert sorted((one["unusual"] or "").split("; ")) == sorted(wanted or [""])
        said += bool(wanted)
    assert 50 < said < plain.num_rows / 2
    span = {"start": "2024-01-20", "end": "2024-02-02"}
    for one in read(9, layout="long", anomalies=True, warehouse=warehouse, **span).to_pylist():
        wanted = kinds(int(one["field"][-1]), one["time"], one["value"])
        assert sorted((one["unusual"] or "").split("; ")) == sorted(wanted or [""])
    with pytest.raises(ConfigurationError, match="leave out every"):
        read(9, every="1h", anomalies=True, warehouse=warehouse)


def going_on(
    found: Sequence[dict[str, Any]], at: datetime, within: timedelta
) -> Sequence[dict[str, Any]]:
    """The strongest of each field's incidents that goes on at an instant, or did lately."""
    strongest: dict[int, dict[str, Any]] = {}
    for one in sorted(found, key=lambda one: (-one["Score"], one["StartedAt"])):
        if one["Kind"] != "SILENCE" and one["StartedAt"] <= at < one["EndedAt"] + within:
            strongest.setdefault(one["FieldNumber"], one)
    return [strongest[number] for number in sorted(strongest)]


def test_a_quiet_channel_is_quiet(warehouse: Warehouse) -> None:
    """Forty ordinary days have hardly anything unusual; the first two weeks are kept apart."""
    bring(warehouse, weather(40, 11), 1)
    assert len(kept(warehouse)) <= 1
    assert all(f["DaysKnown"] >= 14 for f in kept(warehouse))
    assert len(kept(warehouse, young=True)) >= len(kept(warehouse))


def test_counters_are_judged_by_their_rises(warehouse: Warehouse) -> None:
    """A meter that goes up for ever is no record every day; a rise unlike its own is one."""
    rng, total, readings = random.Random(5), 1000.0, []
    for i in range(48 * 30):
        total += rng.choice([0.2, 0.3, 0.4]) + (200 if i == 1200 else 0)
        readings.append((T0 + i * STEP, round(total, 3)))
    bring(warehouse, readings, 1)
    found = kept(warehouse)
    assert [f["StartedAt"] for f in found] == [readings[1200][0]]
    assert 199 < float(found[0]["Value"]) < 201


def test_each_incident_has_a_name_of_its_own(warehouse: Warehouse) -> None:
    """What begins in the same second in five ways is five incidents, each labelled by itself."""
    bring(warehouse, [(T0, 1.0)], 1)
    families = ("VALUE", "STUCK", "SILENCE", "FALL", "DRIFT")
    spell = {"ChannelID": 9, "FieldNumber": 1, "Day": T0.date(),
             "StartedAt": T0, "EndedAt": T0 + HOUR, "Hits": 5,
             "HitsAbove": 0, "Beyond": 0, "Jumps": 0, "Score": 9.0, "PeakAt": T0,
             "Value": Decimal(1), "Expected": 1.0, "Spread": 1.0, "Least": 0.0, "Greatest": 2.0,
             "DaysKnown": 30}  # fmt: skip
    rows = [spell | {"Family": family} for family in families]
    schema = KEPT["AnomalySpells"].columns
    warehouse.replace("AnomalySpells", Part(9, 9), pa.Table.from_pylist(rows, schema))
    names = {row["AnomalyID"] for row in kept(warehouse)}
    assert len(names) == len(families)
    for name in names:
        told = warehouse.call("label_anomaly", anomaly_id=name, is_real=True, labelled_by="ann")
        assert told["Labelled"][0].as_py() == 1


def test_a_label_stays_with_its_incident(warehouse: Warehouse) -> None:
    """What a person says of an incident is kept when its day is judged again, and taken back."""
    readings = weather(30)
    readings[1200] = (readings[1200][0], 50.0)
    bring(warehouse, readings, 1)
    (found,) = [f for f in kept(warehouse) if f["StartedAt"] == readings[1200][0]]
    told = {"anomaly_id": found["AnomalyID"], "labelled_by": "ann"}
    assert warehouse.call("label_anomaly", is_real=False, **told)["Labelled"][0].as_py() == 1
    warehouse.load([batch([row(9000, readings[1200][0] + HOUR / 4, Field1=readings[1201][1])])])
    judge(warehouse)
    (again,) = [f for f in kept(warehouse) if f["StartedAt"] == readings[1200][0]]
    assert again["IsReal"] is False
    warehouse.call("label_anomaly", is_real=None, **told)
    assert {f["IsReal"] for f in kept(warehouse)} == {None}
    nobody = warehouse.call("label_anomaly", anomaly_id="9-1-v1", is_real=True, labelled_by="ann")
    assert nobody["Labelled"][0].as_py() == 0


def test_what_is_taken_out_is_not_unusual(warehouse: Warehouse) -> None:
    """A reading that a rule excludes is found no more; with the rule gone it is found again."""
    readings = weather(30)
    readings[1200] = (readings[1200][0], 50.0)
    bring(warehouse, readings, 1)
    before = spells(warehouse)
    every = {"low_value": -(10**11), "high_value": 10**11, "is_outside": False}
    span = {"span_start": readings[1200][0], "span_end": readings[1200][0] + HOUR / 6}
    said = {"reason": "it fell", "made_by": "ann", "made_at": FAR}
    rule = warehouse.call(
        "set_correction", request_id=1, channel_id=9, kind="EXCLUDE", **every, **span, **said
    )["CorrectionID"][0].as_py()
    judge(warehouse)
    assert readings[1200][0] not in {s["StartedAt"] for s in spells(warehouse)}
    gone = {"removed_by": "ann", "removed_at": FAR}
    warehouse.call("remove_correction", correction_id=rule, **gone)
    judge(warehouse)
    assert spells(warehouse) == before


def test_the_largest_numbers_are_judged(warehouse: Warehouse) -> None:
    """The largest readings there can be, and a rise of twice that, are found; days go on after."""
    largest = Decimal("999999999999.999999")
    fields = [
        {"Field1": Decimal(str(value)), "Field2": i - largest}
        for i, (_, value) in enumerate(weather(18))
    ]
    fields[750]["Field1"], fields[760]["Field1"] = largest, -largest
    fields[840]["Field2"] = largest
    fields[841:] = [{**both, "Field2": largest} for both in fields[841:]]
    warehouse.load([batch(row(i + 1, T0 + i * STEP, **both) for i, both in enumerate(fields))])
    assert judge(warehouse) == 18
    found = [
        {"FieldNumber": s["FieldNumber"], "PeakAt": s["PeakAt"], "Value": s["Value"]}
        for s in kept(warehouse)
        if s["Kind"] == "OUT OF RANGE"
    ]
    # as a float it is more than its column, which then has what is next to it
    near = Decimal("999999999999.5")
    assert sorted(found, key=str) == [
        {"FieldNumber": 1, "PeakAt": T0 + 750 * STEP, "Value": near},
        {"FieldNumber": 2, "PeakAt": T0 + 840 * STEP, "Value": near},
    ]
    bring(warehouse, [(T0 + 18 * DAY, -(10.0**12) + 1)], 1000)
    (lowest,) = (s for s in kept(warehouse) if s["PeakAt"] == T0 + 18 * DAY)
    assert float(lowest["Value"]) == pytest.approx(-(10.0**12) + 1, rel=1e-15)


def test_a_long_history_is_judged_for_its_last_four_hundred_days(warehouse: Warehouse) -> None:
    """What lies further back is never judged, whatever comes there, and is as if it were not."""
    days = [(T0 + i * DAY, 20 + i % 3) for i in range(500)]
    bring(warehouse, days, 1)
    first = rows_of(warehouse, "SELECT FirstDay FROM iot.AnomalyChannels")
    assert [r["FirstDay"] for r in first] == [(T0 + 99 * DAY).date()]
    before = spells(warehouse)
    warehouse.load([batch([row(900, T0 + 10 * DAY + HOUR, Field1=900)])])
    assert judge(warehouse) == 0
    assert spells(warehouse) == before


def labelled(house: Warehouse, at: datetime, is_real: bool | None) -> None:
    """Say of the incident of field 1 that is there at an instant what it is."""
    (found,) = [f for f in kept(house, young=True) if f["StartedAt"] <= at <= f["EndedAt"]]
    told = {"anomaly_id": found["AnomalyID"], "labelled_by": "ann"}
    house.call("label_anomaly", is_real=is_real, **told)


def starts(house: Warehouse) -> set[datetime]:
    """When incidents begin."""
    return {f["StartedAt"] for f in kept(house, young=True)}


def test_what_was_said_to_be_right_is_not_told_again(warehouse: Warehouse) -> None:
    """A spike that a person finds right is found no more at such values; another height is."""
    readings = weather(34)
    for i, value in ((1000, 34.0), (1300, 35.0), (1400, 33.0), (1500, 60.0)):
        readings[i] = (readings[i][0], value)
    bring(warehouse, readings[:1200], 1)
    before = spells(warehouse)
    labelled(warehouse, readings[1000][0], False)
    assert judge(warehouse) == 0
    bring(warehouse, readings[1200:], 1201)
    assert [s for s in spells(warehouse) if s["Day"] < readings[1200][0].date()] == before
    assert readings[1000][0] in starts(warehouse)
    late = {at for at in starts(warehouse) if at > readings[1200][0]}
    assert late & {readings[i][0] for i in (1300, 1400, 1500)} == {readings[1500][0]}


def check_last_scores(house: Warehouse, readings: list[Reading]) -> None:
    """The newest model has the scores of the last readings before it, each by its own day's."""
    items = "SELECT Day, Measure, Item, Field1 FROM iot."
    models = rows_of(house, f"{items}AnomalyModels UNION ALL {items}AnomalyModelsKept")
    model = {(m["Day"], m["Measure"], m["Item"]): m["Field1"] for m in models}
    today = readings[-1][0].date()
    before = [(at, value) for at, value in readings if at.date() < today][:-24:-1]
    for item, (at, value) in enumerate(before, 1):
        level, spread = (model[at.date(), each, at.hour] for each in ("LEVEL", "SPREAD"))
        assert model[today, "LAST", item] == pytest.approx((value - level) / spread)


def test_what_is_real_teaches_nothing(place: Callable[[int], str], engine: str) -> None:
    """What a person finds wrong is kept out: the days after it are judged as if it had not been."""
    readings = weather(30)
    bad = range(1000, 1030)
    wrong = [(at, value - 30 if i in bad else value) for i, (at, value) in enumerate(readings)]
    wrong[1400] = readings[1400] = (readings[1400][0], -5.0)
    found = []
    for number, is_real in enumerate((None, True)):
        house = opened(place(number))
        house.migrate()
        bring(house, wrong[:1200], 1)
        before = spells(house)
        labelled(house, wrong[1010][0], is_real)
        bring(house, wrong[1200:], 1201)
        after = spells(house)
        assert [s for s in after if s["Day"] < wrong[1200][0].date()] == before
        (spike,) = [f for f in kept(house) if f["StartedAt"] == wrong[1400][0]]
        found.append(spike["Least"])
        check_last_scores(house, wrong)
        house.close()
    assert found[0] == min(value for _, value in wrong[:1200]) < -10
    assert found[1] == min(value for i, (_, value) in enumerate(wrong[:1200]) if i not in bad) > 0
