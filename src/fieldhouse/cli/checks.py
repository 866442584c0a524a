"""What `doctor` looks at beside the way to ThingSpeak: disk, schedule, messages, versions."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from fieldhouse.cli.options import opened
from fieldhouse.errors import ConfigurationError, FieldhouseError
from fieldhouse.warehouse.owner import file_of
from fieldhouse.watch.words import length

if TYPE_CHECKING:
    from fieldhouse.settings import Settings
    from fieldhouse.settings.alerts import Receiver

__all__ = ["of_installation"]

_LIBRARIES = ("duckdb", "pyarrow", "httpx2", "mssql-python", "chdb", "clickhouse-connect")
_IDLE = timedelta(hours=2)
"""Without a run for so long, what should start them does not."""

Check = tuple[str, Callable[[], str]]


def of_installation(settings: "Settings") -> Iterator[Check]:
    """Checks by their names; each says what it found, or raises FieldhouseError with what to do."""
    yield "versions", _versions
    yield "disk", partial(_disk, settings)
    yield "schedule", partial(_schedule, settings)
    yield "alerts", partial(_alerts, settings)
    for receiver in settings.alerts.receivers.values():
        yield f"receiver {receiver.name}", partial(_receiver, receiver)


def _versions() -> str:
    found = [f"fieldhouse {metadata.version('fieldhouse')}"]
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:  # an extra that is not installed
            continue
    return ", ".join(found)


def _disk(settings: "Settings") -> str:
    """The disk of the warehouse's file, or the one where we stand."""
    file = file_of(settings.warehouse_url)
    folder = Path(file).absolute().parent if file else Path.cwd()
    if not folder.is_dir():
        raise FieldhouseError(f"{folder}: there is no such folder")
    usage = shutil.disk_usage(folder)
    rule = settings.alerts.rules.get("disk")
    least = rule["share"] if rule else 0.05
    said = f"{usage.free / 2**30:,.1f} GiB free at {folder}, {usage.free / usage.total:.0%}"
    if usage.free < least * usage.total:
        raise FieldhouseError(f"{said}: make room, or archive: fieldhouse archive")
    return said


def _schedule(settings: "Settings") -> str:
    """Whether anything starts runs: the newest one of the polled channels."""
    from fieldhouse.polled import polled_channels
    from fieldhouse.sync import utc_now

    if _is_absent(settings):
        return "nothing has run yet"
    with closing(opened(settings)) as house:
        ids = set(polled_channels(settings, house))
        rows = house.query("overview", as_of=utc_now()).to_pylist()
    ran = [row["LastRunAt"] for row in rows if row["ChannelID"] in ids and row["LastRunAt"]]
    if not ids:
        return "no channel is polled"
    if not ran:
        return f"{len(ids)} channels are polled, none has run yet"
    ago = utc_now() - max(ran)
    said = f"the last run ended {length(ago.total_seconds())} ago"
    if ago > _IDLE:
        raise FieldhouseError(
            f"{said}: start fieldhouse serve, or the timer, or the cron job that runs"
        )
    return said


def _alerts(settings: "Settings") -> str:
    from fieldhouse.sync import utc_now
    from fieldhouse.watch.alerts import open_alerts

    if not settings.alerts.enabled:
        return "switched off ([alerts] enabled)"
    if _is_absent(settings):
        return f"{len(settings.alerts.rules)} rules"
    with closing(opened(settings)) as house:
        alerts = open_alerts(house, utc_now())
        waiting = house.query("notices_waiting").to_pylist()
    stuck = [row for row in waiting if row["Attempts"] > row["Notices"]]
    if stuck:
        row = stuck[0]
        why = f" ({row['Error']})" if row["Error"] else ""
        raise FieldhouseError(f"{row['Notices']} messages to {row['Receiver']} are not taken{why}")
    told = ", ".join(settings.alerts.receivers) or "nobody: [alerts.receivers] names none"
    return f"{len(settings.alerts.rules)} rules, {len(alerts)} alerts open, told: {told}"


def _is_absent(settings: "Settings") -> bool:
    """Whether the warehouse's file is still to be made."""
    file = file_of(settings.warehouse_url)
    return bool(file) and not Path(file or "").exists()


def _receiver(receiver: "Receiver") -> str:
    from fieldhouse.watch.notices import is_address

    if receiver.url is None:
        raise ConfigurationError(receiver.missing or "it has no address")
    if not is_address(receiver):
        raise FieldhouseError("its address is none that apprise knows: see its documentation")
    return f"an address is set; fieldhouse alerts test {receiver.name} tries it"
