"""Which life of a channel the entries of a file belong to (pure).

An entry that an epoch holds under the same id and time is that epoch's. The others go where their
neighbours in the file are, or, where the file has none that are known, where they fit between what
an epoch holds, by time and id. What fits nowhere is refused, and nothing is guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fieldhouse.errors import ConfigurationError

__all__ = [
    "Conflict",
    "Entries",
    "Ints",
    "Known",
    "fits",
    "joined",
    "micros",
    "numbered",
    "place",
    "said",
]

Ints = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

_EPOCH = datetime(1970, 1, 1)
_SHOWN = 3
_DISORDER = 10
"""One in so many neighbours may stand in another order by id than by time: gateways come late."""


class Conflict(NamedTuple):
    """An entry whose id an epoch holds with another time; times are microseconds since 1970."""

    place: int
    entry_id: int
    at: int
    epoch: int
    held_at: int


class Known(NamedTuple):
    """Entries as an epoch holds them: ids and times, microseconds since 1970."""

    ids: Ints
    times: Ints


@dataclass(slots=True)
class Entries:
    """The entries of a file, in its order, and how each epoch holds their ids.

    ``matches`` is the epoch that holds an entry under its id and time, 0 for none. ``conflicts``
    says for each epoch which of the others' ids it holds with another time; ``first`` are a few of
    these.
    """

    name: str
    ids: Ints
    times: Ints
    matches: Ints
    conflicts: Mapping[int, Flags] = field(default_factory=dict)
    first: Sequence[Conflict] = ()


def place(
    entries: Entries,
    epochs: Sequence[int],
    fitting: Sequence[int],
    *,
    said: int | None = None,
    place_word: str = "line",
) -> Ints:
    """The epoch of each entry.

    ``epochs`` are the channel's, ascending; ``fitting`` those between whose readings the file's
    entries stand in order (see ``fits``), of use where no entry is known. ``said`` is where a
    person wants those that are not known. Raises ConfigurationError.
    """
    known = entries.matches != 0
    if known.all():
        placed = entries.matches
    elif known.any() and said is None:
        placed = _joined(entries, known)
    else:
        one = said if said is not None else _only(entries, epochs, fitting, known)
        placed = np.where(known, entries.matches, one)
    _refuse_conflicts(entries, placed, known, place_word)
    return placed


def _joined(entries: Entries, known: Flags) -> Ints:
    """Unknown entries join their known neighbours in time: of two, the one whose ids go on."""
    order = np.lexsort((entries.ids, entries.times))
    ids, epochs, is_known = entries.ids[order], entries.matches[order], known[order]
    at = np.arange(len(order))
    before = np.maximum.accumulate(np.where(is_known, at, -1))
    after = np.minimum.accumulate(np.where(is_known, at, len(at))[::-1])[::-1]
    low = np.where(before < 0, after, before)
    high = np.where(after >= len(at), before, after)
    goes_on = ids > ids[low]
    leads_up = ids < ids[high]
    chosen = np.where(goes_on | ~leads_up, epochs[low], epochs[high])
    unclear = ~is_known & (epochs[low] != epochs[high]) & (goes_on == leads_up)
    if unclear.any():
        number = order[np.flatnonzero(unclear)[0]]
        raise ConfigurationError(
            f"{entries.name}: {said(int(entries.ids[number]), int(entries.times[number]))} stands"
            " between entries of two lives of the channel: import them from two files, or say"
            " which with --epoch; nothing was written"
        )
    placed = np.empty_like(epochs)
    placed[order] = np.where(is_known, epochs, chosen)
    return placed


def _only(entries: Entries, epochs: Sequence[int], fitting: Sequence[int], known: Flags) -> int:
    """The one epoch that all unknown entries fit. Raises ConfigurationError."""
    if not epochs:
        return 1
    free = [e for e in epochs if not (entries.conflicts.get(e, known) & ~known).any()]
    found = [each for each in free if each in fitting]
    if len(found) == 1:
        return found[0]
    first, last = int(entries.times.min()), int(entries.times.max())
    span = f"{_told(first)} to {_told(last)}"
    if not free:
        return epochs[-1]  # whose conflicts are shown
    choices = " or ".join(f"--epoch {each}" for each in free)
    raise ConfigurationError(
        f"{entries.name}: the file shares no entry with the channel, and its entries ({span}) "
        + ("fit several of its lives" if found else "do not stand in order with what it holds")
        + f": say {choices} if they belong there, --epoch older if they are of a life before all"
        " of these; nothing was written"
    )


def _refuse_conflicts(entries: Entries, placed: Ints, known: Flags, place_word: str) -> None:
    wrong = np.zeros(len(placed), bool)
    for epoch, flags in entries.conflicts.items():
        wrong |= flags & ~known & (placed == epoch)
    if not wrong.any():
        return
    epochs = set(placed[wrong].tolist())
    shown = [each for each in entries.first if each.epoch in epochs][:_SHOWN]
    listed = "; ".join(
        f"{place_word} {each.place}: {said(each.entry_id, each.at)} is held with"
        f" {_told(each.held_at)} in epoch {each.epoch}"
        for each in shown
    )
    raise ConfigurationError(
        f"{entries.name} contradicts the channel in {int(wrong.sum()):,} of {len(wrong):,} entries"
        f" ({listed}): is it another channel's? If it is of a life before the channel was cleared,"
        " say --epoch older; nothing was written"
    )


def said(entry_id: int, micros: int) -> str:
    """An entry, as a line names it."""
    return f"entry {entry_id} of {_told(micros)}"


def _told(micros: int) -> str:
    return f"{_EPOCH + timedelta(microseconds=micros):%Y-%m-%d %H:%M:%S}"


def fits(entries: Entries, held: Known) -> bool:
    """Whether ids and times of the entries agree in order with those held around and among them.

    ``held`` is what an epoch holds in the time of the file, and its neighbours on both sides. An
    epoch that holds nothing there fits.
    """
    if not len(held.ids):
        return True
    ids = np.concatenate([entries.ids, held.ids])
    times = np.concatenate([entries.times, held.times])
    is_held = np.repeat([False, True], [len(entries.ids), len(held.ids)])
    order = np.lexsort((ids, times))
    meets = is_held[order][1:] != is_held[order][:-1]
    rises = np.diff(ids[order])[meets] > 0
    return bool(np.count_nonzero(~rises) * _DISORDER <= len(rises))


def numbered(times: Ints, held: Known, highest: int) -> Ints:
    """Ids for entries that have none: by time, and the how-manieth of their time in the file.

    What is held under such a place has its id; the others get the next ones in the order of time.
    So a file that has grown, imported again, brings what is new and nothing twice.
    """
    order = np.argsort(times, kind="stable")
    ranks = np.empty(len(times), np.int64)
    ranks[order] = _ranks(times[order])
    by_place = np.lexsort((held.ids, held.times))
    instants, starts, counts = np.unique(
        held.times[by_place], return_index=True, return_counts=True
    )
    ids = np.zeros(len(times), np.int64)
    if len(instants):
        at = np.minimum(np.searchsorted(instants, times), len(instants) - 1)
        is_held = (instants[at] == times) & (ranks < counts[at])
        ids[is_held] = held.ids[by_place][(starts[at] + ranks)[is_held]]
    new = order[ids[order] == 0]
    ids[new] = highest + 1 + np.arange(len(new))
    return ids


def _ranks(ascending: Ints) -> Ints:
    """How many equal values stand before each."""
    at = np.arange(len(ascending))
    starts = np.ones(len(ascending), bool)
    starts[1:] = np.diff(ascending) != 0
    return at - np.maximum.accumulate(np.where(starts, at, 0))


def micros(times: "pa.Array | pa.ChunkedArray") -> Ints:
    """Instants as microseconds since 1970."""
    whole: Ints = times.cast(pa.int64()).to_numpy()
    return whole


def joined(parts: Iterable[Ints]) -> Ints:
    """Arrays as one; of none an empty one, and a single one as it is."""
    some = [part for part in parts if len(part)]
    return some[0] if len(some) == 1 else np.concatenate([np.zeros(0, np.int64), *some])
