"""The commands around alerts: look and tell, list, silence, acknowledge, try a receiver."""

import socket
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse import names
from fieldhouse.cli import output
from fieldhouse.cli.correcting import user
from fieldhouse.cli.options import (
    By,
    Config,
    Json,
    Quiet,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
)
from fieldhouse.errors import ConfigurationError
from fieldhouse.times import length_of

if TYPE_CHECKING:
    from fieldhouse.settings import Settings
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to"]

app = typer.Typer(no_args_is_help=False)

_SHOWN = ("number", "severity", "rule", "channel", "what", "since", "opened", "state")


_LONGEST = 100_000
"""Days of a silence, beyond which there is no calendar for its end."""


def add_to(main: typer.Typer) -> None:
    """Add the commands of this room."""
    main.add_typer(app, name="alerts")


@dataclass(frozen=True, slots=True)
class _Given:
    """Where the warehouse is, as the command line says."""

    warehouse: str | None
    wait: str | None
    config: Any

    def settings(self) -> "Settings":
        return settings_from(self.config, self.warehouse, self.wait)


@app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Judge all rules, tell the receivers, show what is open; exit code 1 if anything is.

    fieldhouse alerts

    fieldhouse run --quiet; fieldhouse alerts --quiet

    `serve` and `schedule` do so by themselves; run it from cron where neither goes on.
    """
    if context.invoked_subcommand:
        return 0
    from fieldhouse.times import utc_now
    from fieldhouse.watch import notices
    from fieldhouse.watch.alerts import deliver, look, open_alerts

    output.set_up_log(quiet=True)
    settings = _Given(warehouse, wait, config).settings()
    opened(settings).close()  # there must be one: none is made by looking
    with closing(opened(settings, read_only=False)) as house:
        house.migrate()
        came = look(house, settings, utc_now())
        failed = deliver(house, settings, utc_now, notices.send)[1]
        rows = [_row(alert, settings) for alert in open_alerts(house, utc_now())]
    for line in came.troubles:
        typer.echo(f"fieldhouse: {line}", err=True)
    if failed:
        typer.echo(f"fieldhouse: {failed} messages are tried again later", err=True)
    if not quiet:
        _print(rows, as_json=as_json, none="no alert is open")
    is_open = any(row["state"] == "open" and row["severity"] != "info" for row in rows)
    return 1 if is_open or came.troubles or failed else 0


@app.command("list")
def list_alerts(
    since: Annotated[
        str, typer.Option(metavar="TIME", help="… and those that ended within, as 7d.")
    ] = "7d",
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the alerts that are open and that ended lately, and what is silenced.

    fieldhouse alerts list --since 30d
    """
    from fieldhouse.times import utc_now

    settings, now = _Given(warehouse, wait, config).settings(), utc_now()
    with closing(opened(settings)) as house:
        found = house.query("alerts", as_of=now, ended_since=now - _span(since, "--since"))
        rows = [_row(alert, settings) for alert in found.to_pylist()]
        silences = house.query("alert_silences", as_of=now).to_pylist()
        waiting = house.query("notices_waiting").to_pylist()
    if as_json:
        output.print_json({"alerts": rows, "silences": silences, "waiting": waiting})
        return
    _print(rows, as_json=False, none="no alert is open, none ended lately")
    for silence in silences:
        what = silence["RuleName"] or "all rules"
        where = f"channel {silence['ChannelID']}" if silence["ChannelID"] else "all channels"
        until = _local(silence["SilencedUntil"], settings)
        typer.echo(
            f"silence {silence['SilenceID']}: {what}, {where}, until {until}:"
            f" {output.text(silence['Reason'])}"
        )
    for each in waiting:
        why = f": {output.text(each['Error'])}" if each["Error"] else ""
        typer.echo(f"{each['Receiver']}: {each['Notices']} messages wait{why}")


@app.command()
def silence(
    channels: Annotated[
        list[str] | None, typer.Argument(metavar="[CHANNEL]…", help="Of which nothing is told.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Of no channel and no rule.")] = False,
    lasts: Annotated[str, typer.Option("--for", metavar="TIME", help="As 2h or 2d.")] = "1d",
    rule: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only this rule, of all channels or of those."),
    ] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept.")] = "",
    end: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="End this silence instead.")
    ] = None,
    by: By = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Tell nothing of some channels or of a rule for a while; alerts are kept all the same.

    fieldhouse alerts silence 9 --for 2d --reason "the roof is being mended"

    What is open still when the silence ends, is told then.
    """
    from fieldhouse.times import utc_now

    if sum([bool(channels or rule), everything, end is not None]) != 1:
        raise ConfigurationError(
            "what is to be silent? Name channels, or a rule by --rule; --all is everything"
            " (--end NUMBER alone ends a silence)"
        )
    settings, now = _Given(warehouse, wait, config).settings(), utc_now()
    if rule and rule not in settings.alerts.rules:
        raise ConfigurationError(
            f"no rule {output.text(rule)!r}: there is {', '.join(settings.alerts.rules)}"
        )
    span = _span(lasts, "--for")
    with _writable(settings) as house:
        if end is not None:
            _end(house, end, now)
            return
        numbers = names.find_channels(house, channels) if channels else (None,)
        for number in numbers:
            made = house.call(
                "silence_alerts",
                rule_name=rule,
                channel_id=number,
                silenced_from=now,
                silenced_until=now + span,
                reason=reason or "no reason was given",
                made_by=by or user(),
            )
            where = f"channel {number}" if number else "all channels"
            until = _local(now + span, settings)
            typer.echo(f"silence {made['SilenceID'][0]}: {where}, until {until}")


def _end(house: "Warehouse", number: int, now: datetime) -> None:
    if not house.call("end_silence", silence_id=number, ended_at=now)["Silences"][0].as_py():
        raise ConfigurationError(f"no silence {number} holds: fieldhouse alerts list")
    typer.echo(f"silence {number} has ended")


@app.command()
def ack(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[NUMBER]…", help="Default: all that are open.")
    ] = None,
    by: By = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Say that you know of alerts: what is not told of them yet, need not be.

    fieldhouse alerts ack 12
    """
    from fieldhouse.times import utc_now
    from fieldhouse.watch.alerts import open_alerts

    settings, now = _Given(warehouse, wait, config).settings(), utc_now()
    with _writable(settings) as house:
        known = [alert["AlertID"] for alert in open_alerts(house, now)]
        if unknown := [number for number in numbers or () if number not in known]:
            raise ConfigurationError(f"no alert {unknown[0]} is open: fieldhouse alerts list")
        done = house.call(
            "acknowledge_alerts",
            alert_ids=numbers or known,
            acknowledged_by=by or user(),
            acknowledged_at=now,
        )
    typer.echo(f"{done['Alerts'][0]} acknowledged")


@app.command()
def test(
    receivers: Annotated[
        list[str] | None, typer.Argument(metavar="[RECEIVER]…", help="Default: all.")
    ] = None,
    config: Config = None,
) -> int:
    """Send a message to the receivers, to see that it arrives.

    fieldhouse alerts test
    """
    from fieldhouse.watch import notices

    settings = settings_from(config)
    known = settings.alerts.receivers
    if not known:
        raise ConfigurationError(f"no receiver is set: [alerts.receivers.NAME] in {settings.file}")
    if unknown := [name for name in receivers or () if name not in known]:
        raise ConfigurationError(f"no receiver {unknown[0]!r}: there is {', '.join(known)}")
    text = f"This is a test from {socket.gethostname()}. Alerts will come this way."
    message = notices.Message("Fieldhouse can reach you", text, "info")
    code = 0
    for name in receivers or known:
        receiver = known[name]
        error = notices.send(receiver, message) if receiver.url else receiver.missing
        typer.echo(f"{name}: {'not sent: ' + error if error else 'sent'}", err=bool(error))
        code = code or int(error is not None)
    return code


@app.command()
def rules(config: Config = None, as_json: Json = False) -> None:
    """Show the rules in force, with their figures (lengths of time in seconds).

    fieldhouse alerts rules
    """
    rows = [
        {
            "rule": rule.name,
            "kind": rule.kind,
            "severity": rule.severity,
            "channels": ", ".join(rule.channels) or "all",
            "figures": ", ".join(f"{key} {value:g}" for key, value in rule.figures.items()),
        }
        for rule in settings_from(config).alerts.rules.values()
    ]
    output.print_rows(rows, ("rule", "kind", "severity", "channels", "figures"), as_json=as_json)


def _row(alert: dict[str, Any], settings: "Settings") -> dict[str, Any]:
    """An alert as it is shown; times as JSON has them, UTC."""
    state = (
        "ended"
        if alert["ResolvedAt"]
        else "silenced"
        if alert["SilencedUntil"]
        else "acknowledged"
        if alert["AcknowledgedAt"]
        else "open"
    )
    return {
        "number": alert["AlertID"],
        "severity": alert["Severity"],
        "rule": alert["RuleName"],
        "channel": alert["ChannelID"] or None,
        "what": alert["Summary"],
        "since": alert["SinceAt"],
        "opened": alert["OpenedAt"],
        "ended": alert["ResolvedAt"],
        "state": state,
    }


def _print(rows: list[dict[str, Any]], *, as_json: bool, none: str) -> None:
    if rows or as_json:
        output.print_rows(rows, _SHOWN, as_json=as_json)
    else:
        typer.echo(none)


def _writable(settings: "Settings") -> "closing[Warehouse]":
    opened(settings).close()
    house = opened(settings, read_only=False)
    house.migrate()
    return closing(house)


def _span(text: str, option: str) -> timedelta:
    length = length_of(text)
    if length.months or not 0 < length.days + length.seconds / 86400 < _LONGEST:
        raise ConfigurationError(f"{option} {text}: a time as 2h or 30d")
    return timedelta(days=length.days, seconds=length.seconds)


def _local(instant: datetime, settings: "Settings") -> str:
    local = instant.replace(tzinfo=UTC).astimezone(settings.display_zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"
