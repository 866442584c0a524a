"""One turn over many channels, all of which are due: read side by side, paced as one client."""

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from fieldhouse import events
from fieldhouse.errors import FieldhouseError
from fieldhouse.keeping import forget
from fieldhouse.parts import Parts
from fieldhouse.scheduling.crew import Crew
from fieldhouse.state import Run, Span

__all__ = ["hands_for", "run_fleet"]

_FEW, _MANY = 4, 32
_POLITE = 0.2
"""Seconds between two requests from which on a few hands keep up with the pace."""


def hands_for(delay: float) -> int:
    """How many channels are best read side by side at a pace: what is slow needs few."""
    return _FEW if delay >= _POLITE else _MANY


def run_fleet(
    parts: Parts,
    channel_ids: Sequence[int],
    *,
    workers: int | None = None,
    tail_size: int | None = None,
    again: Span | None = None,
) -> list[Run]:
    """Bring the channels up to date, then aggregate and score them; their runs, as recorded.

    ``workers`` is how many are read side by side; None: as many as serve the pace.
    Ctrl-C (KeyboardInterrupt in the calling thread, or ``parts.stop`` set) ends every channel at
    once: what was read is written, aggregated and recorded as ``interrupted``; channels that were
    not begun have no run.
    """
    turn = _Turn(dict.fromkeys(channel_ids))
    hands = workers or hands_for(parts.settings.rate_limit_delay)
    parts.tell(events.FleetStarted(len(turn)))
    crew = Crew(parts, turn, hands=max(1, min(hands, len(turn))), tail_size=tail_size, again=again)
    crew.run()
    runs = turn.runs()
    if any(run.outcome == "success" for run in runs):  # else there is trouble enough
        forget(parts.warehouse, parts.settings, parts.clock())
    return runs


class _Turn:
    """Channels that are read once, in their order."""

    is_endless = False

    def __init__(self, channel_ids: Iterable[int]) -> None:
        self._ids = list(channel_ids)
        self._waiting = deque(self._ids)
        self._taking = threading.Lock()
        self._ended: dict[int, Run] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def take(self) -> int | None:
        """The next one, while there is one."""
        with self._taking:
            return self._waiting.popleft() if self._waiting else None

    def ahead(self, count: int) -> Iterable[int]:
        """Those that are next."""
        with self._taking:
            return list(islice(self._waiting, count))

    def may_ask(self, channel_id: int) -> bool:
        """Always."""
        return True

    def read(self, run: Run, failure: FieldhouseError | None, *, is_whole: bool) -> None:
        """Nothing: none comes again."""

    def ended(self, runs: Sequence[Run]) -> None:
        """Keep their runs."""
        self._ended |= {run.channel_id: run for run in runs}

    def runs(self) -> list[Run]:
        """The runs of those that were begun, in the order of the turn."""
        return [self._ended[each] for each in self._ids if each in self._ended]
