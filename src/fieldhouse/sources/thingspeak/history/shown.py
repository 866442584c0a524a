"""What a page shows, asked of its tables (pure)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.sources.thingspeak.page import Page
from fieldhouse.state import Known
from fieldhouse.typed import Rows

__all__ = [
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
    return _pairs(page.keys)


def _pairs(keys: pa.Table) -> list[Known]:
    columns = keys["EntryID"].to_pylist(), keys["CreatedAt"].to_pylist()
    return [Known(*pair) for pair in zip(*columns, strict=True)]


def times(page: Page) -> tuple[datetime, datetime] | None:
    """The oldest and the newest second of a page; None where it has no entry with a time."""
    ends = pc.min_max(page.keys["CreatedAt"]).as_py()
    return None if ends["min"] is None else (whole(ends["min"]), whole(ends["max"]))


def pairs_at(page: Page, second: datetime) -> list[Known]:
    """The entries that a page shows within a second."""
    at = page.keys["CreatedAt"]
    last = second.replace(microsecond=999_999)
    same = pc.and_(pc.greater_equal(at, second), pc.less_equal(at, last))
    return _pairs(page.keys.filter(same))


def holds(page: Page, known: Known) -> bool:
    """Whether a page shows this entry, under its id and its time."""
    same = pc.and_(
        pc.equal(page.keys["EntryID"], known.entry_id),
        pc.equal(page.keys["CreatedAt"], known.created_at),
    )
    return bool(pc.any(same).as_py())


def newest(page: Page, before: datetime) -> Known | None:
    """The newest entry of a page that is dated before an instant."""
    near = page.keys.filter(pc.less(page.keys["CreatedAt"], before))
    if not near.num_rows:
        return None
    latest = pc.max(near["CreatedAt"]).as_py()
    ids = pc.filter(near["EntryID"], pc.equal(near["CreatedAt"], latest))
    return Known(pc.max(ids).as_py(), latest)


def without(page: Page, known: Collection[Known]) -> Page:
    """A page less some of its entries; nothing is taken from ``served``."""
    return _chosen(page, known, keep=False) if known else page


def only(page: Page, known: Collection[Known]) -> Page:
    """Some of a page's entries; what was rejected is not among them."""
    chosen = _chosen(page, known, keep=True)
    return replace(chosen, rejected=page.rejected.slice(0, 0), served=len(known))


def _chosen(page: Page, known: Collection[Known], *, keep: bool) -> Page:
    ids = pa.array([each.entry_id for each in known], pa.int64())
    mask = pc.is_in(page.keys["EntryID"], ids)
    if pc.sum(mask).as_py() != len(known):  # an id twice on one page: its time tells
        mask = pa.array([pair in known for pair in pairs(page)])
    chosen = mask if keep else pc.invert(mask)
    keys = page.keys.filter(chosen)
    return replace(page, keys=keys, typed=partial(_rows, page, chosen))


def _rows(page: Page, chosen: pa.Array) -> Rows:
    readings = page.readings.filter(chosen)
    raw = page.raw.filter(pc.is_in(page.raw["EntryID"], readings["EntryID"].combine_chunks()))
    return Rows(readings, raw)


def shown_on(page: Page, above: int) -> int:
    """The highest id that a page shows, if it shows all that follow ``above``; else ``above``."""
    ids = page.keys["EntryID"]
    new = pc.unique(ids.filter(pc.greater(ids, above)))
    highest: int = pc.max(new).as_py() or above
    return highest if highest - above == len(new) else above


def labels(page: Page) -> tuple[tuple[int, str], ...] | None:
    """The labelled fields of the channel; None where a page has no channel object."""
    if not page.channel:
        return None
    found = ((n, page.channel.get(f"field{n}")) for n in range(1, 9))
    return tuple((n, str(text)) for n, text in found if text is not None)
