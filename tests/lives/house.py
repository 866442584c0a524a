"""What is under test, as the machine sees it: somebody who reads a channel and remembers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

from fieldhouse.simulator import Faults, Seen

Values = tuple[Decimal | None, ...]
"""Field1 to Field8."""


class Reading(NamedTuple):
    """A reading that counts: neither superseded nor withdrawn."""

    epoch: int
    entry_id: int
    created_at: datetime
    values: Values


class Held(NamedTuple):
    """A reading in any state."""

    epoch: int
    entry_id: int
    created_at: datetime


@dataclass(frozen=True)
class Orders:
    """How one run is to be made.

    ``now``: our own clock, right or wrong, naive UTC. ``again``: read once more from there on.
    ``steps``: the process dies after that many steps of its own (a question, an answer, a write).
    ``budget``: no more than that many requests may be made. ``unlocked``: the channel's lock was
    lost, or this is who took it meanwhile.
    """

    now: datetime
    page_size: int = 8000
    again: datetime | None = None
    steps: int | None = None
    budget: int | None = None
    unlocked: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    state: Literal["success", "failed", "interrupted"]
    requests: int
    error: str = ""


class House(Protocol):
    """Reads the channel of a `Source` and keeps what it read; raises nothing of its own."""

    faults: Faults
    seen: list[Seen]
    """Every request that it made, in order."""

    def run(self, orders: Orders) -> Outcome:
        """Bring the channel up to date. A defect, whatever is no error of ours, is raised."""

    def current(self) -> list[Reading]: ...

    def ever_held(self) -> set[Held]: ...

    def gaps(self, state: str) -> Sequence[tuple[int, int]]:
        """The newest epoch's runs of ids in that state (``open``, ``absent``, ``unreachable``)."""

    def days(self) -> dict[date, int] | None:
        """How many readings the daily aggregates count; None where there are none."""

    def close(self) -> None: ...
