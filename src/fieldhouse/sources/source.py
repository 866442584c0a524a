"""What can be read into a channel: a Source plans and answers.

A plan is a generator without I/O: it yields what it wants done and is sent the outcome. It wants
two kinds of things. What it asks of the source itself, a `Question`, comes back to ``answer``,
which does the network or the file. All else (a page to keep, an epoch to open, what is held
already) is for the warehouse, is the same for every source, and is done by whoever carries the plan
out:

    plan = source.plan(state, doubt)
    outcome = None
    while True:                              # until StopIteration
        effect = plan.send(outcome)
        if isinstance(effect, Question):     # where to stop: nothing more is asked of the source
            outcome = source.answer(effect)
        else:
            outcome = keep(effect)           # the writer and the warehouse

So the source and the warehouse do not know each other, a test can play either with a list, and what
a source has to bring is small:

- a ThingSpeak channel plans with ``thingspeak.history`` and answers with ``thingspeak.api``;
- a file (``exports``) needs no plan: it shows all that it has, and proves nothing of its channel's
  time; ``planning`` finds out where its entries belong;
- a stream (MQTT) answers when something has come, and proves nothing: the next poll does.
"""

from collections.abc import Generator, Mapping
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

from fieldhouse.state import ChannelState

__all__ = ["Plan", "Question", "Rows", "Source"]


class Question:
    """What a plan asks of its own source; a source's questions are frozen subclasses of it.

    Nothing but the source that planned it looks into one.
    """

    __slots__ = ()


class Rows(Protocol):
    """What an answer brings that is to be kept, typed (``readings``): a page, whatever it came as.

    The tables have the schemas of ``readings``. ``served`` counts the entries that the source
    showed, rejected ones included; ``channel`` is its own metadata, or empty.
    """

    @property
    def readings(self) -> pa.Table: ...
    @property
    def raw(self) -> pa.Table: ...
    @property
    def rejected(self) -> pa.Table: ...
    @property
    def served(self) -> int: ...
    @property
    def channel(self) -> Mapping[str, Any]: ...


Plan: TypeAlias = Generator[Any, Any, None]
"""Yields Questions and effects on the warehouse, one by one; each yield is sent its outcome."""


class Source(Protocol):
    """One thing to read into one channel. Used by one thread at a time.

    ``requests`` counts what was asked of it so far, for the run's record.
    """

    @property
    def channel_id(self) -> int: ...
    @property
    def requests(self) -> int: ...

    def plan(self, state: ChannelState, doubt: Any = None) -> Plan:
        """How to bring the channel up to date from what the warehouse holds (pure).

        ``doubt`` is what the warehouse refused of an earlier plan, to be looked into first. Raises
        SourceInconsistent, out of the generator, when asking cannot settle what to believe.
        """
        ...

    def answer(self, question: Question, /) -> Any:
        """Ask the source; the outcome that the plan is sent. Raises SourceError."""
        ...
