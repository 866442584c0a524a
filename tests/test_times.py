"""Times and lengths as people write them, zones and the days in them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldhouse.errors import ConfigurationError
from fieldhouse.times import (
    Length,
    amid,
    earlier,
    end_of,
    instant_of,
    length_of,
    offsets_of,
    zone_of,
)

ZURICH = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 11, 29, 15, 30)
ZONES = ["UTC", "Europe/Zurich", "Asia/Kolkata", "America/Havana", "Australia/Lord_Howe"]


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("2026-11-24", "2026-11-23T23:00", "2026-11-24T23:00"),
        ("20261124", "2026-11-23T23:00", "2026-11-24T23:00"),
        ("2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
        ("2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours
        ("2026-11", "2026-10-31T23:00", "2026-11-30T23:00"),
        ("2026-12", "2026-11-30T23:00", "2026-12-31T23:00"),
        ("2026", "2025-12-31T23:00", "2026-12-31T23:00"),
        ("2026-W48", "2026-11-22T23:00", "2026-11-29T23:00"),
        ("2026-W48-7", "2026-11-28T23:00", "2026-11-29T23:00"),
        ("today", "2026-11-28T23:00", "2026-11-29T23:00"),
        (" Yesterday ", "2026-11-27T23:00", "2026-11-28T23:00"),
    ],
)
def test_days_weeks_months_and_years_have_a_begin_and_an_end(
    text: str, begin: str, end: str
) -> None:
    """What is named is whole, in its zone, whichever way its clocks are changed."""
    assert instant_of(text, ZURICH, NOW) == datetime.fromisoformat(begin)
    assert end_of(text, ZURICH, NOW) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-11-29T15:30"),
        ("90m", "2026-11-29T14:00"),
        ("12h", "2026-11-29T03:30"),
        ("7d", "2026-11-22T15:30"),
        ("2w", "2026-11-15T15:30"),
        ("1mo", "2026-10-29T15:30"),
        ("40d", "2026-10-20T14:30"),  # the same time of the day, before the clocks were changed
        ("9mo", "2026-02-28T15:30"),  # the last day of a month that has no 29th
        ("1y", "2025-11-29T15:30"),
        ("2026-11-24T12:00", "2026-11-24T11:00"),
        ("2026-11-24 12:00:30.5", "2026-11-24T11:00:30.5"),
        ("2026-11-24T12:00Z", "2026-11-24T12:00"),
        ("2026-11-24T12:00+05:30", "2026-11-24T06:30"),
        ("2026-03-29T02:30", "2026-03-29T01:30"),  # left out: the one after, 03:30
        ("2026-10-25T02:30", "2026-10-25T00:30"),  # twice: the first
    ],
)
def test_an_instant_is_its_own_end(text: str, expected: str) -> None:
    """A time, or how long ago it was, is read on the clock of its zone."""
    assert instant_of(text, ZURICH, NOW) == datetime.fromisoformat(expected)
    assert end_of(text, ZURICH, NOW) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2026-13", "2026-11-31", "2026-W54", "0d", "7", "7x", "-7d", "9999999y"),
        *("7M", "999999999d", "2026-11-24T25:00", "0000", "10000", "٢٠٢٦"),
        "2026-11-24T12:00+99:00",
    ],
)
def test_what_is_no_time_is_one_line_with_what_would_be(text: str) -> None:
    """No traceback, whatever it is."""
    with pytest.raises(ConfigurationError, match="is no time; write 2026-11-24") as raised:
        instant_of(text, ZURICH, NOW)
    assert "\n" not in str(raised.value)


@given(st.text(max_size=30), st.sampled_from(ZONES))
def test_any_text_is_read_or_refused(text: str, zone: str) -> None:
    """A time or a ConfigurationError; and nothing ends before it begins."""
    try:
        begin = instant_of(text, ZoneInfo(zone), NOW)
    except ConfigurationError:
        return
    assert end_of(text, ZoneInfo(zone), NOW) >= begin


def test_the_last_day_that_there_is_can_be_named() -> None:
    """Open ends are written as years far away."""
    assert end_of("9999-12-31") == end_of("9999") == datetime.max
    assert instant_of("0001-01-01") == datetime.min


def test_lengths() -> None:
    """Units in the singular, the plural, or short; of the clock or of the calendar."""
    assert length_of("5min") == length_of("5m") == length_of("300s") == Length(seconds=300)
    assert length_of("36h") == Length(seconds=36 * 3600)
    assert length_of("2 weeks") == length_of("14d") == Length(days=14)
    assert length_of("1mo") == Length(months=1)
    assert length_of("1y") == length_of("12 months") == Length(months=12)
    for text in ("", "5", "0h", "1q", "5M", "-1h", "1.5h", "h"):
        with pytest.raises(ConfigurationError, match="no length of time; write 5min"):
            length_of(text)


def test_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    """By name; ``local`` is this computer's; what is none says what would be one."""
    assert zone_of("Europe/Zurich") == ZURICH and zone_of("utc") == ZoneInfo("UTC")
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    assert zone_of("local") == ZoneInfo("Asia/Kolkata")
    for name in ("Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "a\x00b", "Europe"):
        with pytest.raises(ConfigurationError, match="is no time zone; write Europe/Zurich"):
            zone_of(name)
    monkeypatch.setenv("TZ", "CEST-nonsense")
    with pytest.raises(ConfigurationError, match="does not say the name of its time zone"):
        zone_of("local")


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(1900, 1, 1), datetime(2040, 1, 1)),
    st.integers(1, 3 * 365 * 86_400),
    st.floats(0, 1),
)
def test_offsets_are_those_of_the_zone(
    zone: str, start: datetime, seconds: int, share: float
) -> None:
    """At any instant of the span, the zone's own answer."""
    offsets = offsets_of(ZoneInfo(zone), start, start + timedelta(seconds=seconds))
    instant = start + timedelta(seconds=int(seconds * share))
    found = [one for one in offsets if one.start <= instant][-1]
    own = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert own is not None and found.seconds == int(own.total_seconds())


def test_the_display_zone_is_a_setting(tmp_path: Path) -> None:
    """From the file or the environment; what is no zone names its place in one line."""
    from fieldhouse.settings import load_settings

    (tmp_path / "fieldhouse.toml").write_text('[display]\ntimezone = "Europe/Zurich"\n')
    assert load_settings(directory=tmp_path, environ={}).display_zone == ZURICH
    environ = {"FIELDHOUSE_DISPLAY_TIMEZONE": "Mars"}
    with pytest.raises(ConfigurationError, match="DISPLAY_TIMEZONE: 'Mars' is no time zone"):
        load_settings(directory=tmp_path, environ=environ)
    (tmp_path / "fieldhouse.toml").write_text("[display]\ntimezone = 1\n")
    with pytest.raises(ConfigurationError, match=r"\[display\] timezone must be a time zone as"):
        load_settings(directory=tmp_path, environ={})


@pytest.mark.parametrize(
    ("given", "length"),
    [
        (timedelta(hours=1), Length(seconds=3600)),
        (timedelta(days=2), Length(days=2)),
        (timedelta(minutes=1500), Length(seconds=90_000)),
    ],
)
def test_a_length_may_be_a_timedelta(given: timedelta, length: Length) -> None:
    """Whole days are the calendar's, of 23 and 25 hours; anything else is so many seconds."""
    assert length_of(given) == length


@pytest.mark.parametrize(
    "given", [timedelta(0), timedelta(seconds=-5), timedelta(microseconds=7), 60]
)
def test_what_is_no_length_is_told(given: object) -> None:
    """Of a number nobody knows the unit, and a period takes whole seconds."""
    with pytest.raises(ConfigurationError, match="is no length of time"):
        length_of(given)  # type: ignore[arg-type]


def test_looking_back_ends_where_all_time_begins() -> None:
    """So much earlier than an instant of the first days is their begin; a length is as long there
    as elsewhere; and what looks a year back or ahead, in any zone, is moved to where it can."""
    first = datetime(1, 1, 2, 12)
    assert earlier(first, timedelta(days=30)) == datetime.min
    assert earlier(NOW, timedelta(days=1)) == datetime(2026, 11, 28, 15, 30)
    assert length_of("3d").up_to(first) == length_of("3d").up_to(NOW) == timedelta(days=3)
    assert length_of("1mo").up_to(first) == timedelta(days=31)
    assert length_of("999999999y").up_to(NOW) == timedelta.max
    assert amid(NOW) == NOW
    for end in (datetime.min, datetime.max):
        for way in (-1, 1):
            amid(end).replace(tzinfo=UTC).astimezone(ZURICH) + way * timedelta(days=366)
