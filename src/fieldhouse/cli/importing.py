"""The command that brings in files: what ThingSpeak exports, and what others log."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from fieldhouse.cli import output
from fieldhouse.cli.options import (
    Config,
    Json,
    Quiet,
    Wait,
    WarehouseURL,
    channel_number,
    opened,
    settings_from,
    time_zone,
)
from fieldhouse.errors import WarehouseUnusable

if TYPE_CHECKING:
    from fieldhouse.events import Event
    from fieldhouse.importing import Import, Wanted
    from fieldhouse.settings import Settings
    from fieldhouse.sources.exports import Options
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to"]

_SHOWN = 60
"""Characters of a rejected entry that are shown."""
_OF_A_FILE = "Files of another make"
_KEPT = {
    "unparseable": "no numbers",
    "rounded": "rounded to six decimals",
    "out of range": "out of a column's range",
}
"""Why a text is kept, in the words of who reads it."""
Column = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="The column of field 1; and so on.", rich_help_panel=_OF_A_FILE
    ),
]
FurtherColumn = Annotated[str | None, typer.Option(metavar="COLUMN", hidden=True)]
Label = Annotated[
    str | None,
    typer.Option(
        metavar="LABEL",
        help="Its label, if not the column's name; and so on.",
        rich_help_panel=_OF_A_FILE,
    ),
]
FurtherLabel = Annotated[str | None, typer.Option(metavar="LABEL", hidden=True)]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("import")(import_)


def _epoch(value: str) -> int | str:
    if value.lower() == "older":
        return "older"
    try:
        return int(value.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        raise typer.BadParameter(f"{value!r} is no epoch: write its number, or older") from None


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            help="CSV, JSON or XML, plain, .gz or .zip; what `fieldhouse export` wrote.",
            show_default=False,
        ),
    ],
    channel_id: Annotated[
        int | None,
        typer.Option(
            "--channel",
            parser=channel_number,
            metavar="CHANNEL",
            help="Whose entries they are; below zero: a channel of files, which nothing polls.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would do, and write nothing.")
    ] = False,
    tz: Annotated[
        ZoneInfo | None,
        typer.Option(
            "--tz",
            parser=time_zone,
            metavar="ZONE",
            help="Of times that name no zone, as Europe/Zurich. Else: UTC.",
        ),
    ] = None,
    epoch: Annotated[
        Any,
        typer.Option(
            parser=_epoch,
            metavar="EPOCH",
            help="Where entries belong that the channel does not know, if that cannot be found"
            " out: an epoch's number, or older: a life before all that are held.",
        ),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of text that is no UTF-8, as cp1252.")
    ] = None,
    decimal_comma: Annotated[
        bool,
        typer.Option(
            "--decimal-comma", help="12,5 is 12.5, also where it was torn into two cells."
        ),
    ] = False,
    skip: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Leave this column out.")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="The last line is whole, though it has no line end.")
    ] = False,
    any_channel: Annotated[
        bool, typer.Option("--any-channel", help="Also files that say they are another channel's.")
    ] = False,
    time: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column of the time.", rich_help_panel=_OF_A_FILE),
    ] = None,
    time_format: Annotated[
        str | None,
        typer.Option(
            metavar="FORM",
            help="As %d.%m.%Y %H:%M, or unix, or unix-ms. Else: ISO 8601.",
            rich_help_panel=_OF_A_FILE,
        ),
    ] = None,
    field1: Column = None,
    field2: FurtherColumn = None,
    field3: FurtherColumn = None,
    field4: FurtherColumn = None,
    field5: FurtherColumn = None,
    field6: FurtherColumn = None,
    field7: FurtherColumn = None,
    field8: FurtherColumn = None,
    label1: Label = None,
    label2: FurtherLabel = None,
    label3: FurtherLabel = None,
    label4: FurtherLabel = None,
    label5: FurtherLabel = None,
    label6: FurtherLabel = None,
    label7: FurtherLabel = None,
    label8: FurtherLabel = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of the channel. Else: the file's.",
            rich_help_panel=_OF_A_FILE,
        ),
    ] = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring in files: ThingSpeak's exports and answers, and CSV of other loggers.

    fieldhouse import feeds.csv --channel 9 --dry-run

    fieldhouse import log.csv --time When --field1 Temp --tz Europe/Zurich --name "My logger"

    What the channel holds already is recognised by its entry id and time. Files without entry ids
    become a channel of their own. The same file once more changes nothing.
    """
    from fieldhouse.importing import Wanted

    output.set_up_log(quiet=quiet)
    settings = settings_from(config, warehouse, wait)
    wanted = Wanted(
        channel_id=channel_id,
        epoch=epoch,
        name=name,
        labels=_by_number(label1, label2, label3, label4, label5, label6, label7, label8),
        any_channel=any_channel,
    )
    given = {
        "encoding": encoding,
        "zone": tz,
        "time_format": time_format,
        "decimal_comma": decimal_comma,
        "time": time,
        "fields": _by_number(field1, field2, field3, field4, field5, field6, field7, field8),
        "skip": tuple(skip or ()),
        "whole": whole,
    }
    shown = not (as_json or quiet) and sys.stderr.isatty()
    with _Progress(shown=shown) as progress:
        work = _planned if dry_run else _imported
        done = work(settings, files, wanted, given, progress)
    if as_json:
        output.print_json(_document(done))
    elif not quiet:
        _print(done)
    if done.rejected and not (done.new or done.known):
        raise typer.Exit(1)


def _by_number(*texts: str | None) -> dict[int, str]:
    return {n: text for n, text in enumerate(texts, 1) if text is not None}


def _imported(
    settings: "Settings",
    files: list[Path],
    wanted: "Wanted",
    given: Mapping[str, Any],
    progress: "_Progress",
) -> "Import":
    from fieldhouse.importing import import_files
    from fieldhouse.parts import build

    with build(settings, observe=progress.observe) as parts:
        options = _options(settings, wanted, given)
        return import_files(parts, files, wanted, options)


def _planned(
    settings: "Settings",
    files: list[Path],
    wanted: "Wanted",
    given: Mapping[str, Any],
    progress: "_Progress",
) -> "Import":
    from fieldhouse.importing import plan
    from fieldhouse.times import utc_now

    with _held(settings) as house:
        options = _options(settings, wanted, given)
        return plan(house, files, wanted, options, utc_now(), progress.observe)


@contextmanager
def _held(settings: "Settings") -> "Iterator[Warehouse]":
    """The warehouse to read; where there is none yet, an empty one that leaves nothing behind."""
    from fieldhouse.warehouse import open_warehouse
    from fieldhouse.warehouse.owner import file_of

    try:
        house = opened(settings)
    except WarehouseUnusable:
        file = file_of(settings.warehouse_url)
        if not file or Path(file).exists():
            raise
        house = open_warehouse("duckdb:///:memory:")
        house.migrate()
    with closing(house):
        yield house


def _options(settings: "Settings", wanted: "Wanted", given: Mapping[str, Any]) -> "Options":
    """How to read the files, with what the channel's settings say."""
    from fieldhouse.sources.exports import Options

    options = Options(**given)
    if wanted.channel_id is None:
        return options
    comma = options.decimal_comma or settings.channel(wanted.channel_id).decimal_comma
    return replace(options, decimal_comma=comma)


class _Progress:
    """How much of the files was read, and for what, where there is a terminal to show it."""

    def __init__(self, *, shown: bool) -> None:
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=output.console(stderr=True),
            disable=not shown,
            transient=True,
        )
        self._tasks: dict[tuple[str, str], Any] = {}

    def __enter__(self) -> "_Progress":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def observe(self, event: "Event") -> None:
        """Take an event into account."""
        from fieldhouse import events

        match event:
            case events.FileRead(name, step, read, size):
                key = (name, step)
                if key not in self._tasks:
                    self._show_only(f"{step} {Path(name).name}", key, size)
                self._bars.update(self._tasks[key], completed=read)
            case events.AnalysisStarted():
                self._show_only("aggregating", ("", ""), None)
            case _:
                output.observe(event)

    def _show_only(self, description: str, key: tuple[str, str], size: int | None) -> None:
        for task in self._bars.task_ids:
            self._bars.remove_task(task)
        self._tasks[key] = self._bars.add_task(description, total=size)


def _document(done: "Import") -> dict[str, Any]:
    return {
        "channel": done.channel_id,
        "written": done.counts is not None,
        "files": [file.name for file in done.files],
        "new": done.new,
        "known": done.known,
        "differing": done.differing,
        "rejected": done.rejected,
        "epochs": done.epochs,
        "first": done.first,
        "last": done.last,
        "left_out": done.left_out,
        "differences": [{"file": name, **asdict(each)} for name, _, each in done.differences],
        "rejections": [{"file": name, **asdict(each)} for name, _, each in done.rejections],
        "run": done.run and asdict(done.run),
    }


def _print(done: "Import") -> None:
    """What an import did or would do, in a few lines."""
    dry = done.counts is None
    epochs = ", ".join(str(epoch) for epoch in sorted(done.epochs))
    where = f"channel {done.channel_id}"
    if done.metadata and done.metadata["name"]:
        where += f" ({done.metadata['name']})"
    typer.echo(f"{where}, epoch {epochs}: {done.source}" if epochs else f"{where}: {done.source}")
    if done.first and done.last:
        zone = "; times without a zone are read as UTC (--tz)" if done.has_bare_times else ""
        typer.echo(
            f"  from {done.first:%Y-%m-%d %H:%M:%S} to {done.last:%Y-%m-%d %H:%M:%S} UTC{zone}"
        )
    typer.echo(
        f"  {done.new:,} new, {done.known:,} known, of which {done.differing:,} differ,"
        f" {done.rejected:,} rejected"
    )
    for name, place, each in done.differences:
        held = "nothing" if each.held is None else each.held
        typer.echo(
            f"    {name}, {place} {each.place}: entry {each.entry_id} of {each.created_at},"
            f" {each.column}: {held} → {each.offered}"
        )
    _print_rejected(done)
    for name, columns in done.left_out.items():
        typer.echo(f"  left out of {name}: {', '.join(columns)}")
    if dry:
        typer.echo("Nothing was written (--dry-run).")
    elif done.rejected:
        typer.echo("What was rejected is kept as text in iot.RejectedEntries.")
    if done.run and done.run.raw:
        reasons = ", ".join(f"{n:,} {_KEPT.get(each, each)}" for each, n in done.texts.items())
        hint = " (12,5 is a number with --decimal-comma)" if done.has_commas else ""
        typer.echo(f"Texts of values are in iot.RawValues: {reasons}{hint}.")


def _print_rejected(done: "Import") -> None:
    for name, place, each in done.rejections:
        text = each.text if len(each.text) <= _SHOWN else f"{each.text[:_SHOWN]}…"
        typer.echo(f"    {name}, {place} {each.place}: {each.reason}: {text}")
    if (more := done.rejected - len(done.rejections)) > 0:
        typer.echo(f"    and {more:,} more")
