"""How a channel came to be what it is: lives, gaps, runs, and what fitted nowhere."""

from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Query

from fieldhouse.warehouse.questions import QUERIES
from fieldhouse.web.api.asked import Asked, Channel, Offset, Rows, Span, next_page, paged
from fieldhouse.web.api.described import table
from fieldhouse.web.limits.whole import Answer

__all__ = ["router"]

router = APIRouter()
_ROW = {name: QUERIES[name].columns for name in ("lives", "gaps", "coverage", "disputes", "runs")}
_WITHDRAWN = QUERIES["withdrawn"].columns
_TEXT, _REJECTED = (QUERIES[name].columns for name in ("kept_texts", "rejected_entries"))

Reason = Annotated[str | None, Query(max_length=100, description="Only those for this reason")]
Contains = Annotated[str | None, Query(max_length=200, description="Only those with this in them")]
Failed = Annotated[bool, Query(description="Only those that failed or were interrupted")]


@table(router, "/channels/{channel:channel}/lives", _ROW["lives"], tag="history")
def lives(asked: Asked, channel: Channel) -> Answer:
    """The epochs of a channel between two clears, and what of them counts."""
    return asked.answer(
        f"channel-{channel}-lives", lambda house: house.query("lives", channel_id=channel)
    )


@table(router, "/channels/{channel:channel}/gaps", _ROW["gaps"], tag="history")
def gaps(asked: Asked, channel: Channel, limit: Rows = 1_000, skip: Offset = 0) -> Answer:
    """The runs of entry ids that no answer of the source has shown."""
    return _listed(asked, channel, "gaps", limit, skip)


@table(router, "/channels/{channel:channel}/coverage", _ROW["coverage"], tag="history")
def coverage(asked: Asked, channel: Channel, limit: Rows = 1_000, skip: Offset = 0) -> Answer:
    """The spans of time that are proven complete, in the newest epoch."""
    return _listed(asked, channel, "coverage", limit, skip)


@table(router, "/channels/{channel:channel}/disputes", _ROW["disputes"], tag="history")
def disputes(asked: Asked, channel: Channel, limit: Rows = 1_000, skip: Offset = 0) -> Answer:
    """Readings that the source did not show when asked."""
    return _listed(asked, channel, "disputes", limit, skip)


@table(router, "/channels/{channel:channel}/withdrawn", _WITHDRAWN, tag="history")
def withdrawn(asked: Asked, channel: Channel, limit: Rows = 1_000, skip: Offset = 0) -> Answer:
    """The readings that the source no longer has."""
    page, more = paged(asked, asked.query("withdrawn", channel_id=channel), limit, skip)
    return asked.answer(f"channel-{channel}-withdrawn", lambda _: page, headers=more)


@table(router, "/channels/{channel:channel}/runs", _ROW["runs"], tag="history")
def channel_runs(
    asked: Asked, channel: Channel, span: Span, failed: Failed = False, limit: Rows = 100
) -> Answer:
    """A channel's last runs, the newest first."""
    return _runs(asked, channel, span, failed, limit)


@table(router, "/runs", _ROW["runs"], tag="history")
def runs(asked: Asked, span: Span, failed: Failed = False, limit: Rows = 100) -> Answer:
    """The last runs of all channels, the newest first."""
    return _runs(asked, None, span, failed, limit)


@table(router, "/channels/{channel:channel}/texts", _TEXT, tag="history")
def texts(
    asked: Asked,
    channel: Channel,
    reason: Reason = None,
    column: Annotated[
        str | None, Query(max_length=40, description="Only this column's", examples=["Field1"])
    ] = None,
    contains: Contains = None,
    limit: Rows = 100,
    skip: Offset = 0,
) -> Answer:
    """What the source wrote where no number says it, with the number that stands beside it."""
    found = asked.query(
        "kept_texts",
        channel_id=channel,
        reason=reason,
        column_name=column,
        contains=contains,
        skip=skip,
        limit=limit,
    )
    return _counted(asked, f"channel-{channel}-texts", found, "Texts", skip)


@table(router, "/channels/{channel:channel}/rejected", _REJECTED, tag="history")
def rejected(
    asked: Asked,
    channel: Channel,
    reason: Reason = None,
    contains: Contains = None,
    limit: Rows = 100,
    skip: Offset = 0,
) -> Answer:
    """Entries that could be no readings, as they came."""
    found = asked.query(
        "rejected_entries",
        channel_id=channel,
        reason=reason,
        contains=contains,
        skip=skip,
        limit=limit,
    )
    return _counted(asked, f"channel-{channel}-rejected", found, "Entries", skip)


def _listed(asked: Asked, channel: int, question: str, limit: int, skip: int) -> Answer:
    page, more = paged(asked, asked.query(question, channel_ids=[channel]), limit, skip)
    return asked.answer(f"channel-{channel}-{question}", lambda _: page, headers=more)


def _runs(asked: Asked, channel: int | None, span: Span, failed: bool, limit: int) -> Answer:
    given = {"channel_id": channel, "since": span.start, "until": span.end}
    return asked.answer(
        "runs", lambda house: house.query("runs", **given, failed=failed, limit=limit)
    )


def _counted(asked: Asked, name: str, found: pa.Table, total: str, skip: int) -> Answer:
    """A page of rows, of which each knows how many there are."""
    there = found[total][0].as_py() if found.num_rows else 0
    seen = skip + found.num_rows
    more = next_page(asked, seen) if seen < there else {}
    return asked.answer(name, lambda _: found, headers=more)
