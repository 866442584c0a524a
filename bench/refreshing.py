"""What it costs to aggregate: a new page, after a short history and a long one; and many hours."""

import statistics
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from bench import history
from fieldhouse.warehouse import Warehouse, open_warehouse


class Cost(NamedTuple):
    """Medians for one new page, in seconds: of its load, and of the refresh of all three types."""

    load: float
    refresh: float


def costs(files: dict[int, Path], repeats: int) -> dict[int, Cost]:
    """The costs by rows of history; ``files`` are copies, which grow by a page a repetition."""
    with ExitStack() as stack:
        warehouses = {
            history.Channel(history.CHANNEL, rows): stack.enter_context(
                closing(open_warehouse(str(file)))
            )
            for rows, file in files.items()
        }
        return compare(warehouses, repeats)


def compare(warehouses: Mapping[history.Channel, Warehouse], repeats: int) -> dict[int, Cost]:
    """The costs by rows of the channel's history.

    The warehouses take turns, so that what else the machine does meets all of them.
    """
    measured: dict[int, list[Cost]] = {channel.rows: [] for channel in warehouses}
    for number in range(repeats + 1):
        for channel, warehouse in warehouses.items():
            measured[channel.rows].append(_cost(warehouse, channel, number))
    return {rows: _median(each[1:]) for rows, each in measured.items()}  # the first warms up


def _cost(warehouse: Warehouse, channel: history.Channel, number: int) -> Cost:
    page = channel.next_page(number)
    began = time.perf_counter()
    warehouse.load([page])
    loaded = time.perf_counter()
    history.refresh(warehouse, [channel.id])
    return Cost(loaded - began, time.perf_counter() - loaded)


def _median(costs_: list[Cost]) -> Cost:
    return Cost(*(statistics.median(column) for column in zip(*costs_, strict=True)))


class Hours(NamedTuple):
    """Seconds for one refresh of all types: of so many hours that are new, and touched again."""

    new: float
    touched: float


def hours(file: Path, channels: int, rows: int) -> Hours:
    """Refresh as many channels with a reading an hour; then again, when each hour has got another.

    ``file`` need not exist.
    """
    made = [history.Channel(n, rows, timedelta(hours=1)) for n in range(1, channels + 1)]
    with closing(open_warehouse(str(file))) as warehouse:
        warehouse.migrate()
        warehouse.load([channel.batch(1, rows + 1) for channel in made])
        new = _refreshed(warehouse)
        warehouse.load([channel.between() for channel in made])
        return Hours(new, _refreshed(warehouse))


def _refreshed(warehouse: Warehouse) -> float:
    began = time.perf_counter()
    history.refresh(warehouse)
    return time.perf_counter() - began
