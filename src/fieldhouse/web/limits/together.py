"""What many ask at the same time is answered once."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from fieldhouse.errors import DeadlinePassed, Interrupted
from fieldhouse.warehouse import Limits

__all__ = ["Together"]

T = TypeVar("T")
_WHERE = "the warehouse"


@dataclass(eq=False, slots=True)
class _Turn(Generic[T]):
    """A question that is put once, for all who asked before it was."""

    before: "_Turn[T] | None"
    answer: Future[T] = field(default_factory=Future)
    is_put: bool = False


class Together(Generic[T]):
    """Answers for all who ask the same at the same time.

    A question is put by one of them at a time. Who asks meanwhile waits for the next answer, with
    all others who do: it is put after he asked, so that nobody is told how things stood before.
    However many ask, it costs no more than a question that is put again and again.
    """

    def __init__(self) -> None:
        self._changing = Lock()
        self._last: dict[Hashable, _Turn[T]] = {}

    def ask(self, question: Hashable, put: Callable[[], T], limits: Limits) -> T:
        """The answer to a question, put by this thread or by another one.

        ``put`` keeps the limits. Raises as it does, and DeadlinePassed after waiting for too long.
        """
        while True:
            turn, is_ours = self._turn(question)
            if is_ours:
                self._put(question, turn, put, limits)
                return turn.answer.result()
            _wait(turn, limits)
            # an end by the limits of who put it, or because he went away, is none for who waits
            if not isinstance(turn.answer.exception(), DeadlinePassed | Interrupted):
                return turn.answer.result()

    def _turn(self, question: Hashable) -> tuple[_Turn[T], bool]:
        """The turn to wait for, and whether it is for this thread to put the question."""
        with self._changing:
            last = self._last.get(question)
            if last and not last.is_put:
                return last, False
            turn = self._last[question] = _Turn(last)
            return turn, True

    def _put(
        self, question: Hashable, turn: _Turn[T], put: Callable[[], T], limits: Limits
    ) -> None:
        try:
            if turn.before:
                _wait(turn.before, limits)
            with self._changing:
                turn.before, turn.is_put = None, True
            turn.answer.set_result(put())
        except BaseException as error:  # whatever it is, those who wait are told
            turn.answer.set_exception(error)
        finally:
            self._leave(question, turn)

    def _leave(self, question: Hashable, turn: _Turn[T]) -> None:
        """Forget a turn; if it never came, whoever asks next waits for the one before it."""
        with self._changing:
            if self._last.get(question) is not turn:
                return
            if turn.before and not turn.before.answer.done():
                self._last[question] = turn.before
            else:
                del self._last[question]


def _wait(turn: _Turn[T], limits: Limits) -> None:
    wait([turn.answer], None if limits.seconds is None else limits.left)
    limits.check(_WHERE)
