"""The house of the pure history: a keeper instead of a warehouse, no socket, no thread."""

import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from house import Held, Orders, Outcome, Reading
from keeper import Keeper
from model import CHANNEL, Source

from fieldhouse.errors import BudgetExhausted, FieldhouseError, SourceUnavailable
from fieldhouse.simulator import InProcess, Request
from fieldhouse.sources.thingspeak.api import Answer, ThingSpeak
from fieldhouse.sources.thingspeak.connection import Connection, Reply
from fieldhouse.sources.thingspeak.pacing import Pacer
from fieldhouse.state import END, Span


class Killed(BaseException):
    """The process is gone."""


class Wire(Connection):
    """The way to a simulator in this very thread; what HTTP would add is for `duck.py`."""

    def __init__(self, server: InProcess) -> None:
        self._server = server

    def get(
        self,
        path: str,
        parameters: Mapping[str, str | int],
        headers: Mapping[str, str] | None = None,
        *,
        stop: threading.Event | None = None,
    ) -> Reply:
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        try:
            answer = self._server.answer(Request("GET", path, urlencode(parameters), lower))
        except ConnectionError as error:
            raise SourceUnavailable(str(error)) from error
        kind = {"Content-Type": answer.content_type}
        return Reply(answer.status, "", kind | dict(answer.headers), answer.body)

    def close(self) -> None:
        """There is nothing to close."""


class Direct(ThingSpeak):
    """The real client over `Wire`, with a budget."""

    def __init__(self, server: InProcess, *, attempts: int = 2) -> None:
        super().__init__("http://simulator", pacer=Pacer(0), attempts=attempts, backoff=0)
        self.budget: int | None = None
        self._connection = Wire(server)

    def get(self, *arguments: Any, **named: Any) -> Answer[Any]:
        if self.budget is not None:
            if self.budget == 0:
                raise BudgetExhausted("the budget of this run is used up")
            self.budget -= 1
        return super().get(*arguments, **named)


class PureHouse:
    """Reads with the pure history."""

    def __init__(self, source: Source) -> None:
        self._server = InProcess(source.world)
        self.faults, self.seen = self._server.faults, self._server.requests
        source.faults = self.faults
        self._thingspeak = Direct(self._server)
        self._keeper = Keeper(CHANNEL)
        self._ever: set[Held] = set()

    def run(self, orders: Orders) -> Outcome:
        before = len(self.seen)
        outer, self._thingspeak.budget = self._thingspeak.budget, orders.budget
        try:
            self._keeper.read(
                self._thingspeak,
                now=orders.now,
                before=_dying(orders.steps),
                page_size=orders.page_size,
                tail_size=orders.page_size,
                again=None if orders.again is None else Span(orders.again, END),
            )
            return Outcome("success", len(self.seen) - before)
        except Killed:
            return Outcome("interrupted", len(self.seen) - before)
        except FieldhouseError as error:
            text = f"{type(error).__name__}: {error}"
            return Outcome("failed", len(self.seen) - before, text)
        finally:
            self._thingspeak.budget = outer

    def current(self) -> list[Reading]:
        return [
            Reading(epoch, entry_id, reading.at, reading.values)
            for (epoch, entry_id), reading in self._keeper.readings.items()
            if reading.counts
        ]

    def ever_held(self) -> set[Held]:
        readings = self._keeper.readings
        if len(readings) != len(self._ever):  # a keeper lets nothing go and changes no time
            self._ever = {Held(*key, reading.at) for key, reading in readings.items()}
        return self._ever

    def gaps(self, state: str) -> list[tuple[int, int]]:
        return [(gap.first_id, gap.last_id) for gap in self._keeper.gaps if gap.state == state]

    def days(self) -> None:
        return None

    def close(self) -> None:
        self._thingspeak.close()


def _dying(steps: int | None) -> Callable[[int], None]:
    left = steps

    def before(_: int) -> None:
        nonlocal left
        if left is None:
            return
        if left == 0:
            raise Killed
        left -= 1

    return before
