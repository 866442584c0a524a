"""The commands that draw: a plot on the terminal or in a file, a report."""

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from fieldhouse import names
from fieldhouse.cli import output
from fieldhouse.cli.options import (
    Channels,
    Config,
    From,
    Overwrite,
    TimeZone,
    To,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
    span_of,
)
from fieldhouse.errors import ConfigurationError
from fieldhouse.exporting import files

if TYPE_CHECKING:
    from fieldhouse.report.figure import Figure, Line
    from fieldhouse.report.gathering import Wanted
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to"]

_DAYS = 7
_FAR = 1e15
_SHORTEST = timedelta(minutes=1)
_SIGNS = "⠒┤╌\N{MULTIPLICATION SIGN}\N{MINUS SIGN}"
_FORMS = (".png", ".svg", ".html")
_POINTS = {".png": 1000, ".svg": 1000, ".html": 60_000}
_MOST_DRAWN, _MOST_REPORTED = 64, 400
"""Fields of one picture, and of one report."""
_MOST_POINTS = 100_000
"""Of each line, where ``--every`` says how long they are."""
_SPAN_POINTS = 400_000
"""Points of all lines of one page: about two megabytes."""

Days = Annotated[
    int | None,
    typer.Option(min=1, max=100_000, help="So many days up to --to, or to the newest reading."),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    for command in (plot, report):
        app.command()(command)


def plot(
    channel: Annotated[
        str,
        typer.Argument(
            metavar="CHANNEL",
            help="A channel by number, tag or address; several with commas, or 20001-20200.",
        ),
    ],
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FIELD]…", help="Fields by number or label; default: all."),
    ] = None,
    target: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="A .png, .svg or zoomable .html file instead."
        ),
    ] = None,
    start: From = None,
    end: To = None,
    days: Days = None,
    every: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH", help="One point each 5min, 1h, 1d, 1w, 1mo; default: each pixel."
        ),
    ] = None,
    reach: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--range",
            metavar="LOW HIGH",
            help="What the axes reach over, as -20 40; what lies beyond stands at their ends.",
        ),
    ] = None,
    ahead: Annotated[
        str | None,
        typer.Option("--forecast", metavar="LENGTH", help="And how they go on: 24h, 3d, 60d."),
    ] = None,
    tz: TimeZone = None,
    overwrite: Overwrite = False,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Draw fields over time: means, least and greatest, anomalies, gaps.

    fieldhouse plot 9 temperature --days 30

    fieldhouse plot 9 temperature --forecast 3d

    fieldhouse plot 9,12 temperature --from 2026-01 -o temperature.html

    Fields of the same label share a panel. Without a span: the seven days up to the newest reading.
    """
    from fieldhouse.report import gathering
    from fieldhouse.times import length_of

    if target:
        _check_target(target, _FORMS, overwrite=overwrite)
    settings = settings_from(config, warehouse, wait)
    zone = tz or settings.display_zone
    length = length_of(every) if every else None
    if reach and not -_FAR < reach[0] < reach[1] < _FAR:
        raise ConfigurationError(f"--range {reach[0]:g} {reach[1]:g}: the first must be the lower")
    with closing(opened(settings)) as house:
        numbers = names.find_channels(house, [word for word in channel.split(",") if word.strip()])
        if not numbers:
            raise ConfigurationError(f"{channel!r} names no channel: write 9, or 9,12")
        wanted = _wanted(house, numbers, fields or [])
        _check_number(len(wanted), _MOST_DRAWN, "a picture")
        first, last = _span(house, numbers, start, end, days, zone)
        if length and 0 < length.seconds * _MOST_POINTS < (last - first).total_seconds():
            raise ConfigurationError(
                f"--every {every} is more than {_MOST_POINTS:,} points: draw a shorter span"
            )
        figure = gathering.figure_of(
            house,
            wanted,
            first,
            last,
            zone,
            points=_points(target, len(wanted)),
            every=length,
            title=", ".join(dict.fromkeys(f"{w.channel} ({w.channel_id})" for w in wanted)),
            bounds=reach,
            keep_empty=bool(fields),
            ahead=_ahead(house, wanted, ahead, last, zone) if ahead else {},
        )
    if target:
        _write(figure, target, overwrite=overwrite)
    else:
        _show(figure)


def _ahead(
    house: "Warehouse", wanted: "Sequence[Wanted]", text: str, last: datetime, zone: ZoneInfo
) -> "dict[Wanted, Line]":
    """The forecasts of the fields that go on, from the picture's end."""
    from fieldhouse.insight.forecasts import forecast_of
    from fieldhouse.report.foreseen import foreseen
    from fieldhouse.times import length_of

    length = length_of(text).up_to(last)
    found = {
        field: forecast_of(
            house, field.channel_id, field.number, length=length, as_of=last, zone=zone
        )
        for field in wanted
    }
    lines = {field: foreseen(table, zone) for field, table in found.items() if table.num_rows}
    if not lines:
        raise ConfigurationError("no value in the last 14 days that could go on: leave --forecast")
    return lines


def _check_number(fields: int, most: int, where: str) -> None:
    if fields > most:
        raise ConfigurationError(
            f"{fields:,} fields are more than {where} holds, {most}: name fewer"
        )


def _wanted(house: "Warehouse", numbers: Sequence[int], words: Sequence[str]) -> "list[Wanted]":
    """The fields to draw: those that are named, wherever they are, or else all with a label."""
    from fieldhouse.report.gathering import Wanted

    held = {row["ChannelID"]: row for row in house.query("channels").to_pylist()}
    labels = names.all_labels(house)
    for word in words:
        if word.isdecimal() and int(word) in held and int(word) > 8:
            raise ConfigurationError(
                f"{word} is a channel, not a field: write {','.join(map(str, numbers))},{word}"
            )
    chosen, lacks = names.fields_of_each(labels, numbers, words) if words else ({}, {})
    if line := names.lacking(lacks):
        typer.echo(f"fieldhouse: {line}", err=True)
    wanted: list[Wanted] = []
    for number in numbers:
        own = labels.get(number, {})
        called = (held[number]["ChannelName"] or "").strip() or f"channel {number}"
        fields = chosen[number] if words else [*(own or range(1, 9))]
        wanted += [Wanted(number, n, own.get(n, f"Field {n}"), called) for n in fields]
    return wanted


def _span(
    house: "Warehouse", numbers: Sequence[int], start: str | None, end: str | None,
    days: int | None, zone: ZoneInfo, usual: int | None = _DAYS,
) -> tuple[datetime, datetime]:  # fmt: skip
    """What is shown: as asked for, or so many days up to the newest reading; None: all."""
    from fieldhouse.report.gathering import newest_span
    from fieldhouse.times import utc_now

    if days and start:
        raise ConfigurationError("--days and --from both say where to begin: give one of them")
    first, last = span_of(start, end, zone)
    if first and last:
        return first, last
    now = utc_now()
    oldest, newest = newest_span(house, numbers, now)
    last = last or min(newest + timedelta(seconds=1) if newest else now, now)
    if first and first >= last:
        last = now
    if first and first >= last:
        raise ConfigurationError(f"--from {start} is in the future: nothing was read yet")
    first = first or _begin(last, oldest, days, usual)
    if last - first >= _SHORTEST:
        return first, last
    last = max(last, datetime.min + timedelta(hours=1))
    return last - timedelta(hours=1), last


def _begin(
    last: datetime, oldest: datetime | None, days: int | None, usual: int | None
) -> datetime:
    """So many days before the end; the usual ones not before the first reading."""
    from fieldhouse.times import earlier

    begin = earlier(last, timedelta(days=days or usual or 1))
    if days or oldest is None:
        return begin
    return max(begin, oldest) if usual else oldest


def _points(target: Path | None, lines: int) -> int:
    if not target:
        return _width() * 2
    most = _POINTS[target.suffix.lower()]
    return min(most, max(1000, _SPAN_POINTS // max(1, lines)))


def _width() -> int:
    """How wide the terminal is; 80 where there is none and ``COLUMNS`` says nothing."""
    return max(40, shutil.get_terminal_size((80, 24)).columns)


def _show(figure: "Figure") -> None:
    """Draw on the terminal, in what its encoding and its font can show."""
    from fieldhouse.report import terminal

    console = output.console()
    colour = console.is_terminal and not console.no_color and console.color_system is not None
    drawn = terminal.lines(
        figure,
        _width(),
        height=_height(len(figure.panels)),
        ascii_only=not _shows_signs(),
        colour=colour,
    )
    for line in drawn:
        console.print(line, no_wrap=True, overflow="ignore", crop=False)


def _height(panels: int) -> int:
    """Lines of each panel: as many as let all be seen at once, eight at least."""
    lines = shutil.get_terminal_size((80, 24)).lines
    return min(16, max(8, (lines - 3) // max(1, panels) - 5))


def _shows_signs() -> bool:
    """Whether braille and box drawing arrive; the consoles without a desktop have no such font."""
    if os.environ.get("TERM") in ("linux", "dumb"):
        return False
    try:
        _SIGNS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _check_target(target: Path, forms: Sequence[str], *, overwrite: bool) -> None:
    """Refuse a file that will not do before anything is asked."""
    if target.suffix.lower() not in forms:
        last = f" or {forms[-1]}" if len(forms) > 1 else forms[0]
        raise ConfigurationError(f"{target}: the name must end in {', '.join(forms[:-1])}{last}")
    files.refuse_existing(target, overwrite=overwrite)


def _write(figure: "Figure", target: Path, *, overwrite: bool) -> None:
    suffix = target.suffix.lower()
    if suffix == ".png":
        from fieldhouse.report.png import png

        content = png(figure)
    elif suffix == ".svg":
        from fieldhouse.report.svg import document

        content = document(figure).encode()
    else:
        from fieldhouse.report.page import of_figure

        content = of_figure(figure).encode()
    files.write_bytes(content, target, overwrite=overwrite)
    panels = len(figure.panels)
    typer.echo(f"{panels} panel{'' if panels == 1 else 's'} in {target}: {figure.note}")


def report(
    channels: Channels,
    target: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Ends in .html.")],
    start: From = None,
    end: To = None,
    days: Days = None,
    tz: TimeZone = None,
    overwrite: Overwrite = False,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Write a page on channels: plots, quality, anomalies, trend, gaps, lives, a map.

    fieldhouse report 9 -o report.html

    One file that stands alone, to mail or keep: it loads nothing, zooms, prints, fits a phone.
    Without a span: the whole history.
    """
    from fieldhouse.report.document import report_of
    from fieldhouse.times import utc_now

    _check_target(target, (".html",), overwrite=overwrite)
    settings = settings_from(config, warehouse, wait)
    zone = tz or settings.display_zone
    with closing(opened(settings)) as house:
        numbers = names.find_channels(house, channels)
        wanted = {number: _wanted(house, [number], []) for number in numbers}
        _check_number(sum(map(len, wanted.values())), _MOST_REPORTED, "a report")
        spans = {n: _span(house, [n], start, end, days, zone, usual=None) for n in numbers}
        content = report_of(house, wanted, spans, zone, utc_now()).encode()
    files.write_bytes(content, target, overwrite=overwrite)
    count = f"{len(numbers)} channel{'' if len(numbers) == 1 else 's'}"
    typer.echo(f"{count} in {target}: {len(content) / 1e6:.1f} MB")
