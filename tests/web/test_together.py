"""What many ask at the same time is answered once, and nobody is told how things stood before."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from fieldhouse.errors import DeadlinePassed, Interrupted, WarehouseUnavailable
from fieldhouse.warehouse import Limits
from fieldhouse.web.limits.bounded import Bounded
from fieldhouse.web.limits.together import Together


class Slow:
    """A question that is answered by the number of times it was put, when it is let go."""

    def __init__(self) -> None:
        self.put = 0
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def __call__(self) -> int:
        """Be put."""
        self.put += 1
        mine = self.put
        self.begun.release()
        assert self.go_on.acquire(timeout=30)
        return mine


@pytest.fixture
def asking() -> Any:
    """Threads for those who ask."""
    with ThreadPoolExecutor(24) as threads:
        yield threads


def _asked(
    asking: ThreadPoolExecutor,
    together: Together[int],
    put: Callable[[], int],
    many: int,
    limits: Callable[[], Limits] = Limits,
) -> list[Future[int]]:
    """So many ask, and all of them wait before this returns."""
    waiting: list[Future[int]] = []
    for _ in range(many):
        entered = threading.Event()

        def ask(entered: threading.Event = entered) -> int:
            own = limits()
            entered.set()
            return together.ask("how many", put, own)

        waiting.append(asking.submit(ask))
        assert entered.wait(30)
    time.sleep(0.05)  # the last one is a few instructions away from waiting
    return waiting


def test_who_asks_meanwhile_is_told_what_was_put_after_he_asked(asking: Any) -> None:
    """Twenty who ask while a question is being answered share the next answer, not that one."""
    together: Together[int] = Together()
    question = Slow()
    (first,) = _asked(asking, together, question, 1)
    assert question.begun.acquire(timeout=30)
    others = _asked(asking, together, question, 20)
    assert question.put == 1
    question.go_on.release()
    assert first.result(30) == 1
    assert question.begun.acquire(timeout=30)
    question.go_on.release()
    assert {one.result(30) for one in others} == {2}
    assert question.put == 2


def test_an_answer_is_not_kept(asking: Any) -> None:
    """Who asks after an answer is there has the question put anew."""
    together: Together[int] = Together()
    question = Slow()
    for expected in (1, 2, 3):
        question.go_on.release()
        assert together.ask("how many", question, Limits()) == expected
    assert not together._last


def test_an_error_is_everybodys_who_asked(asking: Any) -> None:
    """A warehouse that is gone is told to all who wait; the next one asks anew."""
    together: Together[int] = Together()
    held = threading.Event()

    def gone() -> int:
        assert held.wait(30)
        raise WarehouseUnavailable("it is gone")

    waiting = _asked(asking, together, gone, 5)
    held.set()
    for one in waiting:
        with pytest.raises(WarehouseUnavailable, match="it is gone"):
            one.result(30)
    assert together.ask("how many", lambda: 7, Limits()) == 7


@pytest.mark.parametrize("end", [Interrupted("gone"), DeadlinePassed("late")])
def test_those_who_stay_are_answered(asking: Any, end: Exception) -> None:
    """Who put a question goes away, or was late: another one of those who wait puts it."""
    together: Together[int] = Together()
    question = Slow()
    (first,) = _asked(asking, together, question, 1)
    assert question.begun.acquire(timeout=30)
    ends = [end]

    def put() -> int:
        if ends:
            raise ends.pop()
        return 5

    others = _asked(asking, together, put, 3)
    question.go_on.release()
    assert first.result(30) == 1
    told = [one.exception(30) or one.result() for one in others]
    assert told.count(end) == 1 and told.count(5) == 2


def test_who_waits_for_others_waits_no_longer_than_he_may(asking: Any) -> None:
    """A deadline holds for whoever waits for his turn, and an event that is set meanwhile."""
    together: Together[int] = Together()
    question = Slow()
    (first,) = _asked(asking, together, question, 1)
    assert question.begun.acquire(timeout=30)
    with pytest.raises(DeadlinePassed, match=r"no answer within 0\.05 s"):
        together.ask("how many", question, Limits(seconds=0.05))
    stop = threading.Event()
    (gone,) = _asked(asking, together, question, 1, lambda: Limits(stop=stop))
    stop.set()
    question.go_on.release()
    with pytest.raises(Interrupted):
        gone.result(30)
    assert first.result(30) == 1


def test_only_what_is_the_same_is_answered_together() -> None:
    """Another question, parameter, number of rows, columns or deadline has its own answer."""
    asked: list[tuple[Any, ...]] = []
    all_in = threading.Barrier(6)

    class House:
        def query(self, name: str, limits: Limits, **given: Any) -> Any:
            all_in.wait(30)  # passes only if all of them are asked side by side
            asked.append((name, limits, given))
            return asked

    house = Bounded(House(), 30.0, threading.Event())  # type: ignore[arg-type]
    ways: list[Callable[[], Any]] = [
        lambda: house.query("readings", channel_id=1),
        lambda: house.query("readings", channel_id=2),
        lambda: house.query("readings", channel_ids=[1]),
        lambda: house.query("status", channel_id=1),
        lambda: house.query("readings", Limits(rows=1), channel_id=1),
        lambda: house.query("readings", Limits(columns=("Field1",)), channel_id=1),
    ]
    with ThreadPoolExecutor(len(ways)) as threads:
        for one in [threads.submit(way) for way in ways]:
            one.result(30)
    assert len(asked) == len(ways)
