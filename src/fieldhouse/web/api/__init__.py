"""The API: the warehouse's questions over HTTP, in JSON, CSV and Arrow.

`asked` reads what every request may say, `forms` writes tables, `answers` sends them, `described`
is what OpenAPI knows, `index` a page of it; the other rooms are the endpoints.
"""

from fastapi import APIRouter, Depends

from fieldhouse.web.api import (
    analyses,
    asking,
    channels,
    correcting,
    history,
    index,
    readings,
    relating,
    working,
)
from fieldhouse.web.api.asked import checked_names
from fieldhouse.web.api.described import PROBLEMS

__all__ = ["router"]

router = APIRouter()
for room in (channels, readings, analyses, relating, history, correcting, working, asking):
    router.include_router(
        room.router, prefix="/api", dependencies=[Depends(checked_names)], responses=PROBLEMS
    )
router.include_router(index.router)
