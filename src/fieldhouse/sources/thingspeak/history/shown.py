"""What a page shows, asked of its tables (pure)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.sources.thingspeak.page import Ids, Page, Times
from fieldhouse.state import Known
from fieldhouse.typed import Rows

__all__ = [
    "highest",
    "holds",
    "labels",
    "newest",
    "only",
    "pairs",
    "pairs_at",
    "shown_on",
    "times",
    "whole",
    "without",
]


def whole(instant: datetime) -> datetime:
    """The second that an instant lies in."""
    return instant.replace(microsecond=0)


def pairs(page: Page) -> list[Known]:
    """The entries of a page, in its order."""
    return _pairs(page.ids, page.times)


def _pairs(ids: Ids, times: Times) -> list[Known]:
    return list(map(Known, ids.tolist(), times.tolist()))


def times(page: Page) -> tuple[datetime, datetime] | None:
    """The oldest and the newest second of a page; None where it has no entry with a time."""
    if not len(page.times):
        return None
    return whole(page.times.min().item()), whole(page.times.max().item())


def pairs_at(page: Page, second: datetime) -> list[Known]:
    """The entries that a page shows within a second."""
    last = second.replace(microsecond=999_999)
    same = (page.times >= _as_time(second)) & (page.times <= _as_time(last))
    return _pairs(page.ids[same], page.times[same])


def holds(page: Page, known: Known) -> bool:
    """Whether a page shows this entry, under its id and its time."""
    same = page.ids == known.entry_id
    return bool((page.times[same] == _as_time(known.created_at)).any())


def newest(page: Page, before: datetime) -> Known | None:
    """The newest entry of a page that is dated before an instant."""
    near = page.times[page.times < _as_time(before)]
    if not len(near):
        return None
    latest = near.max()
    return Known(int(page.ids[page.times == latest].max()), latest.item())


def _as_time(instant: datetime) -> np.datetime64:
    return np.datetime64(instant, "us")


def without(page: Page, known: Collection[Known]) -> Page:
    """A page less some of its entries; nothing is taken from ``served``."""
    return _chosen(page, known, keep=False) if known else page


def only(page: Page, known: Collection[Known]) -> Page:
    """Some of a page's entries; what was rejected is not among them."""
    chosen = _chosen(page, known, keep=True)
    return replace(chosen, rejected=page.rejected.slice(0, 0), served=len(known))


def _chosen(page: Page, known: Collection[Known], *, keep: bool) -> Page:
    mask = np.isin(page.ids, [each.entry_id for each in known])
    if mask.sum() != len(known):  # an id twice on one page: its time tells
        mask = np.array([pair in known for pair in pairs(page)], bool)
    chosen = pa.array(mask if keep else ~mask)
    keys = page.keys.filter(chosen)
    return replace(page, keys=keys, typed=partial(_rows, page, chosen))


def _rows(page: Page, chosen: pa.Array) -> Rows:
    readings = page.readings.filter(chosen)
    raw = page.raw.filter(pc.is_in(page.raw["EntryID"], readings["EntryID"].combine_chunks()))
    return Rows(readings, raw)


def highest(page: Page) -> int:
    """The highest id that a page shows, 0 for none."""
    return int(page.ids.max(initial=0))


def shown_on(page: Page, above: int) -> int:
    """The highest id that a page shows, if it shows all that follow ``above``; else ``above``."""
    new = np.unique(page.ids[page.ids > above])
    return int(new[-1]) if len(new) and new[-1] - above == len(new) else above


def labels(page: Page) -> tuple[tuple[int, str], ...] | None:
    """The labelled fields of the channel; None where a page has no channel object."""
    if not page.channel:
        return None
    found = ((n, page.channel.get(f"field{n}")) for n in range(1, 9))
    return tuple((n, str(text)) for n, text in found if text is not None)
