"""What happened to people's channels, lived through once, on both houses.

Each life here is told with the rules of the machine, which checks every run and, at the end of each
test, that the house is what it must be once the source is quiet.
"""

from dataclasses import replace
from datetime import datetime

import pytest
from house import House
from machine import GAP_BUDGET, INVESTIGATION, Lives
from model import DAY, HOUR, MINUTE, instant
from verdict import epochs

BEGINNING = datetime(2000, 1, 1)


def differences(life: Lives) -> list[str]:
    return life.judge.differences(life.house)


def test_a_device_in_2041_is_cleared_and_set_right(life: Lives) -> None:
    """All rows are dated 2041; the channel is cleared, the clock set right, rows are written: a new
    epoch begins, and the old rows stay in theirs."""
    life.future(count=5, ahead=5500 * DAY)
    life.poll(seconds=MINUTE)
    life.clear(gradually=False)
    life.live(count=5, step=1, mask=7)
    life.poll(seconds=MINUTE)
    assert epochs(life.held) == 2
    life.settle()
    assert len(life.house.current()) == 10


def test_values_that_were_corrected_at_the_source_are_read_again_at_once(life: Lives) -> None:
    """Under ids and times that we know: `backfill --from` brings them, however lately we ran, and a
    sweep does, whatever the distance of the polls."""
    life.live(count=40, step=MINUTE, mask=7)
    life.poll(seconds=MINUTE)
    life.source.reimport(corrected=[3, 5, 30], by_time=False)
    life.again(page_size=8000, ago=9 * DAY)
    assert not differences(life)
    life.source.wait(DAY)
    life.poll(seconds=MINUTE)
    life.source.reimport(corrected=[4], by_time=False)
    for _ in range(2 * DAY // 1500):
        life.poll(seconds=1500)
    assert not differences(life)


@pytest.mark.parametrize(
    ("coming", "going"),
    [
        (6, [0, 1, 2]),
        (6, [-1]),
        (1, [-1, -2, -3]),
        (1, [-1, 0, 7]),
    ],
)
def test_a_gradual_clear_leaves_the_old_rows_in_their_epoch(
    life: Lives, coming: int, going: list[int]
) -> None:
    """last_entry_id is null at once, old rows vanish while new ones arrive: what is left of the old
    life never enters the new epoch, also when the new ids reach the old ones'."""
    life.live(count=40, step=MINUTE, mask=7)
    life.poll(seconds=MINUTE)
    old = {(held.entry_id, held.created_at) for held in life.held}
    life.clear(gradually=True)
    for _ in range(10):
        life.live(count=coming, step=1, mask=7)
        life.vanish(which=going)
        life.poll(seconds=MINUTE)
        assert not {each for each in life.held if each.epoch > 1 and each[1:] in old}
    life.vanish(which=None)
    life.poll(seconds=MINUTE)
    life.settle()
    assert epochs(life.held) == 2
    assert life.source.served().keys() <= {each[1:3] for each in life.house.current()}


def corrected(life: Lives) -> None:
    """A thousand rows, read; then one old row is taken out and one put in by export and import."""
    life.live(count=1000, step=MINUTE, mask=7)
    life.poll(seconds=HOUR)
    newest = life.source.own[-1]
    life.reimport(dropped=[300], corrected=[], put_in=[700], first=None, by_time=True)
    again = life.source.own[-1]
    assert (again.id, again.created_at) == (newest.id, newest.created_at)


def test_reading_again_repairs_a_reimport_at_once(life: Lives) -> None:
    """The newest entry is what it was after an export, a correction and an import, but 400 others
    are not: `backfill --from` finds it, and all is right after that run."""
    corrected(life)
    outcome = life.read(replace(life.orders(), again=BEGINNING))
    assert outcome.state == "success"
    assert not differences(life)
    life.settle()


def test_the_sweep_finds_a_reimport(life: Lives) -> None:
    """The same, left alone: within days the sweep of the settled past finds it."""
    corrected(life)
    life.settle()
    assert len(life.house.current()) == 1000


@pytest.mark.parametrize("follows", [False, True], ids=["the counter stays", "the counter follows"])
def test_the_newest_entry_is_deleted_and_later_ones_follow(life: Lives, follows: bool) -> None:
    """The reading is kept and counts no more, and the next run goes on."""
    life.live(count=50, step=MINUTE, mask=7)
    life.poll(seconds=MINUTE)
    deleted = life.source.own[-1]
    life.delete_newest(count=1, follows=follows)
    outcome = life.read(life.orders())
    assert outcome.state == "success"
    life.live(count=3, step=1, mask=7)
    life.poll(seconds=MINUTE)
    life.settle()
    assert instant(deleted.created_at) not in {r.created_at for r in life.house.current()}
    assert len(life.house.current()) == 52
    assert len(life.held) >= 53


def test_a_reimport_of_the_first_forty_of_fifty(life: Lives) -> None:
    """The ten that were not imported count no more."""
    life.live(count=50, step=MINUTE, mask=7)
    life.poll(seconds=HOUR)
    life.reimport(dropped=range(40, 50), corrected=[], put_in=[], first=None, by_time=True)
    life.settle()
    assert len(life.house.current()) == 40


@pytest.mark.parametrize("read_before_more", [False, True])
def test_a_reimport_without_five_bad_rows(life: Lives, read_before_more: bool) -> None:
    """The five rows dropped from the middle count no more, all others do."""
    life.live(count=50, step=MINUTE, mask=7)
    life.poll(seconds=HOUR)
    bad = [instant(entry.created_at) for entry in life.source.own[20:25]]
    life.reimport(dropped=range(20, 25), corrected=[], put_in=[], first=None, by_time=True)
    if read_before_more:
        life.poll(seconds=MINUTE)
    life.live(count=2, step=1, mask=7)
    life.settle()
    assert not {reading.created_at for reading in life.house.current()} & set(bad)
    assert len(life.house.current()) == 47


@pytest.mark.parametrize("steps", [5, 13, 21])
def test_late_rows_into_a_backfill_that_was_interrupted(life: Lives, steps: int) -> None:
    """A backfill is interrupted; rows come late, dated into what was read, and the holes among the
    ids after them are many: they are found all the same."""
    life.live(count=3000, step=10 * MINUTE, mask=7)
    life.killed(page_size=100, steps=steps)
    life.late(count=3, ago=30 * HOUR, step=1)
    life.ragged(count=14, missing=3, late=False, ago=0)
    life.run(page_size=100)
    life.poll(seconds=MINUTE)
    life.settle()
    assert len(life.house.current()) == 3017


def test_a_bulk_write_is_counted_before_it_is_served(life: Lives) -> None:
    """Polls meanwhile call no id absent, and find each row once it is served."""
    life.live(count=50, step=MINUTE, mask=7)
    life.poll(seconds=HOUR)
    times = [life.source.now - n * 20 for n in range(30)]
    life.source.bulk(times, [n * 7919 % 280 for n in range(30)])
    for _ in range(5):
        life.poll(seconds=MINUTE)
        assert not [run for run in life.house.gaps("absent") if run[1] > 50]
    assert not differences(life)
    life.settle()


def test_a_bulk_write_that_takes_an_hour(life: Lives) -> None:
    """Ids may be called absent after some minutes, but once more they are asked for."""
    life.live(count=50, step=MINUTE, mask=7)
    life.poll(seconds=HOUR)
    life.source.bulk([life.source.now - 3 * DAY + n for n in range(5)], [40 * MINUTE] * 5)
    for _ in range(4):
        life.poll(seconds=10 * MINUTE)
    life.settle()
    assert len(life.house.current()) == 55


@pytest.mark.parametrize("page_size", [20, 100, 8000])
def test_gaps_that_need_windows_stay_within_the_budget(life: Lives, page_size: int) -> None:
    """Rows come late all over a past that was read: every request that looks for them counts
    against the thirty of a run, also those that read a window of time."""
    life.live(count=2000, step=20, mask=1)
    life.run(page_size=500)
    life.poll(seconds=HOUR)
    past = life.source.now - HOUR - 40_000
    for group in range(14):
        life.source.write((past + (group * 977 + n * 13_001) % 39_000 for n in range(3)), mask=1)
        life.live(count=1, step=0, mask=1)
    for _ in range(40):
        outcome = life.read(life.orders(page_size))
        assert outcome.requests <= 1 + GAP_BUDGET + INVESTIGATION // 4
        life.source.wait(10 * MINUTE)
    life.settle()


@pytest.mark.parametrize("known", [True, False], ids=["known before", "added while hidden"])
def test_a_field_is_hidden_and_shown_again(life: Lives, known: bool) -> None:
    """What was read while a field was hidden lacks its values: when it is shown, they come."""
    life.relabel(number=3, shown=True)
    life.live(count=50, step=HOUR, mask=7)
    if known:
        life.poll(seconds=MINUTE)
    life.relabel(number=3, shown=False)
    life.live(count=50, step=1, mask=7)
    life.poll(seconds=3 * HOUR)
    life.live(count=50, step=1, mask=7)
    life.relabel(number=3, shown=True)
    life.poll(seconds=HOUR)
    assert not differences(life), "the run that sees the label brings what was read without it"
    life.settle()
    assert all(reading.values[2] is not None for reading in life.house.current())


@pytest.mark.parametrize(
    ("off", "ahead"),
    [
        (-20_500 * DAY, HOUR),
        (-20_500 * DAY, 4 * DAY),
        (3 * DAY, 2 * DAY),
        (5000 * DAY, 4 * DAY),
        (-25 * HOUR, 2 * DAY),
        (3 * DAY, HOUR),
    ],
)
def test_our_clock_is_wrong_and_then_right(life: Lives, off: int, ahead: int) -> None:
    """A machine without a clock of its own starts in 1970, or was days ahead, and the channel has a
    row dated ahead: what is there is read all the same, and nothing is wrong once we are right."""
    life.live(count=50, step=HOUR, mask=7)
    life.future(count=1, ahead=ahead)
    life.our_clock(off=off)
    assert life.read(life.orders()).state == "success"
    assert not differences(life)
    life.live(count=5, step=MINUTE, mask=7)
    life.poll(seconds=HOUR)
    assert not differences(life)
    life.our_clock(off=0)
    life.live(count=5, step=MINUTE, mask=7)
    assert life.read(life.orders()).state == "success"
    assert not differences(life)
    life.settle()


@pytest.mark.parametrize(
    ("page_size", "same", "seconds"),
    [
        (100, 960, 4),
        (3, 40, 20),
        (1, 7, 20),
    ],
)
def test_more_entries_in_a_second_than_in_a_page(
    life: Lives, page_size: int, same: int, seconds: int
) -> None:
    """The page size is what is asked for at first, and no second is too large for it."""
    now = life.source.now
    life.source.write(now - second for second in range(seconds) for _ in range(same))
    outcome = life.read(life.orders(page_size))
    assert (outcome.state, outcome.error) == ("success", "")
    assert not differences(life)
    life.settle()


def test_the_same_question_twice_within_a_second(life: Lives) -> None:
    """ThingSpeak keeps an answer of more than 100 rows by its query: no text is sent twice, and
    what was written between two runs is seen, however soon they follow each other."""
    life.live(count=150, step=1, mask=7)
    life.run(page_size=8000)
    life.live(count=3, step=0, mask=7)
    life.run(page_size=8000)
    assert not differences(life)
    life.settle()


@pytest.mark.parametrize("page_size", [5, 20, 8000])
def test_whole_pages_of_entries_without_a_time(life: Lives, page_size: int) -> None:
    """The newest thirty of sixty, and some amid the others, have no time: pages that show nothing
    else prove nothing of the time behind them, and all others are read in one run."""
    life.live(count=60, step=MINUTE, mask=7)
    life.source.without_time({3, 10, 11, *range(31, 61)})
    life.wait(seconds=HOUR)
    assert life.read(life.orders(page_size)).state == "success"
    assert len(life.held) == 27
    life.settle()


def test_entries_without_a_time_come_while_a_channel_is_polled(life: Lives) -> None:
    """More of them than a poll's page holds, then late rows and ids that never were: what was
    written before them, and not yet read, is not passed over."""
    life.live(count=20, step=MINUTE, mask=7)
    life.poll(seconds=HOUR)
    life.live(count=8, step=1, mask=7)
    life.wait(seconds=MINUTE)
    life.live(count=30, step=1, mask=7)
    life.source.without_time(range(29, 59))
    assert life.read(life.orders(10)).state == "success"
    assert not [each for each in differences(life) if "does not count" in each]
    life.late(count=3, ago=2 * HOUR, step=400)
    life.skip(count=5)
    life.live(count=2, step=1, mask=7)
    life.poll(seconds=10 * MINUTE)
    life.settle()
    assert len(life.house.current()) == 33


def test_a_channel_without_times_is_cleared(life: Lives) -> None:
    """Some or all entries of a life had no time; the next life is read as any, and the readings of
    the first stay."""
    life.live(count=12, step=MINUTE, mask=7)
    life.source.without_time(range(5, 13))
    life.poll(seconds=HOUR)
    life.clear(gradually=False)
    life.source.without_time(())
    life.live(count=10, step=1, mask=7)
    life.poll(seconds=10 * MINUTE)
    life.settle()
    assert epochs(life.held) == 2
    assert len(life.house.current()) == 14


@pytest.mark.parametrize("ids", [[7], [20], list(range(1, 21))], ids=["one", "newest", "all"])
def test_entries_lose_their_time_for_a_while(life: Lives, ids: list[int]) -> None:
    """What we hold is shown without a time, and some days later with it: nothing is lost by it, and
    in the end all counts."""
    life.live(count=20, step=MINUTE, mask=7)
    life.poll(seconds=HOUR)
    life.source.innocent = False
    life.source.without_time(ids)
    life.read(replace(life.orders(), again=BEGINNING))
    for _ in range(3):
        life.poll(seconds=DAY)
    life.source.without_time(())
    life.live(count=2, step=1, mask=7)
    life.settle()
    assert len(life.house.current()) == 22


@pytest.mark.parametrize("after", range(1, 5))
def test_a_state_that_another_process_moved_on(life: Lives, after: int) -> None:
    """A process loses the channel's lock in mid-run, another makes a whole run: what the first then
    writes as things stood before is refused, and nothing of the other's is undone."""
    life.live(count=10, step=HOUR, mask=7)
    life.skip(count=2)
    life.live(count=10, step=MINUTE, mask=7)
    life.wait(seconds=HOUR)
    inner: list[set[int]] = []

    def other() -> None:
        life.skip(count=3)
        life.live(count=2, step=1, mask=7)
        life.wait(seconds=10 * MINUTE)
        life.house.run(replace(life.orders(), unlocked=True))
        inner.append(explained(life.house))

    life.source.meanwhile(after, other)
    life.read(replace(life.orders(), unlocked=True))
    if inner:
        assert inner[0] <= explained(life.house)
    life.settle()


def explained(house: House) -> set[int]:
    """The ids that are missing and known to be."""
    runs = [*house.gaps("absent"), *house.gaps("open")]
    return {i for first, last in runs for i in range(first, last + 1)}
