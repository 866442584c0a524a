"""Runs of entry ids, as gaps: joined, cut, and told from single ids (pure)."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from fieldhouse.state import Gap, GapState

__all__ = ["among", "joined", "less", "meet", "of", "outside"]


def among(entry_id: int, gaps: Sequence[Gap]) -> bool:
    """Whether an id lies in one of some runs, which ascend."""
    place = bisect_right(gaps, entry_id, key=lambda gap: gap.first_id)
    return place > 0 and gaps[place - 1].last_id >= entry_id


def of(entry_ids: Iterable[int], state: GapState, due: datetime | None = None) -> list[Gap]:
    """The runs of some ids, which ascend."""
    runs: list[list[int]] = []
    for entry_id in entry_ids:
        if runs and runs[-1][1] == entry_id - 1:
            runs[-1][1] = entry_id
        else:
            runs.append([entry_id, entry_id])
    return [Gap(first, last, state, due=due) for first, last in runs]


def joined(gaps: Iterable[Gap]) -> list[Gap]:
    """Gaps by their ids, those that touch and are alike but for their ids as one."""
    found: list[Gap] = []
    for gap in sorted(gaps, key=lambda each: each.first_id):
        before = found[-1] if found else None
        if before and _alike(before, gap) and gap.first_id <= before.last_id + 1:
            found[-1] = replace(before, last_id=max(before.last_id, gap.last_id))
        else:
            found.append(gap)
    return found


def _alike(one: Gap, other: Gap) -> bool:
    return one.last_id > 0 and replace(one, first_id=0, last_id=0) == replace(
        other, first_id=0, last_id=0
    )


def less(gaps: Sequence[Gap], entry_ids: Collection[int]) -> list[Gap]:
    """Gaps without some ids."""
    ids = sorted(entry_ids)
    left: list[Gap] = []
    for gap in gaps:
        first = gap.first_id
        for entry_id in ids[bisect_left(ids, gap.first_id) :]:
            if entry_id > gap.last_id:
                break
            if first < entry_id:
                left.append(replace(gap, first_id=first, last_id=entry_id - 1))
            first = entry_id + 1
        if first <= gap.last_id:
            left.append(replace(gap, first_id=first))
    return left


def outside(gap: Gap, others: Sequence[Gap]) -> list[Gap]:
    """A gap less the runs of others, which ascend."""
    left, first = [], gap.first_id
    for other in others:
        if other.last_id < first or other.first_id > gap.last_id:
            continue
        if first < other.first_id:
            left.append(replace(gap, first_id=first, last_id=other.first_id - 1))
        first = other.last_id + 1
    return [*left, replace(gap, first_id=first)] if first <= gap.last_id else left


def meet(gaps: Iterable[Gap], missing: Sequence[tuple[int, int]]) -> list[Gap]:
    """What of the gaps lies within runs of ids that are still missing; both ascend."""
    left: list[Gap] = []
    for gap in gaps:
        place = bisect_left(missing, (gap.first_id,), key=lambda run: run[1:])
        for first, last in missing[place:]:
            if first > gap.last_id:
                break
            low, high = max(first, gap.first_id), min(last, gap.last_id)
            left.append(replace(gap, first_id=low, last_id=high))
    return left
