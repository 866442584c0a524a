"""The pages that people look at."""

from fastapi import APIRouter

from fieldhouse.web.pages import (
    lives,
    overview,
    places,
    quality,
    querying,
    rhythm,
    runs,
    texts,
    trend,
)

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
for room in (overview, rhythm, quality, trend, texts, runs, lives, places, querying):
    router.include_router(room.router)
