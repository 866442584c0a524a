"""What many ask at the same time is asked of the warehouse once."""

import math
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

import pyarrow as pa

from fieldhouse.errors import DeadlinePassed, Interrupted
from fieldhouse.warehouse import Limits

__all__ = ["Answers"]

_LASTS = 1.0
_MOST_KEPT = 100
_MOST_BYTES = 1 << 18
"""Of an answer that is kept."""
_WHERE = "the warehouse"


@dataclass(eq=False, slots=True)
class _Turn:
    """A question that is put once, for all who ask it meanwhile."""

    before: "_Turn | None"
    answer: Future[pa.Table] = field(default_factory=Future)
    over_at: float = math.inf
    """From when on it says nothing of now any more; known once the question is put."""


class Answers:
    """Answers for all who ask the same within ``lasts`` seconds; each tells how things stood then.

    Where an answer takes longer, the question is put by one thread at a time, and who asks
    meanwhile waits for the next answer with all others who do. So it costs no more than a question
    that is put again and again, however many ask.
    """

    def __init__(self, lasts: float = _LASTS) -> None:
        self._lasts = lasts
        self._changing = Lock()
        self._last: dict[Hashable, _Turn] = {}

    def forget(self) -> None:
        """Tell nobody any more how things stood until now: something was written."""
        with self._changing:
            self._last.clear()

    def ask(self, question: Hashable, put: Callable[[], pa.Table], limits: Limits) -> pa.Table:
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

    def _turn(self, question: Hashable) -> tuple[_Turn, bool]:
        """The turn to wait for, and whether it is for this thread to put the question."""
        with self._changing:
            last = self._last.pop(question, None)
            is_ours = last is None or last.over_at <= monotonic()
            turn = _Turn(last) if last is None or is_ours else last
            self._last[question] = turn
            return turn, is_ours

    def _put(
        self, question: Hashable, turn: _Turn, put: Callable[[], pa.Table], limits: Limits
    ) -> None:
        try:
            if turn.before:
                _wait(turn.before, limits)
            with self._changing:
                turn.before, turn.over_at = None, monotonic() + self._lasts
            answer = put()
        except BaseException as error:  # whatever it is, those who wait are told
            self._leave(question, turn)
            turn.answer.set_exception(error)
        else:
            if answer.nbytes > _MOST_BYTES:
                self._leave(question, turn)
            turn.answer.set_result(answer)
            self._tidy()

    def _leave(self, question: Hashable, turn: _Turn) -> None:
        """Forget a turn; if it never came, whoever asks next waits for the one before it."""
        with self._changing:
            if self._last.get(question) is turn:
                del self._last[question]
                if turn.before and not turn.before.answer.done():
                    self._last[question] = turn.before

    def _tidy(self) -> None:
        """Let go of what is over, or too much."""
        now = monotonic()
        with self._changing:
            done = [(key, turn) for key, turn in self._last.items() if turn.answer.done()]
            surplus = len(done) - _MOST_KEPT
            for number, (key, turn) in enumerate(done):
                if number < surplus or turn.over_at <= now:
                    del self._last[key]


def _wait(turn: _Turn, limits: Limits) -> None:
    wait([turn.answer], None if limits.seconds is None else limits.left)
    limits.check(_WHERE)
