"""The commands that mend readings: exclude, correct, corrections."""

from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from fieldhouse import names
from fieldhouse.cli import output, rules
from fieldhouse.cli.options import (
    Bare,
    By,
    ChannelID,
    Config,
    From,
    Json,
    TimeZone,
    To,
    Wait,
    WarehouseURL,
    channel_number,
    opened,
    settings_from,
    span_of,
)
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fieldhouse.corrections import Kind, Rule
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to", "app", "user"]

app = typer.Typer(cls=Bare, help="The rules that exclude or correct readings.")

FieldOrAll = Annotated[
    str | None,
    typer.Argument(metavar="[FIELD]", help="Its number, 1 to 8, or its label; default: all."),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only values that meet it: 'value > 80', 'value between 3 and 5', '= 85'.",
    ),
]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why; it is kept with the rule.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what it would cover, and change nothing.")
]


def add_to(main: typer.Typer) -> None:
    """Add the commands of this room."""
    main.command()(exclude)
    main.command()(correct)
    main.add_typer(app, name="corrections")


def exclude(
    channel_id: ChannelID,
    field: FieldOrAll = None,
    start: From = None,
    end: To = None,
    where: Where = None,
    reason: Reason = None,
    by: By = None,
    dry_run: DryRun = False,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take readings, or values of one field, out of all that is computed; they stay, unchanged.

    Later readings that the rule covers are taken out as they come. For example:
    fieldhouse exclude 9 1 --where "= 85" --reason "the sensor says 85 when it starts"
    """
    asked = _Asked(channel_id, "exclude", field, start, end, where, tz)
    _carry_out(asked, _Said(reason, by, dry_run, as_json), (warehouse, wait, config))


def correct(
    channel_id: ChannelID,
    field: FieldOrAll = None,
    start: From = None,
    end: To = None,
    scale: Annotated[
        Decimal | None,
        typer.Option(
            "--scale", parser=rules.factor, metavar="NUMBER", help="Values are multiplied."
        ),
    ] = None,
    offset: Annotated[
        Decimal | None,
        typer.Option(
            "--offset", parser=rules.addend, metavar="NUMBER", help="… and this is added."
        ),
    ] = None,
    shift_time: Annotated[
        timedelta | None,
        typer.Option(
            "--shift-time",
            parser=rules.shift,
            metavar="LENGTH",
            help="Times are moved: 1h, -90m, 1d12h.",
        ),
    ] = None,
    where: Where = None,
    reason: Reason = None,
    by: By = None,
    dry_run: DryRun = False,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Correct a field's values (a wrong calibration), or readings' times (a wrong clock).

    What the source sent stays, unchanged, beside what counts. For example:
    fieldhouse correct 9 1 --from 2026-03-01 --offset -0.4 --reason "calibrated in ice water"
    """
    if (shift_time is None) is (scale is None and offset is None):
        raise ConfigurationError(
            "a correction is a --scale, an --offset or both; or a --shift-time"
        )
    kind: Kind = "scale" if shift_time is None else "shift"
    asked = _Asked(
        channel_id,
        kind,
        field,
        start,
        end,
        where,
        tz,
        Decimal(1) if scale is None else scale,
        offset or Decimal(0),
        shift_time or timedelta(0),
    )
    _carry_out(asked, _Said(reason, by, dry_run, as_json), (warehouse, wait, config))


@app.command("list")
def list_corrections(
    channel_id: Annotated[
        int | None,
        typer.Argument(metavar="[CHANNEL]", parser=channel_number, help="Default: all."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Those removed as well.")] = False,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the rules, in the order in which they apply."""
    with _house(warehouse, wait, config, reading=True) as house:
        found = house.query("corrections", channel_id=channel_id, removed=every)
    kept = found.to_pylist()
    for rule in kept:
        rule |= {name: _open(rule[name]) for name in ("SpanStart", "SpanEnd")}
    if as_json:
        output.print_json(kept)
        return
    rows = [rules.listed(rule) for rule in kept]
    if not rows:
        typer.echo("no rule" if channel_id is None else f"channel {channel_id}: no rule")
        return
    columns = [name for name in rows[0] if name != "removed" or every]
    output.print_rows(rows, columns, title="Corrections", spare=("by", "from", "to"))


@app.command("remove")
def remove_correction(
    correction_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="As 'list' shows it.")],
    by: By = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Undo a rule: what it covered counts again as if it had never been."""
    from fieldhouse import corrections
    from fieldhouse.times import utc_now

    with _house(warehouse, wait, config) as house:
        done = corrections.remove(house, correction_id, by=by or user(), now=utc_now())
    if as_json:
        output.print_json(
            {
                "correction_id": correction_id,
                "channel_id": done.channel_id,
                "readings": done.readings,
                "archived_before": done.archived_before,
            }
        )
        return
    typer.echo(
        f"correction {correction_id} of channel {done.channel_id} removed:"
        f" {done.readings:,} readings changed; aggregates and quality are up to date"
    )
    if done.archived_before:
        typer.echo(
            f"What is before {done.archived_before:%Y-%m-%d} is archived: aggregates and quality"
            " of that time stay as they were computed with it."
        )


@contextmanager
def _house(
    url: str | None, wait: str | None, config: Path | None, *, reading: bool = False
) -> "Iterator[Warehouse]":
    settings = settings_from(config, url, wait)
    opened(settings).close()  # there must be one: an empty one need not be made
    with closing(opened(settings, read_only=reading)) as house:
        if not reading:
            house.migrate()
        yield house


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule as it was typed: fields and times are yet to be found."""

    channel_id: int
    kind: "Kind"
    field: str | None
    start: str | None
    end: str | None
    where: str | None
    zone: ZoneInfo | None
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    shift: timedelta = timedelta(0)

    def rule(self, house: "Warehouse", zone: ZoneInfo) -> "Rule":
        """The rule that is meant; what is wrong with it is one line."""
        from fieldhouse.conditions import EVERY, condition_of
        from fieldhouse.corrections import Rule

        condition = EVERY if self.where is None else condition_of(self.where)
        span = span_of(self.start, self.end, self.zone or zone)
        number = self.field and names.find_field(house, self.channel_id, self.field)
        return Rule(
            self.channel_id,
            self.kind,
            number or None,
            *span,
            condition,
            self.scale,
            self.offset,
            self.shift,
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """What else was typed: why, who, and what is wanted of it."""

    reason: str | None
    by: str | None
    dry_run: bool
    as_json: bool


def _carry_out(
    asked: _Asked, said: _Said, place: tuple[str | None, str | None, Path | None]
) -> None:
    from fieldhouse import corrections
    from fieldhouse.times import utc_now

    url, wait, config = place
    zone = settings_from(config, url, wait).display_zone
    with _house(url, wait, config, reading=said.dry_run) as house:
        names.find_channels(house, [asked.channel_id])
        rule = asked.rule(house, zone)
        if said.dry_run:
            found = corrections.preview(house, rule)
            rules.print_preview(found, rule.channel_id, as_json=said.as_json)
            return
        if said.reason is None:
            raise ConfigurationError("say why: --reason 'the sensor fell off'")
        by = said.by or user()
        made = corrections.make(house, rule, reason=said.reason, by=by, now=utc_now())
    rules.print_made(made, rule.channel_id, as_json=said.as_json)


def _open(instant: datetime) -> datetime | None:
    from fieldhouse.state import BEGINNING, END

    return None if instant in (BEGINNING, END) else instant


def user() -> str:
    """Who is at work, and where."""
    import getpass
    import socket

    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError):  # a container's user may have no name
        return f"somebody@{socket.gethostname()}"
