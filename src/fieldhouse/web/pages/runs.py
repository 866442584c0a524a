"""The runs: what each brought, and what went wrong."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse.web.pages.shared import Channel, channel_of, given_in, pages_of, show
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter()
_SIZE = 100
_MOST = 5_000
"""Runs that can be looked at, the newest ones: the others are for a query."""


@router.get("/runs")
def runs_page(request: Request, served: House) -> Response:
    """The last runs of all channels."""
    return _page(request, served, None)


@router.get("/channel/{channel_id}/runs")
def channel_runs_page(request: Request, served: House, channel_id: int) -> Response:
    """The last runs of one channel."""
    return _page(request, served, channel_of(served, channel_id))


def _page(request: Request, served: Served, channel: Channel | None) -> Response:
    given = given_in(request)
    failed = bool(given.text("failed"))
    # as many as there may be in all, of which only their number is wanted
    found = served.warehouse.query(
        "runs",
        channel_id=channel and channel.number,
        limit=_MOST,
        failed=failed or None,
    )
    pages = pages_of(given, _SIZE, found.num_rows)
    names = dict(
        zip(
            *(
                column.to_pylist()
                for column in served.warehouse.query("channels")
                .select(["ChannelID", "ChannelName"])
                .columns
            ),
            strict=True,
        )
    )
    return show(
        request,
        "runs.html",
        given=given,
        channel=channel,
        failed=failed,
        rows=found.slice((pages["number"] - 1) * _SIZE, _SIZE).to_pylist(),
        pages=pages,
        names=names,
        most=_MOST if found.num_rows == _MOST else None,
    )
