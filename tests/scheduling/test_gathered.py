"""Questions of many threads, asked together."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from fieldhouse.errors import WarehouseUnavailable
from fieldhouse.scheduling.gathered import Gathered


def test_who_comes_while_one_is_answered_shares_the_next() -> None:
    """Ten who ask during an answer are answered by one more, each with its own value."""
    rounds: list[list[int]] = []
    first, joined = threading.Event(), threading.Event()

    def answer(keys: Sequence[int]) -> Mapping[int, int]:
        rounds.append(sorted(keys))
        if len(rounds) == 1:
            first.set()
            assert joined.wait(30)
        return {key: key * key for key in keys}

    gathered = Gathered(answer)
    with ThreadPoolExecutor(11) as pool:
        alone = pool.submit(gathered, 100)
        assert first.wait(30)
        others = [pool.submit(gathered, key) for key in range(10)]
        while len(gathered._next.keys) < 10:
            threading.Event().wait(0.001)
        joined.set()
        assert [each.result(30) for each in others] == [key * key for key in range(10)]
        assert alone.result(30) == 10_000
    assert rounds == [[100], list(range(10))]


def test_nobody_is_answered_with_what_was_found_before_it_asked() -> None:
    """Whoever asks after a change sees the change, whatever was on its way."""
    value, began, go_on = [1], threading.Event(), threading.Event()

    def answer(keys: Sequence[int]) -> Mapping[int, int]:
        found = value[0]
        if not began.is_set():
            began.set()
            assert go_on.wait(30)
        return dict.fromkeys(keys, found)

    gathered = Gathered(answer)
    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(gathered, 9)
        assert began.wait(30)
        value[0] = 2
        late = pool.submit(gathered, 9)
        go_on.set()
        assert (early.result(30), late.result(30)) == (1, 2)


@pytest.mark.parametrize("error", [ValueError("odd"), WarehouseUnavailable("away")])
def test_ones_error_is_not_anothers(error: Exception) -> None:
    """A key that fails fails alone; a warehouse that is away is asked once for all."""
    asked: list[list[int]] = []
    first, joined = threading.Event(), threading.Event()

    def answer(keys: Sequence[int]) -> Mapping[int, int]:
        asked.append(sorted(keys))
        if len(asked) == 1:
            first.set()
            assert joined.wait(30)
            return dict.fromkeys(keys, 0)
        if 7 in keys:
            raise error
        return dict.fromkeys(keys, 1)

    gathered = Gathered(answer)
    with ThreadPoolExecutor(4) as pool:
        pool.submit(gathered, 0)
        assert first.wait(30)
        others = {key: pool.submit(gathered, key) for key in (7, 8, 9)}
        while len(gathered._next.keys) < 3:
            threading.Event().wait(0.001)
        joined.set()
        failed = {key for key, each in others.items() if each.exception(30)}
    is_away = isinstance(error, WarehouseUnavailable)
    assert failed == ({7, 8, 9} if is_away else {7})
    assert len(asked) == (2 if is_away else 5)
