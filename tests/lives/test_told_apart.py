"""Lives that were told wrong once, each lived through again, as in `test_scenarios.py`.

What an older life has under the same id and time is left of a gradual clear, or shown again: for an
hour nobody knows. In most of these lives something else happens within that hour.
"""

import pytest
from machine import Lives
from model import DAY, HOUR, MINUTE, instant
from verdict import epochs


def test_ids_that_leftovers_hid_may_be_ours(life: Lives) -> None:
    """Old rows are shown under ids that the new life has read: once they have vanished, these ids
    are never called absent, however many others are to be asked for."""
    life.live(count=1, step=1, mask=7)
    life.burst(count=101, seconds=1)
    life.ragged(count=6, missing=1, late=False, ago=0)
    life.poll(seconds=1)
    life.clear(gradually=True)
    life.live(count=3, step=1, mask=7)
    life.vanish(which=[2])
    life.poll(seconds=1)
    life.vanish(which=None)
    life.settle()


def test_ids_that_leftovers_hid_may_just_have_been_given_out(life: Lives) -> None:
    """A bulk write counts ids under which old rows are shown yet: these vanish before it is served,
    and its ids are not called absent within minutes."""
    life.live(count=5, step=MINUTE, mask=7)
    life.poll(seconds=MINUTE)
    life.clear(gradually=True)
    life.source.bulk([life.source.now - n for n in range(5)], [290, 290, 290, 290, 0])
    life.vanish(which=[4])
    life.poll(seconds=1)
    life.vanish(which=None)
    life.again(page_size=8000, ago=9 * DAY)
    assert not life.house.gaps("absent")
    life.settle()
    assert len(life.house.current()) == 10


def test_a_clear_that_was_not_over_proves_no_reimport(life: Lives) -> None:
    """Nearly all of an older life is still shown when the new one writes into the very seconds of
    the few that are not. Once that is cleared in turn, the older life was left of the clear, and
    counts."""
    life.live(count=40, step=MINUTE, mask=7)
    life.poll(seconds=MINUTE)
    deleted = [entry.created_at for entry in life.source.own[3:5]]
    life.delete(which=[3, 4], follows=False)
    life.clear(gradually=True)
    life.source.write([*deleted, *(life.source.now - n for n in range(3))])
    life.poll(seconds=MINUTE)
    assert epochs(life.held) == 2
    life.clear(gradually=False)
    life.live(count=1, step=1, mask=7)
    life.settle()
    assert len(life.house.current()) == 40 - 2 + 5 + 1


@pytest.mark.parametrize("polls", [1, 3])
def test_a_row_of_two_lives_that_a_third_one_drops(life: Lives, polls: int) -> None:
    """A row keeps its id in a re-import, and the next one drops it. Asked for once more in between,
    an hour later, it was shown again, and counts no more; before that it may be left of the first
    life, and nobody can say."""
    life.live(count=2, step=1, mask=7)
    life.poll(seconds=MINUTE)
    row = life.source.own[1]
    life.reimport(dropped=[0], corrected=[], put_in=[0], first=None, by_time=True)
    life.live(count=6, step=1, mask=7)
    for _ in range(polls):
        life.source.wait(HOUR)
        life.poll(seconds=MINUTE)
    assert row.id == life.source.own[1].id
    life.reimport(dropped=[1], corrected=[], put_in=[], first=None, by_time=True)
    life.settle()
    if polls > 1:
        assert instant(row.created_at) not in {each.created_at for each in life.house.current()}


def test_an_id_given_out_anew_and_half_a_second_read_before(life: Lives) -> None:
    """The newest is deleted, the counter follows, its id is given out anew: the page that is read
    first does not tell, and half of a second's entries go to the old life, half to the new. Nobody
    can say, after a clear, which of them were shown again."""
    life.burst(count=111, seconds=2)
    life.withhold(which=[11], count=92)
    life.again(page_size=8000, ago=0)
    life.delete_newest(count=1, follows=True)
    life.late(count=1, ago=30, step=0)
    life.restore()
    life.again(page_size=20, ago=0)
    life.clear(gradually=False)
    life.settle()


def test_ids_that_are_counted_when_a_channel_is_first_read(life: Lives) -> None:
    """A bulk write of the past is counted and not yet served when all time is read; there are more
    ids than a run may ask for, and the one that came is not called absent with the others."""
    life.source.bulk([life.source.now - 2 * HOUR], [20])
    life.ragged(count=10, missing=2, late=False, ago=0)
    life.poll(seconds=1)
    life.poll(seconds=10 * MINUTE)
    assert not life.judge.differences(life.house)
    life.settle()


def test_a_new_life_in_which_the_newest_id_is_one_that_never_was(life: Lives) -> None:
    """After a clear the id of our newest entry is skipped, and all that is shown of late has higher
    ones; but the answer shows others under our ids: nothing was deleted, the old life counts."""
    life.future(count=4, ahead=90)
    life.poll(seconds=MINUTE)
    life.clear(gradually=False)
    life.live(count=3, step=1, mask=7)
    life.skip(count=2)
    life.burst(count=146, seconds=1)
    life.poll(seconds=1)
    assert len(life.house.current()) == 4 + 149
    life.settle()


def test_all_that_we_hold_is_deleted_and_the_counter_follows(life: Lives) -> None:
    """Of many entries only the newest was read when it was deleted, the counter following: to all
    who ask that is a clear, and the reading may count or not."""
    life.live(count=40, step=MINUTE, mask=7)
    life.short_of_budget(page_size=1, budget=1)
    assert len(life.held) == 1
    life.delete_newest(count=1, follows=True)
    life.settle()


def test_plans_of_one_run_share_the_budget_for_ids(life: Lives) -> None:
    """Old rows are shown under the new life's ids: what is found by its id leads to one that
    contradicts, and the run is planned anew, twice. Together the plans ask for no more ids than
    one run may."""
    life.poll(seconds=1)
    life.future(count=5, ahead=90)
    life.ragged(count=10, missing=3, late=True, ago=2 * HOUR)
    life.clear(gradually=True)
    life.late(count=2, ago=2 * HOUR, step=400)
    life.skip(count=42)
    life.poll(seconds=10 * MINUTE)
    life.settle()


def test_what_hid_in_a_life_that_nobody_saw_is_of_the_one_before(life: Lives) -> None:
    """Two re-imports between two polls; of the first some entries have the ids and times that they
    had before, and the second one ends before theirs. They went with the oldest life."""
    life.late(ago=0, count=2, step=0)
    life.live(count=2, mask=6, step=0)
    life.poll(seconds=1)
    life.burst(count=104, seconds=2)
    life.delete_newest(count=2, follows=False)
    life.two_processes(after=0, inner=8000, page_size=100)
    life.reimport(by_time=True, corrected=[], dropped=[], first=None, put_in=[])
    life.killed(page_size=1, steps=0)
    life.reimport(by_time=False, corrected=[], dropped=[], first=12, put_in=[])
    life.settle()


def test_one_row_shows_no_whole_second_again(life: Lives) -> None:
    """Twelve of an older life's sixteen rows stand in one second. A fresh start writes one row into
    it: that shows one of them again, not twelve, and the four elsewhere in its span still count."""
    life.live(count=4, step=HOUR, mask=7)
    now, full = life.source.now, life.source.now - 30 * MINUTE
    life.source.write([full] * 12)
    life.poll(seconds=MINUTE)
    life.clear(gradually=False)
    life.source.write([now - 4 * HOUR, full, now + 5])
    life.poll(seconds=MINUTE)
    life.settle()
    assert epochs(life.held) == 2
    assert len(life.house.current()) == 4 + 3


def test_what_was_read_amid_a_clear_counts_as_shown_again(life: Lives) -> None:
    """Many entries of one second are read while the channel is being cleared, and the new life has
    one in that second: most of what is held was shown again, as far as anybody can say."""
    life.late(ago=0, count=5, step=400)
    life.again(ago=0, page_size=1)
    life.late(ago=0, count=4, step=0)
    life.delete_newest(count=1, follows=False)
    life.late(ago=0, count=5, step=0)
    life.late(ago=0, count=5, step=0)
    life.dip(after=0, times=5, value=None)
    life.meanwhile(after=6, what="clear")
    life.again(ago=0, page_size=20)
    life.live(count=4, mask=2, step=0)
    life.late(ago=600, count=4, step=400)
    life.settle()
