"""A map of the channels that have a position."""

from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse.errors import ConfigurationError
from fieldhouse.insight.sunlight import is_place
from fieldhouse.report.locator import said
from fieldhouse.report.world import Place, View, fitting, world
from fieldhouse.web.pages.shared import Given, given_in, show
from fieldhouse.web.served import House

__all__ = ["router"]

router = APIRouter()


@router.get("/map")
def map_page(request: Request, served: House) -> Response:
    """All channels with a position; ``at`` and ``zoom`` say what is shown."""
    given = given_in(request)
    rows = served.warehouse.query("channels").to_pylist()
    known = [row for row in rows if row["Latitude"] is not None and row["Longitude"] is not None]
    spots = [
        Place(
            row["ChannelName"] or f"Channel {row['ChannelID']}",
            f"/channel/{row['ChannelID']}",
            float(row["Latitude"]),
            float(row["Longitude"]),
        )
        for row in known
        if is_place(float(row["Latitude"]), float(row["Longitude"]))
    ]
    tiles = served.rules.tile_server
    view = _view(given, fitting(spots, tiles))
    return show(
        request,
        "map.html",
        given=given,
        places=[(place, said(place.latitude, place.longitude), _near(place)) for place in spots],
        without=len(rows) - len(spots),
        drawn=world(spots, view),
        closer=_address(view.at(view.zoom + 1)),
        farther=_address(view.at(view.zoom - 1)),
        tiles=urlsplit(tiles).netloc if tiles else None,
    )


def _view(given: Given, default: View) -> View:
    """What the address asks to see."""
    at = given.read("at", _position) or (default.latitude, default.longitude)
    zoom = given.read("zoom", _whole)
    view = View(*at, default.zoom, default.tiles)
    if zoom is None:
        return view
    if not (found := view.at(zoom)):
        given.refuse("zoom", f"the map has a zoom from 2 to {view.nearest}")
        return view
    return found


def _position(text: str) -> tuple[float, float]:
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        latitude = longitude = float("nan")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ConfigurationError("a place is a latitude and a longitude, as 47.37,8.54")
    return latitude, longitude


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 3):
        raise ConfigurationError("a zoom is a number")
    return int(text)


def _near(place: Place) -> str:
    return "?" + urlencode({"at": f"{place.latitude:.5f},{place.longitude:.5f}", "zoom": 6})


def _address(view: View | None) -> str | None:
    if view is None:
        return None
    at = f"{view.latitude:.5f},{view.longitude:.5f}"
    return "?" + urlencode({"at": at, "zoom": view.zoom})
