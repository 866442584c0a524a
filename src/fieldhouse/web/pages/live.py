"""What happens, as it happens: server-sent events for open pages."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import StreamingResponse

from fieldhouse import events
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter()
_BEAT = 15.0
"""Seconds after which a line is sent if nothing happens, so that who is gone is noticed."""
_LOOK = 0.5
"""Seconds within which a listener notices that the server is about to stop."""
_KEPT = 100


@router.get("/live")
async def live(
    served: House, channels: Annotated[str, Query(max_length=4000)] = ""
) -> StreamingResponse:
    """New readings and ended runs of some channels, or of all, as they come."""
    wanted = {int(word) for word in channels.split(",") if _is_number(word)}
    if served.listening.is_full:
        raise HTTPException(503, "too many pages listen: reload to see what is new")
    return StreamingResponse(
        _told(served, wanted),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _is_number(word: str) -> bool:
    return word.removeprefix("-").isdecimal() and word.isascii() and len(word) <= 11


async def _told(served: Served, wanted: set[int]) -> AsyncIterator[str]:
    loop, news = asyncio.get_running_loop(), asyncio.Queue[str](_KEPT)

    def put(text: str) -> None:
        if not news.full():  # who reads nothing will hear of the next
            news.put_nowait(text)

    def hear(event: events.Event) -> None:
        if (text := _said(event, wanted)) and not loop.is_closed():
            loop.call_soon_threadsafe(put, text)

    with served.listening.one(), served.heard.heard_by(hear):
        yield "retry: 5000\n\n"
        waited = 0.0
        while not served.jobs.is_stopping:
            try:
                yield await asyncio.wait_for(news.get(), _LOOK)
                waited = 0.0
            except TimeoutError:
                waited += _LOOK
                if waited >= _BEAT:
                    yield ": still here\n\n"
                    waited = 0.0


def _said(event: events.Event, wanted: set[int]) -> str | None:
    """An event as a page is told it; None: it is nothing to it."""
    match event:
        case events.RowsLoaded(channel_id=number, inserted=inserted, updated=updated):
            kind = "loaded" if inserted or updated else None
        case events.RunEnded(run=run):
            number, kind = run.channel_id, "ended"
        case _:
            return None
    if kind is None or (wanted and number not in wanted):
        return None
    return f"event: {kind}\ndata: {json.dumps({'channel': number})}\n\n"
