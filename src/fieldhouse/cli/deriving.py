"""The commands about fields that are made of others: derive, derived."""

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from fieldhouse import names, times
from fieldhouse.cli import output
from fieldhouse.cli.options import (
    Bare,
    ChannelID,
    Config,
    Field,
    Json,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
)
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from typing import Any

    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to", "app"]

app = typer.Typer(cls=Bare, help="Fields that are made of others.")


def add_to(main: typer.Typer) -> None:
    """Add the commands of this room."""
    main.command()(derive)
    main.add_typer(app, name="derived")


def derive(
    channel_id: ChannelID,
    label: Annotated[str, typer.Argument(metavar="NAME", help="What the new field is called.")],
    expression: Annotated[
        str, typer.Argument(metavar="EXPRESSION", help="What it is made of; see below.")
    ],
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="UNIT", help="Behind its name, as °C.")
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(
            "--in", metavar="CHANNEL", help="The derived channel's name; default: '… (derived)'."
        ),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(
            "--within",
            metavar="TIME",
            help="How old another reading's value may be: 10min, 1d; default: 2h.",
        ),
    ] = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a field out of others; it is computed in the warehouse, and follows them from then on.

    fieldhouse derive 9 "Dew point" "dew_point(temperature, humidity)" --unit °C

    fieldhouse derive 9 "Warmer inside" 'temperature - "T out"@12'

    Fields by label, number (field1) or, in quotes, any name; @12 is channel 12's. Operations:
    + - * / ^, if(a > b and c < d, x, y), min, max, clamp, round, floor, abs, sqrt, exp, ln, sin,
    cos. Of other readings: previous, delta, elapsed, rate (of a counter, per hour), last. Formulas:
    dew_point, heat_index, absolute_humidity, vapour_pressure_deficit, wind_chill,
    sea_level_pressure, celsius, fahrenheit, kelvin, heating_degrees, cooling_degrees, degree_days.
    """
    from fieldhouse.derived import keeping
    from fieldhouse.times import utc_now

    length = None if within is None else _length(within)
    with _house(warehouse, wait, config) as house:
        (base,) = names.find_channels(house, [channel_id])
        wanted = [keeping.Wanted(label, expression, unit)]
        (made,) = keeping.declare(house, base, wanted, now=utc_now(), name=into, within=length)
        place = made.channel_id, made.field
        row = next(r for r in _listed(house) if (r["ChannelID"], r["Field"]) == place)
    if as_json:
        output.print_json(row)
        return
    said = (
        "no value yet" if row["Newest"] is None else f"the newest is {row['Newest'].normalize():f}"
    )
    typer.echo(
        f"field {made.field} of channel {made.channel_id} ({made.channel_name}): {made.label};"
        f" {said}"
    )


@app.command("list")
def list_derived(
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the fields that are made of others, and what of.

    fieldhouse derived list
    """
    settings = settings_from(config, warehouse, wait)
    with closing(opened(settings)) as house:
        rows = _listed(house)
    if as_json:
        output.print_json(rows)
        return
    if not rows:
        typer.echo("no field is made of others: fieldhouse derive --help")
        return
    columns = {
        "channel": "ChannelID",
        "field": "Field",
        "label": "Label",
        "of": "BaseChannelID",
        "expression": "Expression",
        "newest": "Newest",
    }
    listed = [{name: row[key] for name, key in columns.items()} for row in rows]
    output.print_rows(listed, list(columns), title="Derived fields", spare=("expression",))


@app.command("remove")
def remove_derived(
    channel_id: ChannelID,
    field: Field,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Take a derived field away, with its values; with its last one its channel goes.

    fieldhouse derived remove -1 "Dew point"
    """
    from fieldhouse.derived import keeping
    from fieldhouse.times import utc_now

    with _house(warehouse, wait, config) as house:
        names.find_channels(house, [channel_id])
        number = names.find_field(house, channel_id, field)
        is_gone = keeping.remove(house, channel_id, number, now=utc_now())
    what = f"channel {channel_id}" if is_gone else f"field {number} of channel {channel_id}"
    typer.echo(f"{what} is no more")


def _house(url: str | None, wait: str | None, config: "Any") -> "closing[Warehouse]":
    settings = settings_from(config, url, wait)
    opened(settings).close()  # there must be one: an empty one need not be made
    house = opened(settings, read_only=False)
    house.migrate()
    return closing(house)


def _listed(house: "Warehouse") -> "list[dict[str, Any]]":
    """Derived fields, with their labels and their newest values."""
    labels = names.all_labels(house)
    rows: list[dict[str, Any]] = house.query("derived_fields").to_pylist()
    ids = sorted({row["ChannelID"] for row in rows})
    found = house.query("newest_values", channel_ids=ids).to_pylist() if ids else []
    newest = {row["ChannelID"]: row for row in found}
    for row in rows:
        number = row.pop("FieldNumber")
        row["Field"], row["Label"] = number, labels.get(row["ChannelID"], {}).get(number)
        row["Newest"] = newest.get(row["ChannelID"], {}).get(f"Field{number}")
    return rows


def _length(text: str) -> timedelta:
    length = times.length_of(text)
    if length.months:
        raise ConfigurationError(f"--within {text}: a time of at most 31 days, as 10min or 1d")
    return timedelta(days=length.days, seconds=length.seconds)
