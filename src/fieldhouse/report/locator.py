"""Where a channel stands: a map of the world's coasts with a point on it, drawn without tiles.

The coasts (``land.txt``) are Natural Earth's, 1:110,000,000, in the public domain, simplified to a
third of a degree; a path in fifths of a degree from 180° W and 90° N.
"""

from importlib.resources import files

from fieldhouse.report.markup import Markup, tag

__all__ = ["locator"]

_UNIT = 5
_ICE = 872.0
_WIDTH, _HEIGHT = 90, 60
"""How much of the world is shown, in degrees."""


def locator(latitude: float, longitude: float) -> Markup | None:
    """A map around a position, with a link to a street map; None where there is no such place."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    x, y = (longitude + 180) * _UNIT, (90 - latitude) * _UNIT
    left = x - _WIDTH * _UNIT / 2
    top = min(max(y - _HEIGHT * _UNIT / 2, 0), (180 - _HEIGHT) * _UNIT)
    place = said(latitude, longitude)
    address = (
        f"https://www.openstreetmap.org/?mlat={latitude:.6f}&mlon={longitude:.6f}"
        f"#map=12/{latitude:.6f}/{longitude:.6f}"
    )
    drawn = tag(
        "svg",
        tag("rect", class_="gap", x=left, y=top, width=_WIDTH * _UNIT, height=_HEIGHT * _UNIT),
        *_land(left),
        # the coasts end where the ice does not
        tag("rect", class_="land", x=left, y=_ICE, width=_WIDTH * _UNIT, height=900 - _ICE),
        tag("path", class_="grid", d=_graticule(left, top), fill="none", stroke_width=0.8),
        tag("path", class_="mark", d=f"M{x:.1f} {y:.1f}m-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0",
            stroke_width=2),
        class_="fieldhouse map",
        viewBox=f"{left:.1f} {top:.1f} {_WIDTH * _UNIT} {_HEIGHT * _UNIT}",
        role="img",
        aria_label=f"Map: {place}",
    )  # fmt: skip
    link = tag("a", "on OpenStreetMap", href=address, rel="noreferrer noopener")
    return tag("figure", drawn, tag("figcaption", f"{place} · ", link), class_="map")


def said(latitude: float, longitude: float) -> str:
    """A position as people write it."""
    north, east = "N" if latitude >= 0 else "S", "E" if longitude >= 0 else "W"
    return f"{abs(latitude):.4f}° {north}, {abs(longitude):.4f}° {east}"


def _land(left: float) -> list[Markup]:
    """The land, and once more beyond the edge of the world where the map goes on."""
    path = (files("fieldhouse.report") / "land.txt").read_text("utf-8").strip()
    world = 360 * _UNIT
    shifts = [0]
    # the one ring that crosses the date line reaches some degrees beyond it
    shifts += [-world] if left < 20 * _UNIT else []
    shifts += [world] if left + _WIDTH * _UNIT > world else []
    return [
        tag("path", class_="land", d=path, transform=f"translate({s} 0)" if s else None)
        for s in shifts
    ]


def _graticule(left: float, top: float) -> str:
    """Meridians and parallels every ten degrees."""
    every = 10 * _UNIT
    first = int(left // every) * every
    meridians = (
        f"M{x} {top:.1f}v{_HEIGHT * _UNIT}" for x in range(first, first + 12 * every, every)
    )
    begin = int(top // every) * every
    parallels = (
        f"M{left:.1f} {y}h{_WIDTH * _UNIT}" for y in range(begin, begin + 8 * every, every)
    )
    return "".join([*meridians, *parallels])
