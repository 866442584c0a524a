"""Channels, their tags, how each stands."""

from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Query

from fieldhouse.warehouse.questions import QUERIES
from fieldhouse.web.api.asked import Asked, Channel, Offset, Rows, paged
from fieldhouse.web.api.described import table
from fieldhouse.web.limits.whole import Answer

__all__ = ["router"]

router = APIRouter()
_CHANNEL, _TAG, _STATUS = (QUERIES[n].columns for n in ("channels", "channel_tags", "status"))


@table(router, "/channels", _CHANNEL, tag="channels")
def channels(
    asked: Asked,
    tag: Annotated[
        str | None, Query(max_length=100, description="Only channels that have it")
    ] = None,
    limit: Rows = 1_000,
    skip: Offset = 0,
) -> Answer:
    """Every channel with its metadata, by number."""
    found = asked.query("channels").sort_by("ChannelID")
    if tag is not None:
        tags = asked.query("channel_tags")
        same = pc.equal(pc.utf8_lower(tags["Tag"]), tag.lower())
        found = found.filter(pc.is_in(found["ChannelID"], tags.filter(same)["ChannelID"]))
    page, more = paged(asked, found, limit, skip)
    return asked.answer("channels", lambda _: page, headers=more)


@table(router, "/channels/tags", _TAG, tag="channels")
def tags(asked: Asked) -> Answer:
    """Every tag of every channel."""
    return asked.answer("tags", lambda house: house.query("channel_tags"))


@table(router, "/channels/{channel:channel}", _CHANNEL, one=True, tag="channels")
def channel(asked: Asked, channel: Channel) -> Answer:
    """A channel's metadata."""
    found = _of(asked.query("channels"), channel)
    return asked.answer(f"channel {channel}", lambda _: found, one=True)


@table(router, "/channels/{channel:channel}/tags", _TAG, tag="channels")
def channel_tags(asked: Asked, channel: Channel) -> Answer:
    """A channel's tags."""
    found = _of(asked.query("channel_tags"), channel)
    return asked.answer(f"channel-{channel}-tags", lambda _: found)


@table(router, "/status", _STATUS, tag="channels")
def status(asked: Asked, limit: Rows = 1_000, skip: Offset = 0) -> Answer:
    """What each channel holds, how complete and how fresh it is, how its last run went."""
    page, more = paged(asked, asked.query("status", as_of=asked.now), limit, skip)
    return asked.answer("status", lambda _: page, headers=more)


@table(router, "/channels/{channel:channel}/status", _STATUS, one=True, tag="channels")
def channel_status(asked: Asked, channel: Channel) -> Answer:
    """The same of one channel."""
    now = asked.now
    return asked.answer(
        f"channel-{channel}-status",
        lambda house: house.query("status", as_of=now, channel_ids=[channel]),
        one=True,
    )


def _of(rows: pa.Table, channel: int) -> pa.Table:
    return rows.filter(pc.equal(rows["ChannelID"], channel))
