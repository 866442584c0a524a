"""What many ask at the same time is asked of the warehouse once, and nobody is told what is over.

Over is what was so before something was written, or a second ago.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest

from fieldhouse.errors import DeadlinePassed, Interrupted, WarehouseUnavailable
from fieldhouse.warehouse import Limits
from fieldhouse.web.limits.answers import Answers
from fieldhouse.web.limits.bounded import Bounded
from fieldhouse.web.limits.shared import Shared


class Question:
    """It is answered by the number of times it was put, each time when it is let go."""

    def __init__(self, *, is_held: bool = True) -> None:
        self.put = 0
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0 if is_held else 1_000)

    def __call__(self) -> pa.Table:
        """Be put."""
        self.put += 1
        answer = pa.table({"n": [self.put]})
        self.begun.release()
        assert self.go_on.acquire(timeout=30)
        return answer


def _told(answer: pa.Table) -> int:
    return int(answer["n"][0].as_py())


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Of those who ask."""
    with ThreadPoolExecutor(24) as made:
        yield made


def _ask(
    threads: ThreadPoolExecutor,
    answers: Answers,
    put: Callable[[], pa.Table],
    *,
    limits: Callable[[], Limits] = Limits,
) -> Future[pa.Table]:
    """Somebody asks, and is about to wait when this returns."""
    entered = threading.Event()

    def ask() -> pa.Table:
        own = limits()
        entered.set()
        return answers.ask("how many", put, own)

    asked = threads.submit(ask)
    assert entered.wait(30)
    return asked


def _held(threads: ThreadPoolExecutor, answers: Answers, question: Question) -> Future[pa.Table]:
    """Somebody asks, and his question is put, and held."""
    asked = _ask(threads, answers, question)
    assert question.begun.acquire(timeout=30)
    return asked


def test_who_asks_within_a_second_is_told_the_same() -> None:
    """A question is put once for all who ask within the time; then anew, also if it failed."""
    question = Question(is_held=False)
    kept = Answers(lasts=3600)
    assert [_told(kept.ask("how many", question, Limits())) for _ in range(5)] == [1] * 5
    brief = Answers(lasts=0)
    assert [_told(brief.ask("how many", question, Limits())) for _ in range(3)] == [2, 3, 4]


def test_nobody_is_told_what_was_so_before_something_was_written(
    threads: ThreadPoolExecutor,
) -> None:
    """Neither an answer that is there nor one on its way is that of who asks after a write."""
    question = Question()
    answers = Answers(lasts=3600)
    before = _held(threads, answers, question)
    answers.forget()
    after = _held(threads, answers, question)
    question.go_on.release(2)
    assert {_told(before.result(30)), _told(after.result(30))} == {1, 2}
    assert _told(after.result()) == 2 == _told(answers.ask("how many", question, Limits()))
    answers.forget()
    question.go_on.release()
    assert _told(answers.ask("how many", question, Limits())) == 3


@pytest.mark.parametrize("name", ["call", "load", "replace", "migrate"])
def test_all_that_writes_is_known_to_write(name: str) -> None:
    """Whatever a process writes through its warehouse, done or failed, outdates the answers."""

    class House:
        def __init__(self) -> None:
            self.written = 0

        def query(self, *_: Any, **__: Any) -> pa.Table:
            return pa.table({"n": [self.written]})

        def __getattr__(self, _: str) -> Callable[..., None]:
            def write(*_: Any, **__: Any) -> None:
                self.written += 1
                if self.written == 2:
                    raise WarehouseUnavailable("its answer is lost")

            return write

    house = Shared(House(), Answers(lasts=3600))  # type: ignore[arg-type]
    asked = Bounded(house, 30.0, threading.Event(), house.answers)
    given: dict[str, tuple[Any, ...]] = {"replace": ("t", {}, pa.table({})), "migrate": ()}
    for written in range(4):
        assert _told(asked.query("status")) == written
        if written == 1:
            with pytest.raises(WarehouseUnavailable):
                getattr(asked, name)(*given.get(name, ("",)))
        else:
            getattr(asked, name)(*given.get(name, ("",)))


def test_while_an_answer_is_on_its_way_all_wait_for_the_next_one(
    threads: ThreadPoolExecutor,
) -> None:
    """Twenty who ask meanwhile have the question put a few times, and none is told the old way."""
    question = Question()
    answers = Answers(lasts=0)
    first = _held(threads, answers, question)
    others = [_ask(threads, answers, question) for _ in range(20)]
    assert question.put == 1
    question.go_on.release(100)
    assert _told(first.result(30)) == 1
    assert all(_told(one.result(30)) > 1 for one in others)
    assert question.put < 20


def test_an_error_is_told_to_all_who_wait(threads: ThreadPoolExecutor) -> None:
    """A warehouse that is gone is told to all who wait; the next one asks anew."""
    answers = Answers()
    gone = threading.Event()

    def put() -> pa.Table:
        assert gone.wait(30)
        raise WarehouseUnavailable("it is gone")

    waiting = [_ask(threads, answers, put) for _ in range(5)]
    gone.set()
    for one in waiting:
        with pytest.raises(WarehouseUnavailable, match="it is gone"):
            one.result(30)
    assert _told(answers.ask("how many", Question(is_held=False), Limits())) == 1


@pytest.mark.parametrize("end", [Interrupted("gone"), DeadlinePassed("late")])
def test_those_who_stay_are_answered(threads: ThreadPoolExecutor, end: Exception) -> None:
    """Who put a question goes away, or was late: another one of those who wait puts it."""
    answers = Answers()
    question = Question()
    gone = threading.Event()

    def put() -> pa.Table:
        if not gone.is_set():
            question.begun.release()
            assert gone.wait(30)
            raise end
        return pa.table({"n": [5]})

    first = _ask(threads, answers, put)
    assert question.begun.acquire(timeout=30)
    others = [_ask(threads, answers, put) for _ in range(3)]
    gone.set()
    assert first.exception(30) is end
    assert [_told(one.result(30)) for one in others] == [5, 5, 5]


def test_who_waits_for_others_waits_no_longer_than_he_may(threads: ThreadPoolExecutor) -> None:
    """A deadline holds for whoever waits for his turn, and an event that is set meanwhile."""
    answers = Answers(lasts=0)
    question = Question()
    first = _held(threads, answers, question)
    with pytest.raises(DeadlinePassed, match=r"no answer within 0\.05 s"):
        answers.ask("how many", question, Limits(seconds=0.05))
    stop = threading.Event()

    def unwanted() -> pa.Table:
        raise Interrupted

    gone = _ask(threads, answers, unwanted, limits=lambda: Limits(stop=stop))
    stop.set()
    question.go_on.release()
    with pytest.raises(Interrupted):
        gone.result(30)
    assert _told(first.result(30)) == 1 and question.put == 1


def test_what_is_kept_is_little() -> None:
    """Of answers that are large none is kept, and of small ones not more than a hundred."""
    answers = Answers(lasts=3600)
    large = pa.table({"n": range(100_000)})
    assert answers.ask("large", lambda: large, Limits()) is large
    assert not answers._last
    for number in range(300):
        answers.ask(number, Question(is_held=False), Limits())
    assert set(answers._last) == set(range(200, 300))


def test_only_what_is_the_same_is_answered_together() -> None:
    """Another question, parameter, number of rows, columns or deadline has its own answer."""
    ways: list[Callable[[Bounded], Any]] = [
        lambda house: house.query("readings", channel_id=1),
        lambda house: house.query("readings", channel_id=2),
        lambda house: house.query("readings", channel_ids=[1]),
        lambda house: house.query("status", channel_id=1),
        lambda house: house.query("readings", Limits(rows=1), channel_id=1),
        lambda house: house.query("readings", Limits(columns=("Field1",)), channel_id=1),
        lambda house: house.query("readings", Limits(seconds=2), channel_id=1),
    ]
    asked: list[Any] = []

    class House:
        def query(self, *given: Any, **named: Any) -> pa.Table:
            asked.append((given, named))
            return pa.table({})

    house = Bounded(House(), 30.0, threading.Event(), Answers(lasts=3600))  # type: ignore[arg-type]
    for way in ways * 2:
        way(house)
    assert len(asked) == len(ways)
