"""A channel: its fields over any span, what is newest of it, and the way to the data behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from fieldhouse.report.figure import Figure
from fieldhouse.report.markup import Markup
from fieldhouse.report.page import chart
from fieldhouse.report.together import together
from fieldhouse.report.words import clean, unit_of
from fieldhouse.warehouse import Warehouse
from fieldhouse.web.ages import exact_text
from fieldhouse.web.meant import not_held, tags_of
from fieldhouse.web.pages import figures, readings
from fieldhouse.web.pages.told import open_on
from fieldhouse.web.pages.view import BEFORE, LASTS, Asked, View, view_of
from fieldhouse.web.reader import as_packed, widths_for, zone_for
from fieldhouse.web.rendering import rendered
from fieldhouse.web.served import House, Served

__all__ = ["asked_for", "channel_header", "router"]

router = APIRouter()
_WIDTH = 860
"""Points across the server's pictures, and of a browser that does not say how wide it is."""
_MOST_WIDTH = 4000
_FEW = 200
"""Readings that a page shows one by one below its plots."""
_EVERY = ("5min", "1h", "1d", "1w", "1mo")

Number = Annotated[int, Path(ge=-(2**31) + 1, le=2**31 - 1)]
_Text = Annotated[str, Query(max_length=60)]
_Words = Annotated[list[str] | None, Query(max_length=64)]


def asked_for(
    last: _Text = "",
    start: Annotated[str, Query(alias="from", max_length=60)] = "",
    end: Annotated[str, Query(alias="to", max_length=60)] = "",
    every: _Text = "",
    fields: _Words = None,
    compare: _Words = None,
    before: _Text = "",
    tz: _Text = "",
) -> Asked:
    """A view's parameters; what a form sends several times is one list."""
    span = (last, start.strip(), end.strip(), every.strip())
    return Asked(*span, _listed(fields), _listed(compare), before, tz)


def _listed(words: list[str] | None) -> str:
    return ",".join(word.strip() for word in words or () if word.strip())


Wanted = Annotated[Asked, Depends(asked_for)]


@dataclass(frozen=True, slots=True)
class _Value:
    """A field's newest value."""

    label: str
    unit: str
    value: str
    at: Any


@dataclass(frozen=True, slots=True)
class _Plot:
    """A panel of the page: its heading and its picture."""

    id: str
    title: str
    lines: Sequence[str]
    picture: Markup


def _seen(
    request: Request, served: Served, channel: int, asked: Asked, *, is_whole: bool = True
) -> tuple[Warehouse, View]:
    house = served.warehouse
    zone, now = zone_for(request), served.as_of
    view = view_of(house, channel, asked, zone, now, is_whole=is_whole)
    if view is None:
        raise not_held(channel)
    return house, view


@router.get("/channel/{channel}")
def page(request: Request, served: House, channel: Number, asked: Wanted) -> Response:
    """Plots of the fields that are asked for, and what belongs to them."""
    house, view = _seen(request, served, channel, asked)
    drawn, (header, values, alerts) = together(
        lambda: figures.figures_of(house, view, _WIDTH),
        lambda: (
            channel_header(house, view.channel),
            _newest(house, view),
            open_on(served, channel),
        ),
    )
    count = figures.readings_in(drawn)
    source = view.asked.address(f"/channel/{channel}/figure", last="", from_="", to="")
    return rendered(
        request,
        "channel.html",
        alerts=alerts,
        **header,
        view=view,
        zone=view.zone,
        values=values,
        plots=[_plot(id_, figure, widths_for(request)) for id_, figure in drawn.items()],
        note=next(iter(drawn.values())).note if drawn else "",
        data=figures.script_text(figures.carried(view, drawn, source)),
        count=count,
        few=readings.found(house, view, _FEW) if count <= _FEW else None,
        chosen={field.number for field in view.own},
        lasts=LASTS,
        befores=BEFORE,
        everies=[(every, every) for every in _EVERY],
        behind=_behind(view),
    )


@router.get("/channel/{channel}/figure")
def figure(
    request: Request,
    served: House,
    channel: Number,
    asked: Wanted,
    width: Annotated[int, Query(ge=100, le=_MOST_WIDTH)] = _WIDTH,
) -> Response:
    """The same figures as JSON, as finely as they can be shown: what zooming asks for."""
    house, view = _seen(request, served, channel, asked, is_whole=False)
    drawn = figures.figures_of(house, view, width)
    source = view.asked.address(f"/channel/{channel}/figure", last="", from_="", to="")
    content = figures.carried(view, drawn, source)
    return as_packed(request, Response(content, media_type="application/json"))


@router.get("/channel/{channel}/readings")
def each(request: Request, served: House, channel: Number, asked: Wanted) -> Response:
    """The readings of a span one by one, with the texts that are kept, and what was set aside."""
    house, view = _seen(request, served, channel, asked)
    return rendered(
        request,
        "readings.html",
        **channel_header(house, view.channel),
        view=view,
        zone=view.zone,
        few=readings.found(house, view, readings.PAGE),
        lasts=LASTS,
        behind=_behind(view),
    )


def channel_header(house: Warehouse, row: Mapping[str, Any]) -> dict[str, Any]:
    """What every page of a channel shows on its top; ``row`` is that of the question overview."""
    number = row["ChannelID"]
    return {
        "channel": row,
        "name": clean(row["ChannelName"] or "") or f"Channel {number}",
        "tags": tags_of(house).get(number, []),
    }


def _newest(house: Warehouse, view: View) -> Sequence[_Value]:
    """The newest values of the channel's own fields that are shown."""
    if view.channel["NewestReading"] is None:
        return []
    found = house.query("newest_values", channel_ids=[view.number], as_of=view.now).to_pylist()
    if not found:
        return []
    (row,) = found
    return [
        _Value(title, unit, exact_text(value), row[f"Field{field.number}At"])
        for field in view.own
        for title, unit in [unit_of(field.label)]
        if (value := row[f"Field{field.number}"]) is not None
    ]


def _plot(id_: str, figure: Figure, widths: Mapping[str, int]) -> _Plot:
    (panel,) = figure.panels
    names = [line.name for line in panel.lines]
    return _Plot(id_, panel.title, names, chart(id_, figure, widths=widths))


def _behind(view: View) -> dict[str, str]:
    """Where the numbers behind a view are to be had: addresses of the API, and the SQL."""
    span = {"from": _written(view, view.start), "to": _written(view, view.end)}
    chosen = [("field", str(field.number)) for field in view.own]
    query = urlencode([*span.items(), ("tz", view.zone.key), *chosen])
    rule = urlencode([*span.items(), ("tz", view.zone.key), *(chosen if len(chosen) == 1 else ())])
    path = f"/api/channels/{view.number}"
    exact = view.asked.address(f"/channel/{view.number}", last="", from_=span["from"],
                               to=span["to"], tz=view.zone.key)  # fmt: skip
    every = view.asked.every or "1h"
    return {
        "correct": f"/channel/{view.number}/corrections?{rule}",
        "csv": f"{path}/readings.csv?{query}",
        "api": f"{path}/readings?{query}",
        "periods": f"{path}/periods.csv?{urlencode({'every': every})}&{query}"
        "&statistic=mean&statistic=min&statistic=max&statistic=count",
        "sql": _sql(view),
        "exact": exact,
    }


def _written(view: View, at: Any) -> str:
    return f"{at.isoformat(timespec='seconds')}Z"


def _sql(view: View) -> str:
    fields = ", ".join(f"Field{field.number}" for field in view.own)
    return (
        f"SELECT CreatedAt, EntryID, {fields}\n"
        f"FROM iot.CountedReadings\n"
        f"WHERE ChannelID = {view.number}\n"
        f"    AND CreatedAt >= '{view.start:%Y-%m-%d %H:%M:%S}'"
        f" AND CreatedAt < '{view.end:%Y-%m-%d %H:%M:%S}'\n"
        f"ORDER BY CreatedAt"
    )
