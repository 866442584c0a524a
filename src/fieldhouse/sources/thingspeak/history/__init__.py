"""Which page to ask for next, and what an answer proves (pure; no network, no warehouse, no clock).

``read`` is a generator: it yields what it wants done (an ``Ask``, a ``Write``, …) and is sent the
outcome. Whoever runs it does the work; a test can play ThingSpeak with a list.

- effects: what a plan may want done, and how it is to read
- windows: what to ask (the tail, holes, the far future)
- belief, lives: what to believe (suspicions, deletions, new lives)
- gaps: what is missing (ids that no page has shown)
- again: what to look at again (labels, the sweep, re-imports)
- knowledge: what the plan knows as it goes; shown, runs: what a page shows, runs of ids
"""

from fieldhouse.errors import SourceInconsistent
from fieldhouse.sources.thingspeak.history import again, gaps, lives, windows
from fieldhouse.sources.thingspeak.history.effects import (
    MAX_RESULTS,
    Ask,
    AskEntry,
    Doubt,
    Effect,
    FindHeld,
    FindKnown,
    FindMissing,
    FindNeighbours,
    FindState,
    Held,
    Judge,
    Neighbours,
    Notice,
    OpenEpoch,
    Policy,
    Settle,
    Steps,
    Write,
)
from fieldhouse.sources.thingspeak.history.knowledge import Knowledge, WrongClock
from fieldhouse.state import ChannelState

__all__ = [
    "MAX_RESULTS",
    "Ask",
    "AskEntry",
    "Doubt",
    "Effect",
    "FindHeld",
    "FindKnown",
    "FindMissing",
    "FindNeighbours",
    "FindState",
    "Held",
    "Judge",
    "Neighbours",
    "Notice",
    "OpenEpoch",
    "Policy",
    "Settle",
    "Write",
    "read",
]


def read(state: ChannelState, policy: Policy, doubt: Doubt | None = None) -> Steps:
    """Read what is new in a channel, then what is missing of its past; see the module's text.

    ``doubt`` starts with an investigation (the warehouse met an EntryConflict, say). Raises
    SourceInconsistent when ThingSpeak's answers can't be believed and asking can't settle why.
    """
    k = Knowledge(state, policy)
    try:
        if doubt:
            yield from lives.settle(k, doubt)
        yield from _everything(k)
    except lives.NewEpoch:
        k.adopt((yield FindState()))
        try:
            yield from _everything(k)
        except lives.NewEpoch as error:
            raise SourceInconsistent(f"{k.name}: it is cleared again and again") from error


def _everything(k: Knowledge) -> Steps:
    try:
        yield from windows.tail(k)
    except WrongClock:
        yield from windows.tail(k)
    yield from windows.holes(k)
    yield from again.relabelled(k)
    yield from windows.once_more(k)
    yield from windows.far_future(k)
    yield from lives.recheck(k)
    yield from again.sweep(k)
    yield from gaps.explain(k)
    yield from again.judge(k)
