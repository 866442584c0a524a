"""The archive: readings that no analysis asks for any more leave the table of the others.

They stay in the warehouse, in ``iot.SensorReadings_Archive``: loads deduplicate against it, exports
read it. What they add up to is computed before they go, and stays as it is from then on.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from fieldhouse.derived.following import follow
from fieldhouse.errors import ConfigurationError, StateMoved
from fieldhouse.exporting import files
from fieldhouse.exporting.texts import Exported, export_readings
from fieldhouse.times import utc_now
from fieldhouse.warehouse import Warehouse

__all__ = ["Archived", "archive"]

_KEPT = timedelta(days=62)
"""Quality and trend look back thirty days, also from days that have late readings yet to come."""


@dataclass(frozen=True, slots=True)
class Archived:
    """How many readings moved to the archive, and the files that they were exported to.

    ``texts`` counts the values that went there as text, by the columns that do not hold them.
    """

    readings: int
    files: tuple[Path, ...] = ()
    texts: Mapping[str, int] = field(default_factory=dict)


def archive(
    warehouse: Warehouse,
    before: date,
    *,
    export: Path | None = None,
    overwrite: bool = False,
    now: datetime | None = None,
) -> Archived:
    """Move all channels' readings from before a month's first day (UTC) to the archive.

    What is marked is aggregated and judged first. With a folder to ``export`` to, every month that
    is about to go is written there as ``readings_YYYY-MM.parquet``, and nothing goes unless all of
    them are. Raises ConfigurationError for a day that will not do, and for a file that is there
    already unless ``overwrite``; WarehouseError for one that cannot be written; StateMoved where
    other readings of these months came in meanwhile.
    """
    now = now or utc_now()
    end = _instant(before, now.date())
    planned = _planned(warehouse, end, export, overwrite=overwrite) if export else {}
    _finish(warehouse, now)
    texts = _export(warehouse, end, planned) if export else {}
    moved = warehouse.call("archive_readings", before=end)
    return Archived(moved["Readings"][0].as_py(), tuple(planned.values()), texts)


def _instant(before: date, today: date) -> datetime:
    """The instant at which a day begins, if it may be archived up to there."""
    latest = (today - _KEPT).replace(day=1)
    if before.day != 1:
        first = min(before.replace(day=1), latest)
        raise ConfigurationError(f"{before} is no month's first day: archive before {first}")
    if before > latest:
        raise ConfigurationError(
            f"quality and trend look back on the {_KEPT.days} days before today:"
            f" archive before {latest}, not {before}"
        )
    return datetime.combine(before, time.min)


def _planned(
    warehouse: Warehouse, end: datetime, folder: Path, *, overwrite: bool
) -> Mapping[date, Path]:
    """The months that are to be archived, and the file of each."""
    months = _months(warehouse, end)
    planned = {month: folder / f"readings_{month.isoformat()[:7]}.parquet" for month in months}
    for file in planned.values():
        if file.exists() and not overwrite:
            raise ConfigurationError(
                f"{file} is there already: name another folder, or replace it with --overwrite"
            )
    return planned


def _finish(warehouse: Warehouse, now: datetime) -> None:
    """Compute all that is marked, of every channel: afterwards it no longer could be."""
    warehouse.call("refresh_aggregates")
    follow(warehouse, None)
    warehouse.call("refresh_anomalies", as_of=now)
    warehouse.call("refresh_quality", as_of=now)


def _export(warehouse: Warehouse, end: datetime, planned: Mapping[date, Path]) -> Mapping[str, int]:
    """Write the months, and see that no other reading of theirs has come; the texts written."""
    written = {month: _write_month(warehouse, month, file) for month, file in planned.items()}
    if _months(warehouse, end) != {month: done.rows for month, done in written.items()}:
        raise StateMoved(
            f"readings from before {end:%Y-%m-%d} came in while they were exported, and none is"
            " archived: try again with --overwrite"
        )
    texts: Counter[str] = Counter()
    for done in written.values():
        texts.update(done.texts)
    return dict(texts)


def _months(warehouse: Warehouse, end: datetime) -> dict[date, int]:
    """The months that are to be archived, and the readings of each."""
    found = warehouse.query("archivable_months", before=end).to_pylist()
    return {month["Month"]: month["Readings"] for month in found}


def _write_month(warehouse: Warehouse, month: date, file: Path) -> Exported:
    start = datetime.combine(month, time.min)
    end = (start + timedelta(days=31)).replace(day=1)
    files.make_folder(file.parent)
    return export_readings(warehouse, file, start_at=start, end_at=end)
