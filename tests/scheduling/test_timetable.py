"""When channels are due: by a rhythm of their own, drift-free, spread out, nobody starved."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldhouse.scheduling.timetable import Bounds, Rhythm, Timetable, distance, next_due

T0 = datetime(2026, 11, 30)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOUNDS = Bounds(5 * MINUTE, DAY)


def kept(*channel_ids: int, **known: object) -> Timetable:
    """A timetable of channels of which the same is known, at T0."""
    table = Timetable(BOUNDS)
    known = {"begun": T0, "since": T0, "is_whole": True, **known}
    table.keep({each: Rhythm(**known) for each in channel_ids}, T0)  # type: ignore[arg-type]
    return table


def polled(
    table: Timetable, until: datetime, step: timedelta = 10 * timedelta(seconds=1)
) -> Counter[int]:
    """Read what is due, each at once, until an instant; how often each was read."""
    now, times = T0, Counter[int]()
    while now < until:
        while (channel_id := table.take(now)) is not None:
            times[channel_id] += 1
            table.ended(channel_id, now, failed=False, is_new=True, is_whole=True)
        now += step
    return times


@given(
    channel_id=st.integers(1, 2**31),
    seconds=st.integers(1, 200_000),
    late=st.lists(st.floats(0, 3), min_size=20, max_size=20),
)
def test_due_times_do_not_drift(channel_id: int, seconds: int, late: list[float]) -> None:
    """However late each poll ends, the due times are whole numbers of distances apart."""
    apart = timedelta(seconds=seconds)
    first = due = next_due(channel_id, T0, apart)
    for share in late:
        ended = due + share * apart
        due = next_due(channel_id, ended, apart)
        assert timedelta(0) <= due - ended <= apart + timedelta(microseconds=2)
        off = (due - first) / apart
        assert abs(off - round(off)) * seconds < 1e-3


def test_a_fleet_does_not_ask_on_the_hour() -> None:
    """Ten thousand channels of one rhythm are due evenly: no twentieth of it has a third more."""
    apart = HOUR
    twentieths = Counter(
        int((next_due(number, T0, apart) - T0) / apart * 20) for number in range(1, 10_001)
    )
    assert len(twentieths) == 20
    assert max(twentieths.values()) < 10_000 / 20 * 4 / 3


@pytest.mark.parametrize(
    ("usual", "expected"),
    [(timedelta(seconds=15), 5 * MINUTE), (HOUR, HOUR), (3 * DAY, DAY), (None, 5 * MINUTE)],
)
def test_a_channel_is_asked_as_often_as_it_sends(
    usual: timedelta | None, expected: timedelta
) -> None:
    """Its usual distance is that of its polls, within the bounds."""
    assert distance(Rhythm(usual=usual, since=T0), T0, BOUNDS) == expected
    times = polled(kept(7, usual=usual), T0 + 2 * DAY)
    assert abs(times[7] - 2 * DAY / expected) <= 1


def test_a_dead_channel_is_asked_ever_more_rarely() -> None:
    """The distance never falls as the silence grows, doubles, and ends at the longest."""
    rhythm = Rhythm(usual=10 * MINUTE, since=T0, is_whole=True)
    silences = [timedelta(minutes=m) for m in (0, 79, 81, 161, 330, 700, 1_500, 10_000, 500_000)]
    found = [distance(rhythm, T0 + silence, BOUNDS) for silence in silences]
    assert found == sorted(found) and found[0] == 10 * MINUTE and found[-1] == DAY
    assert found[3] == 20 * MINUTE and found[4] == 40 * MINUTE


def test_a_dead_channel_costs_the_others_nothing() -> None:
    """Beside 20 that never answer, a living one is asked as often as if it were alone."""
    table = kept(*range(1, 22), usual=5 * MINUTE)
    now, times = T0, Counter[int]()
    while now < T0 + DAY:
        while (channel_id := table.take(now)) is not None:
            times[channel_id] += 1
            table.ended(
                channel_id, now, failed=channel_id > 1, is_new=channel_id == 1, is_whole=True
            )
        now += timedelta(seconds=10)
    assert abs(times[1] - 288) <= 1
    assert max(times[each] for each in range(2, 22)) <= 12


def test_one_that_answers_again_is_asked_as_before() -> None:
    """Failures make a channel rare, and one success makes it usual again."""
    table = kept(7, usual=5 * MINUTE, failures=6)
    rare = table.due_at(7)
    assert rare == next_due(7, T0, 320 * MINUTE)
    assert table.take(rare) == 7
    table.ended(7, rare, failed=False, is_new=True, is_whole=True)
    again = table.due_at(7)
    assert again and again - rare <= 5 * MINUTE


def test_what_is_quick_goes_before_what_may_take_long() -> None:
    """A channel without its past is read after all that are due and have theirs."""
    table = kept(1, 2, 3)
    table.keep(
        {each: Rhythm(begun=T0, since=T0, is_whole=True) for each in (1, 2, 3)} | {9: Rhythm()}, T0
    )
    now = T0 + 6 * MINUTE
    assert table.is_long(9) and not table.is_long(1)
    assert {table.take(now) for _ in range(3)} == {1, 2, 3}
    assert table.take(now, long_ones=False) is None
    assert table.take(now) == 9


def test_who_has_waited_longest_is_first() -> None:
    """When nobody keeps up, channels are read in the order in which they fell due: none starves."""
    table = kept(*range(1, 200), usual=5 * MINUTE)
    dues = {each: table.due_at(each) for each in range(1, 200)}
    late = T0 + HOUR
    order = []
    while (channel_id := table.take(late)) is not None:
        order.append(dues[channel_id])
    assert len(order) == 199 and order == sorted(order)  # type: ignore[type-var]


def test_nobody_is_read_twice_at_once() -> None:
    """A channel that was taken is not due until it has ended, whatever is said of it meanwhile."""
    table = kept(7)
    now = T0 + 6 * MINUTE
    assert table.take(now) == 7 and table.taken == {7}
    table.hint(7, now)
    table.keep({}, now)
    table.keep({7: Rhythm(is_whole=True)}, now)
    assert table.take(now + DAY) is None
    table.ended(7, now, failed=False, is_new=False, is_whole=True)
    assert table.take(now + DAY) == 7


def test_a_hint_makes_a_channel_due() -> None:
    """One that is said to have something new is read now, and then at its own times again."""
    table = kept(7, usual=HOUR)
    now = T0 + timedelta(seconds=1)
    assert table.take(now) is None
    table.hint(7, now)
    assert table.take(now) == 7
    table.ended(7, now, failed=False, is_new=True, is_whole=True)
    assert table.due_at(7) == next_due(7, now, HOUR)


def test_what_is_taken_up_is_due_as_if_we_had_been_there() -> None:
    """What another worker asked a moment ago waits; what nobody asks is due."""
    table = Timetable(BOUNDS)
    now = T0 + DAY
    whole = {"usual": HOUR, "since": now, "is_whole": True}
    table.keep({1: Rhythm(begun=now, **whole), 2: Rhythm(begun=T0, **whole), 3: Rhythm()}, now)  # type: ignore[arg-type]
    due = {each: table.due_at(each) for each in (1, 2, 3)}
    assert due[1] == next_due(1, now, HOUR) and due[2] == next_due(2, T0, HOUR) and due[3] == now


def test_channels_that_are_gone_are_not_read() -> None:
    """What is no longer kept is never taken, though it was due; what stays keeps its time."""
    table = kept(1, 2)
    due = table.due_at(2)
    table.keep({2: Rhythm(usual=DAY)}, T0)
    assert table.due_at(2) == due and 1 not in table and len(table) == 1
    assert [table.take(T0 + DAY), table.take(T0 + DAY)] == [2, None]
