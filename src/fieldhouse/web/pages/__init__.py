"""The pages that people look at."""

from fastapi import APIRouter

from fieldhouse.web.pages import (
    anomalies,
    channel,
    correcting,
    foreseeing,
    importing,
    insight,
    lasting,
    live,
    lives,
    managing,
    overview,
    places,
    quality,
    querying,
    relating,
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
    *(overview, channel, live, rhythm, trend, foreseeing, relating, lasting),
    *(anomalies, insight, quality, texts, runs, lives, places, querying),
)
_DOING = (managing, working, correcting, importing, tokens)
for room in (*_LOOKING, *_DOING):
    router.include_router(room.router)
