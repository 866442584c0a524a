"""Where entries belong, and what ids those get that have none: rules, on any entries."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldhouse.errors import ConfigurationError
from fieldhouse.importing.placing import Conflict, Entries, Known, fits, numbered, place

SECOND = 1_000_000
few = st.lists(st.integers(0, 6), max_size=30)


def entries(*known: tuple[int, int, int], **conflicts: list[bool]) -> Entries:
    """Entries as (id, second, epoch that holds it or 0); conflicts by e1, e2."""
    ids, times, matches = (np.array(column, np.int64) for column in zip(*known, strict=True))
    flags = {int(name[1:]): np.array(each) for name, each in conflicts.items()}
    first = [Conflict(2, 1, SECOND, epoch, 9 * SECOND) for epoch in flags]
    return Entries("a.csv", ids, times * SECOND, matches, flags, first)


def counted(times: list[int]) -> np.ndarray:
    return np.array(times, np.int64) * SECOND


@given(few, few)
def test_a_grown_file_brings_what_is_new_and_nothing_twice(
    before: list[int], more: list[int]
) -> None:
    """Rows are known by their time and how-manieth they are; wherever new ones stand, none is lost.

    New ids follow the highest in the order of time, and no id is given twice.
    """
    nothing = Known(counted([]), counted([]))
    first = numbered(counted(before), nothing, 0)
    assert sorted(first) == list(range(1, len(before) + 1))
    assert [before[n] for n in np.argsort(first)] == sorted(before)
    again = numbered(counted(before), Known(first, counted(before)), len(before))
    assert list(again) == list(first)
    grown = sorted(before + more)
    second = numbered(counted(grown), Known(first, counted(before)), len(before))
    assert len(set(second)) == len(grown)
    known = {(at, n) for n, at in zip(first, before, strict=True)}
    found = [(at, n) for n, at in zip(second, grown, strict=True)]
    assert known <= set(found)
    new = [(n, at) for at, n in found if n > len(before)]
    assert [at for _, at in sorted(new)] == sorted(at for _, at in new)
    assert Counter(at for _, at in new) == Counter(more)


def test_unknown_entries_join_their_neighbours() -> None:
    """Between two lives the ids say which goes on and which leads up; elsewhere the nearest."""
    both = entries(
        (90, 1, 0),
        (91, 2, 1),
        (92, 3, 0),
        (93, 4, 0),
        (1, 50, 0),
        (2, 51, 0),
        (3, 52, 2),
        (4, 53, 0),
    )
    assert list(place(both, [1, 2], [])) == [1, 1, 1, 1, 2, 2, 2, 2]
    shuffled = np.random.default_rng(3).permutation(8)
    mixed = Entries("a", both.ids[shuffled], both.times[shuffled], both.matches[shuffled])
    assert list(place(mixed, [1, 2], [])) == [[1, 1, 1, 1, 2, 2, 2, 2][n] for n in shuffled]
    unclear = entries((10, 1, 1), (15, 2, 0), (20, 3, 2))
    with pytest.raises(ConfigurationError, match=r"entry 15 of 1970-01-01 00:00:02 stands between"):
        place(unclear, [1, 2], [])


def test_what_contradicts_is_refused_with_its_entries() -> None:
    """An id that the epoch holds with another time: no entry is placed, and the line shows it."""
    wrong = entries((1, 1, 0), (2, 2, 1), e1=[True, False])
    with pytest.raises(ConfigurationError) as error:
        place(wrong, [1], [])
    assert "1 of 2 entries (line 2: entry 1 of 1970-01-01 00:00:01 is held with" in str(error.value)
    assert list(place(wrong, [1], [], said=-1)) == [-1, 1]


def test_unknown_files_go_where_they_alone_fit() -> None:
    """One epoch that fits takes them; none or several take a person's word; no epoch is epoch 1."""
    new = entries((1, 1, 0), (2, 2, 0))
    assert list(place(new, [], [])) == [1, 1]
    assert list(place(new, [1, 2], [2])) == [2, 2]
    assert list(place(new, [1, 2], [1, 2], said=1)) == [1, 1]
    for fitting, words in (([1, 2], "fit several"), ([], "do not stand in order")):
        with pytest.raises(ConfigurationError, match=words):
            place(new, [1, 2], fitting)


def test_order_by_time_and_id_says_what_fits() -> None:
    """Entries that follow, precede or fill in between fit; the other way round they do not."""
    new = entries(*((n, n, 0) for n in range(20, 40)))
    for ids, times, does in (
        ([], [], True),
        ([19], [19], True),
        ([40], [40], True),
        ([19, 40], [1, 99], True),
        ([19], [99], False),
        ([400], [1], False),
        ([50, 51], [25, 30], False),
    ):
        assert fits(new, Known(np.array(ids, np.int64), counted(times))) is does, (ids, times)
