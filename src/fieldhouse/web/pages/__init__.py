"""The pages that people look at."""

from fastapi import APIRouter

from fieldhouse.web.pages import (
    anomalies,
    channel,
    correcting,
    importing,
    insight,
    live,
    lives,
    managing,
    overview,
    places,
    quality,
    querying,
    rhythm,
    runs,
    texts,
    tokens,
    trend,
    working,
)

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_LOOKING = (
    *(overview, channel, live, rhythm, trend, anomalies, insight, quality),
    *(texts, runs, lives, places, querying),
)
_DOING = (managing, working, correcting, importing, tokens)
for room in (*_LOOKING, *_DOING):
    router.include_router(room.router)
