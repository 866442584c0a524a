"""Where channels stand: a map with a point for each, over our own coasts or over somebody's tiles.

Coasts are drawn plainly, a degree as long everywhere; tiles are Mercator's, as servers have them.
Without a tile server nothing is loaded from anywhere.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from fieldhouse.report.layout import SIZE
from fieldhouse.report.markup import Markup, tag
from fieldhouse.report.svg import FONT
from fieldhouse.report.words import clean, cut, width_of

__all__ = ["HEIGHT", "WIDTH", "Place", "View", "fitting", "world"]

WIDTH, HEIGHT = 960, 500
_TILE = 256
_COASTS = 1800.0
"""How wide the world is in `land.txt`, in its own units; it begins at 180° W and 90° N."""
_ICE = 872.0
_FARTHEST, _NEAREST, _NEAREST_COASTS = 2, 17, 8
_MARGIN = 60.0
_MOST_NAMES = 60
_MERCATOR = 85.0
"""Tiles end there."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel's position, in degrees; ``address`` is where its point leads."""

    name: str
    address: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class View:
    """What is shown: the middle, and how near; ``tiles`` is the tile server's address, if any."""

    latitude: float
    longitude: float
    zoom: int
    tiles: str | None = None

    @property
    def nearest(self) -> int:
        """The nearest that there is something to see."""
        return _NEAREST if self.tiles else _NEAREST_COASTS

    def at(self, zoom: int) -> "View | None":
        """The same place nearer or farther; None where there is no such zoom."""
        if not _FARTHEST <= zoom <= self.nearest:
            return None
        return View(self.latitude, self.longitude, zoom, self.tiles)

    @property
    def around(self) -> float:
        """How wide the world is, in units of the picture."""
        return float(_TILE * 2**self.zoom)

    def placed(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Where a position lies in the world's picture."""
        x = (longitude + 180) / 360 * self.around
        if not self.tiles:
            return x, (90 - latitude) / 360 * self.around
        sine = math.sin(math.radians(min(max(latitude, -_MERCATOR), _MERCATOR)))
        return x, (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * self.around

    @property
    def corner(self) -> tuple[float, float]:
        """The upper left corner of what is shown."""
        x, y = self.placed(self.latitude, self.longitude)
        tall = self.around if self.tiles else self.around / 2
        top = min(max(y - HEIGHT / 2, 0.0), max(0.0, tall - HEIGHT))
        return x - WIDTH / 2, top


def fitting(places: Sequence[Place], tiles: str | None) -> View:
    """The nearest view that holds all places."""
    if not places:
        return View(20.0, 0.0, _FARTHEST, tiles)
    latitudes, longitudes = [p.latitude for p in places], [p.longitude for p in places]
    middle = sum((min(longitudes), max(longitudes))) / 2
    between = sum((min(latitudes), max(latitudes))) / 2
    near = 12 if tiles else 5
    for zoom in range(near, _FARTHEST, -1):
        view = View(between, middle, zoom, tiles)
        left, top = view.corner
        spots = [view.placed(place.latitude, place.longitude) for place in places]
        if all(
            _MARGIN <= x - left <= WIDTH - _MARGIN
            and _MARGIN / 2 <= y - top <= HEIGHT - _MARGIN / 2
            for x, y in spots
        ):
            return view
    return View(between, middle, _FARTHEST, tiles)


def world(places: Sequence[Place], view: View) -> Markup:
    """The map."""
    left, top = view.corner
    ground = _tiles(view) if view.tiles else _coasts(view)
    return tag(
        "svg",
        tag("g", *ground, transform=f"translate({-left:.1f} {-top:.1f})", aria_hidden="true"),
        *_points(places, view),
        class_="fieldhouse world",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        font_family=FONT,
        font_size=f"{SIZE:g}",
        role="group",
        aria_label="Map of the channels",
    )


def _coasts(view: View) -> Iterator[Markup]:
    left, top = view.corner
    scale = view.around / _COASTS
    path = (files("fieldhouse.report") / "land.txt").read_text("utf-8").strip()
    yield tag("rect", class_="gap", x=left, y=top, width=WIDTH, height=HEIGHT)
    for turn in (-1, 0, 1):
        begin = turn * view.around
        if begin + view.around * 1.02 > left and begin < left + WIDTH:
            yield tag("path", class_="land", d=path,
                      transform=f"translate({begin:.1f} 0) scale({scale:.5f})")  # fmt: skip
    # the coasts end where the ice does not
    yield tag("rect", class_="land", x=left, y=_ICE * scale, width=WIDTH,
              height=max(0.0, top + HEIGHT - _ICE * scale))  # fmt: skip


def _tiles(view: View) -> Iterator[Markup]:
    left, top = view.corner
    count = 2**view.zoom
    for column in range(math.floor(left / _TILE), math.floor((left + WIDTH - 1) / _TILE) + 1):
        for row in range(math.floor(top / _TILE), math.floor((top + HEIGHT - 1) / _TILE) + 1):
            if 0 <= row < count:
                address = (view.tiles or "").replace("{z}", str(view.zoom))
                address = address.replace("{x}", str(column % count)).replace("{y}", str(row))
                yield tag("image", href=address, x=column * _TILE, y=row * _TILE, width=_TILE,
                          height=_TILE)  # fmt: skip


def _points(places: Sequence[Place], view: View) -> Iterator[Markup]:
    left, top = view.corner
    taken: list[tuple[float, float, float]] = []
    for place in places:
        x, y = view.placed(place.latitude, place.longitude)
        y -= top
        for at in (x - left + turn * view.around for turn in (-1, 0, 1)):
            if 0 <= at <= WIDTH and 0 <= y <= HEIGHT:
                yield _point(place, at, y, taken)


def _point(place: Place, x: float, y: float, taken: list[tuple[float, float, float]]) -> Markup:
    """A point, with its name where there is room for it."""
    name = cut(clean(place.name), 150, SIZE)
    wide = width_of(name, SIZE) + 12
    to_left = x + wide > WIDTH
    begin = x - wide if to_left else x
    is_free = len(taken) < _MOST_NAMES and all(
        abs(y - other) > SIZE + 3 or begin > end or begin + wide < first
        for first, end, other in taken
    )
    said = ""
    if is_free:
        taken.append((begin, begin + wide, y))
        said = tag("text", name, class_="ink", x=x - 10 if to_left else x + 10, y=y + 4,
                   text_anchor="end" if to_left else None)  # fmt: skip
    circle = tag("circle", tag("title", clean(place.name)), class_="place", cx=x, cy=y, r=6.5)
    return tag("a", circle, said, href=place.address, aria_label=clean(place.name))
