"""What alerts ask, and how they are kept, on every engine."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from warehouse_kit import batch, refresh, row

from fieldhouse.state import Gap, Run, Span
from fieldhouse.warehouse import Warehouse

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2024, 2, 10, 12, 0)
"""A Saturday noon; everything lies before it."""


def ran(warehouse: Warehouse, *runs: Run) -> None:
    for run in runs:  # one by one, as runs come
        warehouse.call("record_runs", runs=[asdict(run)])


def a_run(at: datetime, channel_id: int = 9, **values: Any) -> Run:
    given = {"requests": 1, "requests_needed": 1, **values}
    return Run(channel_id=channel_id, started_at=at, ended_at=at + timedelta(seconds=10), **given)


def asked(warehouse: Warehouse, question: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """The answer as (channel, field, since, figure)."""
    given = {"channel_ids": [7, 8, 9], "as_of": NOW, **parameters}
    rows = warehouse.query(question, **given).to_pylist()
    return [tuple(r[c] for c in ("ChannelID", "FieldNumber", "SinceAt", "Figure")) for r in rows]


# The architecture's four


def test_no_success_is_told_after_so_long(warehouse: Warehouse) -> None:
    """Two hours without a success are told to the second; a failure does not count as one.

    A channel that never had one counts from its first run, as long as it is tried; files are none.
    """
    ran(warehouse, a_run(NOW - 2 * HOUR - timedelta(seconds=10)))
    ran(warehouse, a_run(NOW - HOUR, outcome="failed", error="x"))
    ran(warehouse, a_run(NOW - HOUR, 8), a_run(NOW - MINUTE, 7, source="a.csv"))
    found = asked(warehouse, "alarm_no_success", seconds=7200)
    assert found == [(9, 0, NOW - 2 * HOUR, 7200.0)]
    assert asked(warehouse, "alarm_no_success", seconds=7201) == []
    ran(warehouse, *(a_run(NOW - n * HOUR, 6, outcome="failed") for n in (30, 20, 1)))
    found = asked(warehouse, "alarm_no_success", seconds=7200, channel_ids=[6])
    assert found == [(6, 0, NOW - 30 * HOUR, 108_000.0)]
    later = {"channel_ids": [6], "as_of": NOW + 5 * HOUR}
    assert asked(warehouse, "alarm_no_success", seconds=7200, **later) == []


def test_low_scores_are_told_in_a_row(warehouse: Warehouse) -> None:
    """Three runs in a row below 70, no fewer; a row of quiet runs stands for several.

    A score of a day without a reading says nothing.
    """
    warehouse.load([batch([row(1, NOW - 3 * HOUR, Field1=1)])])
    warehouse.call("refresh_quality", as_of=NOW)
    times = [NOW - n * MINUTE for n in range(60, 0, -10)]
    ran(warehouse, a_run(times[0], quality_score=70.0, inserted=1))
    ran(warehouse, *(a_run(at, quality_score=55.0) for at in times[1:3]))
    assert asked(warehouse, "alarm_low_scores", runs=3, score=70.0) == []
    ran(warehouse, a_run(times[3], quality_score=55.0))
    assert asked(warehouse, "alarm_low_scores", runs=3, score=70.0) == [(9, 0, times[1], 55.0)]
    ran(warehouse, a_run(times[4], quality_score=69.9, inserted=1))
    assert asked(warehouse, "alarm_low_scores", runs=4, score=70.0) == [(9, 0, times[1], 69.9)]
    ran(warehouse, a_run(times[5], quality_score=70.0, inserted=1))
    assert asked(warehouse, "alarm_low_scores", runs=1, score=70.0) == []
    ran(warehouse, *(a_run(at, 8, quality_score=0.0, inserted=1) for at in times))
    assert asked(warehouse, "alarm_low_scores", runs=1, score=70.0) == []


def test_failing_requests_are_told_by_their_share(warehouse: Warehouse) -> None:
    """More than a tenth of the last hour's, not a tenth; too few say nothing, nor do old ones."""
    question = {"seconds": 3600, "share": 0.1, "calls": 10}

    def errors(**more: Any) -> list[tuple[Any, ...]]:
        rows = warehouse.query("alarm_api_errors", as_of=NOW, **{**question, **more}).to_pylist()
        return [(r["ChannelID"], r["SinceAt"], round(r["Figure"], 6)) for r in rows]

    assert errors() == []
    warehouse.call("count_calls", counted_at=NOW - 2 * HOUR, requests=50, failed=50)
    warehouse.call("count_calls", counted_at=NOW - 30 * MINUTE, requests=9, failed=1)
    assert errors() == []
    warehouse.call("count_calls", counted_at=NOW - 20 * MINUTE, requests=1, failed=0)
    assert errors() == []
    warehouse.call("count_calls", counted_at=NOW - 10 * MINUTE, requests=1, failed=1)
    assert errors() == [(0, NOW - 30 * MINUTE, round(2 / 11, 6))]
    assert errors(calls=12) == []
    warehouse.call("count_calls", counted_at=NOW + 3 * DAY, requests=1, failed=0)
    assert errors() == [], "what is older than two days is forgotten"


def test_nothing_new_is_told_after_so_many_runs(warehouse: Warehouse) -> None:
    """Six runs in a row that brought nothing, failed ones too; and not of one that reports less."""
    times = [NOW - n * 10 * MINUTE for n in range(8, 0, -1)]
    ran(warehouse, a_run(times[0], inserted=3))
    ran(warehouse, *(a_run(at) for at in times[1:5]), a_run(times[5], outcome="failed"))
    assert asked(warehouse, "alarm_nothing_new", runs=6, distances=3) == []
    ran(warehouse, a_run(times[6]))
    assert asked(warehouse, "alarm_nothing_new", runs=6, distances=3) == [(9, 0, times[1], 6.0)]
    hourly = [row(n, NOW - DAY + n * HOUR, Field1=n) for n in range(1, 24)]
    warehouse.load([batch(hourly)])
    warehouse.call("refresh_quality", as_of=NOW)
    assert asked(warehouse, "alarm_nothing_new", runs=6, distances=3) == []
    assert asked(warehouse, "alarm_nothing_new", runs=6, distances=0.5) == [(9, 0, times[1], 6.0)]
    ran(warehouse, a_run(times[7], inserted=1))
    assert asked(warehouse, "alarm_nothing_new", runs=1, distances=0) == []


# By a channel's own habits


def test_silence_is_told_by_a_channels_own_distance(warehouse: Warehouse) -> None:
    """Later than three of its distances and than the least; what was not asked is not silent."""
    rows = [row(n, NOW - 3 * DAY + n * HOUR, Field1=n) for n in range(1, 67)]
    warehouse.load([batch(rows)])
    refresh(warehouse)
    warehouse.call("refresh_quality", as_of=NOW)
    newest = NOW - 6 * HOUR
    question = {"distances": 3, "seconds": 7200}
    ran(warehouse, a_run(newest + 2 * HOUR))
    assert asked(warehouse, "alarm_silent", **question) == []
    ran(warehouse, a_run(newest + 4 * HOUR, outcome="failed"))
    assert asked(warehouse, "alarm_silent", **question) == []
    ran(warehouse, a_run(newest + 4 * HOUR + MINUTE, updated=1))
    assert asked(warehouse, "alarm_silent", **question) == [(9, 0, newest, 14_470.0)]
    assert asked(warehouse, "alarm_silent", distances=5, seconds=7200) == []
    assert asked(warehouse, "alarm_silent", distances=3, seconds=15_000) == []
    future = [row(100, NOW + DAY, Field1=1)]
    warehouse.load([batch(future, horizon=NOW + 2 * DAY)])
    assert asked(warehouse, "alarm_silent", **question) == [(9, 0, newest, 14_470.0)]


def test_nights_are_no_silence(warehouse: Warehouse) -> None:
    """A station that sleeps ten hours each night is late after fifteen hours and one, not after 12.

    An outage of three days in the month before makes it no more patient.
    """
    rows, day = [], NOW.replace(hour=0) - 25 * DAY
    while day < NOW - DAY:
        if day - NOW.replace(hour=0) not in (-12 * DAY, -11 * DAY, -10 * DAY):
            rows += [row(0, day + h * HOUR + m * MINUTE) for h in range(6, 20) for m in (0, 30)]
        day += DAY
    rows = [replace_id(each, n, Field1=n % 7) for n, each in enumerate(rows, 1)]
    warehouse.load([batch(rows)])
    refresh(warehouse)
    warehouse.call("refresh_quality", as_of=NOW)
    newest = max(each["CreatedAt"] for each in rows)
    question = {"distances": 3, "seconds": 7200}
    ran(warehouse, a_run(newest + 12 * HOUR))
    assert asked(warehouse, "alarm_silent", **question) == []
    pause = 11 * HOUR  # from the hour that begins at 19 to that of 6
    ran(warehouse, a_run(newest + 1.5 * pause + HOUR, updated=1))
    found = asked(warehouse, "alarm_silent", **question, as_of=NOW + DAY)
    assert [since for _, _, since, _ in found] == [newest]


def replace_id(each: dict[str, Any], number: int, **values: Any) -> dict[str, Any]:
    return row(number, each["CreatedAt"], **values)


def flat(warehouse: Warehouse, hours: int, value: float = 21.5, before: int = 240) -> datetime:
    """A field that moves for so many hours and then shows one value; since when it does."""
    began = NOW - (before + hours) * HOUR
    rows = [
        row(n + 1, began + n * 20 * MINUTE, Field1=n % 5, Field2=n % 7, Field3=0)
        for n in range(3 * before)
    ]
    stuck = NOW - hours * HOUR
    rows += [
        row(3 * before + n + 1, stuck + n * 20 * MINUTE, Field1=value, Field2=n % 7, Field3=0)
        for n in range(3 * hours)
    ]
    warehouse.load([batch(rows)])
    refresh(warehouse)
    return stuck


def test_a_stuck_field_is_told(warehouse: Warehouse) -> None:
    """One value for a day, of a field that never rested so; others of the channel are left out."""
    since = flat(warehouse, 30)
    question = {"seconds": 86_400, "readings": 10}
    assert asked(warehouse, "alarm_stuck", **question) == [(9, 1, since, 21.5)]
    assert asked(warehouse, "alarm_stuck", seconds=86_400, readings=100) == []
    assert asked(warehouse, "alarm_stuck", seconds=40 * 3600, readings=10) == []
    warehouse.load([batch([row(5000, NOW - MINUTE, Field1=21.6, Field2=1)])])
    refresh(warehouse)
    assert asked(warehouse, "alarm_stuck", **question) == []


@pytest.mark.parametrize(
    ("hours", "value", "before"), [(30, 0, 240), (30, 21.5, 100), (20, 5, 240)]
)
def test_what_rests_by_nature_is_not_stuck(
    warehouse: Warehouse, hours: int, value: float, before: int
) -> None:
    """Zero says nothing (no rain), nor does a field of a few days, nor less than a day."""
    flat(warehouse, hours, value, before)
    assert asked(warehouse, "alarm_stuck", seconds=86_400, readings=10) == []


# What a reading finds out


def test_gaps_lives_and_disputes_are_told(warehouse: Warehouse) -> None:
    """Unexplained ids of the newest life, a life that began lately, readings in dispute."""
    gaps = (Gap(3, 5), Gap(7, 7, "unreachable", NOW - DAY), Gap(9, 20, "absent"))
    rows = [row(1, NOW - 2 * DAY, Field1=1), row(30, NOW - DAY, Field1=2)]
    warehouse.load([batch(rows, gaps=gaps, covered=(Span(NOW - 3 * DAY, NOW),))])
    assert asked(warehouse, "alarm_gaps") == [(9, 0, NOW - DAY, 4.0)]
    assert asked(warehouse, "alarm_gaps", channel_ids=[8]) == []
    assert asked(warehouse, "alarm_lives", seconds=86_400) == []
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=NOW - HOUR, evidence="x")
    assert asked(warehouse, "alarm_lives", seconds=86_400) == [(9, 0, NOW - HOUR, 2.0)]
    assert asked(warehouse, "alarm_lives", seconds=3_000) == []
    assert asked(warehouse, "alarm_gaps") == [], "an ended life's gaps are history"
    assert asked(warehouse, "alarm_disputes") == []
    warehouse.call(
        "settle_entries",
        channel_id=9,
        epoch=1,
        at=NOW - 2 * HOUR,
        horizon=NOW,
        entry_ids=[1],
        created_ats=[NOW - 2 * DAY],
        findings=["disputed"],
    )
    assert asked(warehouse, "alarm_disputes") == [(9, 0, NOW - 2 * HOUR, 1.0)]


# Values beyond a limit


def beyond(
    warehouse: Warehouse, kind: str, limit: float, clear: float, span: float = 0.0
) -> list[tuple[Any, ...]]:
    rows = warehouse.query(
        "alarm_values",
        rule_numbers=[3],
        channel_ids=[9],
        field_numbers=[2],
        kinds=[kind],
        limits=[limit],
        clears=[clear],
        spans=[span],
        as_of=NOW,
    ).to_pylist()
    return [(r["RuleNumber"], r["SinceAt"], round(r["Figure"], 6)) for r in rows]


def loaded(warehouse: Warehouse, values: list[float | None]) -> datetime:
    """Field 2 has these values, ten minutes apart, the last ten minutes ago; when it began."""
    began = NOW - 10 * MINUTE * len(values)
    rows = [row(n + 1, began + n * 10 * MINUTE, Field2=v, Field1=99) for n, v in enumerate(values)]
    warehouse.load([batch(rows)])
    return began


@pytest.mark.parametrize(
    ("values", "since"),
    [
        ([20, 31, 32, 33], 1),
        ([31, 32, 20, 33], None),  # for half an hour in a row, not in all
        ([31, 32, 33, 29], 0),  # between clear and limit: not back yet
        ([31, 32, 33, 28], None),  # back
        ([31, 32, 33, 28, 31], None),  # and again, but not for so long
        ([31, 32, None, 33], 0),  # a reading without the value says nothing
        ([30, 30, 30, 30], None),  # at the limit is not beyond it
        ([31, 32], None),
    ],
)
def test_a_value_beyond_its_limit(
    warehouse: Warehouse, values: list[float | None], since: int | None
) -> None:
    """Above 30 for twenty minutes opens, 28 or less closes; below is the same turned over."""
    began = loaded(warehouse, values)
    last = next(value for value in reversed(values) if value is not None)
    wanted = [] if since is None else [(3, began + since * 10 * MINUTE, last)]
    assert beyond(warehouse, "above", 30, 28, 1200) == wanted


def test_a_value_below_its_limit_and_one_that_runs_away(warehouse: Warehouse) -> None:
    """Below counts downwards; a rate is the change an hour, whichever way."""
    began = loaded(warehouse, [5, 4, 3, 2, 1])
    assert beyond(warehouse, "below", 3.5, 6) == [(3, began + 20 * MINUTE, 1.0)]
    assert beyond(warehouse, "below", 0.5, 6) == []
    assert beyond(warehouse, "rate", 5.9, 1) == [(3, began + 10 * MINUTE, 1.0)]
    assert beyond(warehouse, "rate", 6.1, 1) == []
    assert beyond(warehouse, "rate", 5.9, 1, 1800) == [(3, began + 10 * MINUTE, 1.0)]
    assert beyond(warehouse, "rate", 5.9, 1, 1801) == []


# Alerts and messages


def firing(channel_id: int = 9, rule: str = "hot", level: int = 1, **values: Any) -> dict[str, Any]:
    return {
        "rule_name": rule,
        "severity": ("info", "warning", "critical")[level],
        "level": level,
        "channel_id": channel_id,
        "field_number": 1,
        "since_at": NOW - HOUR,
        "figure": 1.5,
        "summary": f"{rule} of {channel_id}",
        "for_seconds": 0.0,
        **values,
    }


def settled(warehouse: Warehouse, at: datetime, *fires: dict[str, Any], **given: Any) -> list[int]:
    """How many alerts opened and ended, and how many messages were made."""
    said = {
        "judged": ["hot", "cold"],
        "configured": ["hot", "cold"],
        "calm": 600,
        "gather": 0,
        "pause": 900,
        "receivers": ["me"],
        "levels": [1],
        **given,
    }
    row = warehouse.call("settle_alerts", firing=list(fires), as_of=at, **said).to_pylist()[0]
    return [row["Opened"], row["Ended"], row["Notices"]]


def claimed(warehouse: Warehouse, at: datetime, by: str = "one") -> list[tuple[Any, ...]]:
    rows = warehouse.call(
        "claim_notices", claimed_by=by, as_of=at, claimed_until=at + 5 * MINUTE, limit=20
    ).to_pylist()
    return [(r["NoticeID"], r["NoticeKind"], r["Receiver"], r["Attempts"]) for r in rows]


def marked(warehouse: Warehouse, notice: int, kind: str, at: datetime, **given: Any) -> int:
    said = {"receiver": "me", "claimed_by": "one", **given}
    done = warehouse.call("mark_notice", notice_id=notice, notice_kind=kind, as_of=at, **said)
    return int(done["Notices"][0].as_py())


def test_an_incident_is_told_once_and_its_end_once(warehouse: Warehouse) -> None:
    """However often it is looked: one message when it opens, one when it has ended for good."""
    assert settled(warehouse, NOW, firing()) == [1, 0, 1]
    for minute in range(1, 30):
        assert settled(warehouse, NOW + minute * MINUTE, firing()) == [0, 0, 0]
    gone = NOW + 30 * MINUTE
    assert settled(warehouse, gone) == [0, 0, 0]
    assert settled(warehouse, gone + 9 * MINUTE) == [0, 0, 0]
    assert settled(warehouse, gone + 10 * MINUTE) == [0, 1, 1]
    assert settled(warehouse, gone + 20 * MINUTE) == [0, 0, 0]
    (alert,) = warehouse.query("alerts", as_of=gone, ended_since=NOW).to_pylist()
    assert (alert["OpenedAt"], alert["QuietSince"]) == (NOW, gone)
    assert warehouse.query("alerts", as_of=gone).num_rows == 0


def test_words_come_back_as_they_are(warehouse: Warehouse) -> None:
    """Whatever a summary, an error or a reason says, and a figure that there is none of."""
    words = "it's \\ 'so'\n\t{as_of:String} [NULL] -- \\N é 温"
    settled(warehouse, NOW, firing(summary=words, figure=None))
    (alert,) = warehouse.query("alerts", as_of=NOW).to_pylist()
    assert (alert["Summary"], alert["Figure"]) == (words, None)
    ((number, *_),) = claimed(warehouse, NOW)
    assert marked(warehouse, number, "opened", NOW, error=words, due_at=NOW) == 1
    assert warehouse.query("notices_waiting")["Error"].to_pylist() == [words]
    span = {"silenced_from": NOW, "silenced_until": NOW + HOUR}
    warehouse.call("silence_alerts", rule_name="it's", reason=words, made_by="m", **span)
    (silence,) = warehouse.query("alert_silences", as_of=NOW).to_pylist()
    assert (silence["RuleName"], silence["Reason"]) == ("it's", words)


def test_what_flaps_is_one_incident(warehouse: Warehouse) -> None:
    """What comes back within the calm time is the same alert; the oftener, the longer it takes."""
    assert settled(warehouse, NOW, firing()) == [1, 0, 1]
    at = NOW
    for _ in range(3):
        at += 5 * MINUTE
        assert settled(warehouse, at) == [0, 0, 0]
        at += 5 * MINUTE
        assert settled(warehouse, at, firing()) == [0, 0, 0]
    at += 5 * MINUTE
    assert settled(warehouse, at) == [0, 0, 0]
    assert settled(warehouse, at + 39 * MINUTE) == [0, 0, 0]
    assert settled(warehouse, at + 40 * MINUTE) == [0, 1, 1]


def test_a_storm_is_one_message(warehouse: Warehouse) -> None:
    """A thousand alerts of a rule that open together are told together, and end together."""
    storm = [firing(number) for number in range(1, 1001)]
    assert settled(warehouse, NOW, *storm, gather=60) == [1000, 0, 0]
    assert settled(warehouse, NOW + MINUTE, *storm, gather=60) == [0, 0, 1]
    late = [*storm, firing(1001)]
    assert settled(warehouse, NOW + 2 * MINUTE, *late) == [1, 0, 0], "within the pause: later"
    assert settled(warehouse, NOW + 16 * MINUTE, *late) == [0, 0, 1]
    most = late[1:]
    assert settled(warehouse, NOW + 20 * MINUTE, *most, calm=0) == [0, 1, 0]
    assert settled(warehouse, NOW + 21 * MINUTE, calm=0) == [0, 1000, 2]
    ((notice, *_), *_) = claimed(warehouse, NOW + 21 * MINUTE)
    told = warehouse.query("alerts_of_notice", notice_id=notice, as_of=NOW)
    assert told.num_rows in (1000, 1)


def test_messages_are_claimed_by_one(warehouse: Warehouse) -> None:
    """Nobody else gets a claimed message until the claim ends; an end waits for its begin.

    One that was not taken comes again when it is due; one that was sent never.
    """
    settled(warehouse, NOW, firing())
    ((number, *rest),) = claimed(warehouse, NOW)
    assert rest == ["opened", "me", 1]
    assert claimed(warehouse, NOW + 4 * MINUTE, "two") == []
    assert claimed(warehouse, NOW + 5 * MINUTE, "two") == [(number, "opened", "me", 2)]
    assert marked(warehouse, number, "opened", NOW) == 0, "it is no longer ours"
    later = NOW + 10 * MINUTE
    failed = {"claimed_by": "two", "error": "no answer", "due_at": later}
    assert marked(warehouse, number, "opened", NOW + 5 * MINUTE, **failed) == 1
    (waiting,) = warehouse.query("notices_waiting").to_pylist()
    assert (waiting["Notices"], waiting["Error"]) == (1, "no answer")
    settled(warehouse, NOW + 6 * MINUTE, calm=0)
    assert claimed(warehouse, NOW + 9 * MINUTE) == []
    assert claimed(warehouse, later) == [(number, "opened", "me", 3)]
    assert marked(warehouse, number, "opened", later) == 1
    assert claimed(warehouse, later) == [(number, "ended", "me", 1)]
    assert marked(warehouse, number, "ended", later) == 1
    assert claimed(warehouse, later + DAY) == []
    assert warehouse.query("notices_waiting").num_rows == 0


def test_receivers_hear_what_is_bad_enough(warehouse: Warehouse) -> None:
    """A message goes to whoever wants it so bad; without receivers alerts are kept all the same."""
    both = {"receivers": ["all", "night"], "levels": [0, 2]}
    assert settled(warehouse, NOW, firing(level=0), **both) == [1, 0, 1]
    assert settled(warehouse, NOW, firing(level=0), firing(8, "cold", 2), **both)[2] == 2
    assert {r for _, _, r, _ in claimed(warehouse, NOW)} == {"all", "night"}
    alone = NOW + DAY
    settled(warehouse, alone, calm=0)
    assert settled(warehouse, alone, firing(5, "cold"), receivers=[], levels=[])[0] == 1
    assert settled(warehouse, alone + HOUR, firing(5, "cold"), firing(4, "hot"))[2] == 1


def test_what_waits_is_not_open(warehouse: Warehouse) -> None:
    """A rule that must hold for an hour opens after it; if it does not hold on, it never was."""
    waits = {"for_seconds": 3600.0}
    assert settled(warehouse, NOW, firing(**waits), firing(8, **waits)) == [0, 0, 0]
    assert warehouse.query("alerts", as_of=NOW).num_rows == 0
    assert settled(warehouse, NOW + 59 * MINUTE, firing(**waits)) == [0, 0, 0]
    assert settled(warehouse, NOW + HOUR, firing(**waits), firing(8, **waits)) == [1, 0, 1]
    assert [a["ChannelID"] for a in warehouse.query("alerts", as_of=NOW).to_pylist()] == [9]


def test_what_is_silenced_is_kept_and_told_later(warehouse: Warehouse) -> None:
    """A silence of a channel, a rule or all; what is open when it ends is told then."""
    spans = {"silenced_from": NOW, "silenced_until": NOW + HOUR, "reason": "r", "made_by": "m"}
    made = warehouse.call("silence_alerts", channel_id=9, **spans)["SilenceID"][0].as_py()
    assert settled(warehouse, NOW, firing(), firing(8)) == [2, 0, 1]
    shown = {
        a["ChannelID"]: a["SilencedUntil"] for a in warehouse.query("alerts", as_of=NOW).to_pylist()
    }
    assert shown == {9: NOW + HOUR, 8: None}
    assert settled(warehouse, NOW + 30 * MINUTE, firing(), firing(8)) == [0, 0, 0]
    ended = NOW + 31 * MINUTE
    assert warehouse.call("end_silence", silence_id=made, ended_at=ended)["Silences"][0].as_py()
    assert not warehouse.call("end_silence", silence_id=made, ended_at=ended)["Silences"][0].as_py()
    assert settled(warehouse, ended, firing(), firing(8)) == [0, 0, 1]
    warehouse.call("silence_alerts", rule_name="cold", **{**spans, "silenced_until": NOW + DAY})
    assert settled(warehouse, NOW + 2 * HOUR, firing(7, "cold"), firing(), firing(8)) == [1, 0, 0]
    assert [s["RuleName"] for s in warehouse.query("alert_silences", as_of=ended).to_pylist()] == [
        "cold"
    ]


def test_what_is_acknowledged_is_not_told(warehouse: Warehouse) -> None:
    """Somebody knows before it was told: no message, and none of its end."""
    settled(warehouse, NOW, firing(), gather=60)
    (alert,) = warehouse.query("alerts", as_of=NOW).to_pylist()
    said = {"acknowledged_by": "me", "acknowledged_at": NOW}
    done = warehouse.call("acknowledge_alerts", alert_ids=[alert["AlertID"], 10**9], **said)
    assert done["Alerts"].to_pylist() == [1]
    assert settled(warehouse, NOW + HOUR, firing()) == [0, 0, 0]
    assert settled(warehouse, NOW + 2 * HOUR, calm=0) == [0, 1, 0]


def test_a_rule_that_could_not_be_judged_ends_nothing(warehouse: Warehouse) -> None:
    """Alerts of a rule that was left out stay; those of one that is no longer set end."""
    settled(warehouse, NOW, firing())
    assert settled(warehouse, NOW + HOUR, judged=["cold"], calm=0) == [0, 0, 0]
    assert settled(warehouse, NOW + HOUR, judged=[], configured=["cold"], calm=0) == [0, 1, 1]
