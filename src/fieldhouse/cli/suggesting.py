"""The command that suggests ranges."""

from contextlib import closing
from decimal import Decimal

import typer

from fieldhouse.cli import output
from fieldhouse.cli.options import (
    ChannelID,
    Config,
    Json,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
)
from fieldhouse.errors import ConfigurationError

__all__ = ["add_to"]

app = typer.Typer(no_args_is_help=True)


def add_to(main: typer.Typer) -> None:
    """Add the commands of this room."""
    main.add_typer(app, name="ranges")


@app.callback()
def ranges() -> None:
    """The ranges that a field's values should keep to: what lies outside lowers the score."""


@app.command()
def suggest(
    channel_id: ChannelID,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Suggest ranges for a channel's fields, as lines for fieldhouse.toml; nothing is applied.

    fieldhouse ranges suggest 12001

    They come from the days that are there, and from what a field's name and unit say that it
    measures. Look at each: a range should hold all that can be, not all that was.
    """
    from fieldhouse.insight.suggesting import suggested

    settings = settings_from(config, warehouse, wait)
    with closing(opened(settings)) as house:
        if channel_id not in house.query("channels")["ChannelID"].to_pylist():
            raise ConfigurationError(f"channel {channel_id} is not in the warehouse")
        found = list(suggested(house, channel_id))
    if as_json:
        output.print_json(
            [
                {
                    "field": each.number,
                    "label": each.label,
                    "low": each.low,
                    "high": each.high,
                    "least": each.least,
                    "greatest": each.greatest,
                    "days": each.days,
                    "why": each.why,
                }
                for each in found
            ]
        )
        return
    typer.echo(f"[channels.{channel_id}]")
    for each in found:
        line = (
            f"ranges.field{each.number} = [{_bound(each.low, '-inf')}, {_bound(each.high, 'inf')}]"
        )
        shown = line if each.low is not None or each.high is not None else f"# field{each.number}"
        name = f"{output.text(each.label)}: " if each.label else ""
        was = f"{_bound(each.least, '')} to {_bound(each.greatest, '')} so far"
        typer.echo(f"{shown:<36}  # {name}{was} ({each.why})")
    if not found:
        typer.echo("# no field has a value yet")


def _bound(value: Decimal | None, is_open: str) -> str:
    return is_open if value is None else f"{value.normalize():f}"
