"""A house that reads everything at every run and judges by the rules of lives from that alone.

Too dear for any real channel, but simple: it shows that what `verdict.py` asks for can be done, and
catches a judge, a rule or a simulator that is wrong itself.
"""

from collections import Counter
from datetime import datetime
from itertools import count

from house import Held, Orders, Outcome, Reading, Values
from model import CHANNEL, Identity, Source
from pure import Direct

from fieldhouse.errors import FieldhouseError, SourceInconsistent
from fieldhouse.readings import FIELDS
from fieldhouse.simulator import InProcess
from fieldhouse.sources.thingspeak.page import Page, parse_page


class SnapshotHouse:
    """Holds every entry it saw, by epoch; what counts is worked out from the newest snapshot."""

    def __init__(self, source: Source) -> None:
        self._server = InProcess(source.world)
        self.faults, self.seen = self._server.faults, self._server.requests
        source.faults = self.faults
        self._thingspeak = Direct(self._server, attempts=1)
        self._turn = count(1)
        self._epochs: list[dict[Identity, Values]] = [{}]
        self._left: list[set[Identity]] = []
        """Of each epoch that is over: the entries that were there to its end."""
        self._shown: set[Identity] = set()

    def run(self, orders: Orders) -> Outcome:
        before = len(self.seen)
        if orders.steps is not None or orders.budget is not None:
            return Outcome("interrupted", 0)
        try:
            self._take(self._still())
        except FieldhouseError as error:
            return Outcome("failed", len(self.seen) - before, f"{type(error).__name__}: {error}")
        return Outcome("success", len(self.seen) - before)

    def _still(self) -> Page:
        """What two answers say that follow each other."""
        page = self._read()
        for _ in range(5):
            before, page = page, self._read()
            if _rows(before).keys() == _rows(page).keys():
                return page
        raise SourceInconsistent("it moves")

    def _read(self) -> Page:
        """Everything, fresh."""
        asked = {"results": 8000, "timezone": "Etc/UTC", "status": "true"}
        asked |= {"end": "9999-12-31 23:59:59", "turn": next(self._turn)}
        channel = self._thingspeak.channel(CHANNEL)
        return channel.get("/feeds.json", asked, "feed", parse_page).content

    def _take(self, page: Page) -> None:
        rows = _rows(page)
        mine = self._epochs[-1]
        if self._shown and not rows:
            raise SourceInconsistent("it seems to be cleared and is empty")
        times = Counter(i for i, _ in rows)
        older = {i for epoch in self._epochs[:-1] for i, at in epoch if (i, at) in rows}
        if any(often > 1 and i not in older for i, often in times.items()):
            raise SourceInconsistent("two lives are shown, and nobody knows which is which")
        held = dict(mine)
        gone = {i: at for i, at in held if (i, at) not in rows}
        if any(gone.get(i, at) != at for i, at in rows):
            self._left.append(self._shown & mine.keys())
            self._epochs.append({})
        old = set().union(*self._epochs[:-1])
        counted = page.last_entry_id or 0
        leftovers = {key for key in rows if key in old and (times[key[0]] > 1 or key[0] > counted)}
        for key, values in rows.items():
            if key not in leftovers:
                self._keep(self._epochs[-1], key, values)
        for epoch in self._epochs[:-1]:
            for key in leftovers & epoch.keys():
                self._keep(epoch, key, rows[key])
        self._shown = set(rows)
        self._own = set(rows) - leftovers

    def _keep(self, epoch: dict[Identity, Values], key: Identity, values: Values) -> None:
        ours = epoch.get(key, (None,) * len(FIELDS))
        epoch[key] = tuple(a if b is None else b for a, b in zip(ours, values, strict=True))

    def current(self) -> list[Reading]:
        counting = {key: (len(self._epochs), self._value(key)) for key in self._shown}
        for number, left in enumerate(self._left):
            for key in left - self._shown:
                if not self._superseded(number, key[1]):
                    counting[key] = (number + 1, self._epochs[number][key])
        return [Reading(epoch, *key, values) for key, (epoch, values) in counting.items()]

    def _value(self, key: Identity) -> Values:
        return next(epoch[key] for epoch in reversed(self._epochs) if key in epoch)

    def _superseded(self, number: int, at: datetime) -> bool:
        old = [each for _, each in self._epochs[number]]
        later = [*map(set, self._epochs[number + 1 : -1]), self._own]
        return any(_takes_over(old, {each for _, each in new}, at) for new in later)

    def ever_held(self) -> set[Held]:
        return {Held(number, *key) for number, epoch in enumerate(self._epochs, 1) for key in epoch}

    def gaps(self, state: str) -> list[tuple[int, int]]:
        return []

    def days(self) -> None:
        return None

    def close(self) -> None:
        self._thingspeak.close()


def _rows(page: Page) -> dict[Identity, Values]:
    return {
        (row["EntryID"], row["CreatedAt"]): tuple(row[name] for name in FIELDS)
        for row in page.readings.to_pylist()
    }


def _takes_over(old: list[datetime], new: set[datetime], at: datetime) -> bool:
    if not new:
        return False
    low, high = min(new), max(new)
    inside = [each for each in old if low <= each <= high]
    again = sum(each in new for each in inside)
    return at in new or (low <= at <= high and 2 * again >= len(inside))
