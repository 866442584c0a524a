"""A forecast as a line, and the periods before it as another: what a picture of it is made of."""

from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.insight.forecasts import is_hourly
from fieldhouse.periods import periods_of
from fieldhouse.report.figure import SECOND, Figure, Floats, Instants, Line, Panel, instant_of
from fieldhouse.times import Length
from fieldhouse.warehouse import Warehouse

__all__ = ["fan", "foreseen"]

_HOUR = 3600
_PAST = 2
"""So many times its own length a forecast's past is shown for."""
_LEAST, _MOST = timedelta(days=3), timedelta(days=180)


def foreseen(forecast: pa.Table, zone: tzinfo, name: str = "forecast") -> Line:
    """A forecast, which is not empty, as a line with its interval; without one as a bare line."""
    start = forecast["At"].cast(pa.int64()).to_numpy()
    last = _hour_after if is_hourly(forecast) else _day_after
    end = np.append(start[1:], last(forecast["At"][-1].as_py(), zone))
    middle = _floats(forecast, "Forecast")
    low, high = (_floats(forecast, name) for name in ("Low", "High"))
    # where there is no interval, both ends are NaN
    low, high = np.fmin(low, middle), np.fmax(high, middle)
    return Line(name, start, end, middle, low, high, np.ones_like(start), is_forecast=True)


def _floats(table: pa.Table, name: str) -> Floats:
    values: Floats = table[name].to_numpy(zero_copy_only=False).astype(np.float64)
    return values


def _hour_after(at: datetime, zone: tzinfo) -> int:
    return instant_of(at) + _HOUR * SECOND


def _day_after(at: datetime, zone: tzinfo) -> int:
    local = at.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    return instant_of(local.replace(tzinfo=zone))


def fan(
    house: Warehouse,
    channel_id: int,
    field: tuple[int, str, str],
    *,
    forecast: pa.Table,
    as_of: datetime,
    zone: tzinfo,
) -> Figure:
    """A field, by its number, title and unit, as it was lately, and as it is forecast to go on."""
    number, title, unit = field
    ahead = foreseen(forecast, zone)
    length = timedelta(microseconds=int(ahead.end[-1] - ahead.start[0]))
    begin = as_of - min(max(_PAST * length, _LEAST), _MOST)
    hourly = is_hourly(forecast)
    before = _past(house, channel_id, number, (begin, as_of), hourly=hourly, zone=zone)
    # means are forecast: a spike among the readings must not flatten them
    shown = np.concatenate([before.mean, ahead.least, ahead.greatest])
    bounds = float(shown.min()), float(shown.max())
    panel = Panel(title, (before, ahead), unit, bounds=bounds)
    return Figure(title, instant_of(begin), int(ahead.end[-1]), zone, (panel,))


def _past(
    house: Warehouse,
    channel_id: int,
    number: int,
    span: tuple[datetime, datetime],
    *,
    hourly: bool,
    zone: tzinfo,
) -> Line:
    """The hours or the zone's days of a span that have values."""
    names = tuple(f"Field{number}{part}" for part in ("Avg", "Min", "Max", "Count"))
    length = Length(seconds=_HOUR) if hourly else Length(days=1)
    found = periods_of(
        house,
        channel_id,
        length,
        UTC if hourly else zone,
        start=span[0],
        end=span[1],
        columns=names,
    )
    found = found.filter(pc.greater(found[names[3]], 0))
    begins = found["PeriodStart"]
    after = _hour_after if hourly else _day_after
    end: Instants = np.array([after(at, zone) for at in begins.to_pylist()], np.int64)
    mean, low, high = (
        found[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in names[:3]
    )
    start, count = begins.cast(pa.int64()).to_numpy(), found[names[3]].to_numpy()
    # a float's last digit may lie beyond the exact bounds
    return Line("so far", start, end, np.clip(mean, low, high), low, high, count)
