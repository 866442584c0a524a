"""What a new page costs to aggregate, after a short history and after a long one."""

import statistics
import time
from pathlib import Path
from typing import NamedTuple

from bench import history
from bench.sizes import PAGE
from fieldhouse.warehouse import Warehouse, open_warehouse


class Cost(NamedTuple):
    """Medians for one new page, in seconds: of its load, and of the refresh of all three types."""

    load: float
    refresh: float


def costs(files: dict[int, Path], repeats: int) -> dict[int, Cost]:
    """The costs by rows of history; ``files`` are copies, which grow by a page a repetition.

    The warehouses take turns, so that what else the machine does meets both.
    """
    warehouses = {rows: open_warehouse(str(file)) for rows, file in files.items()}
    try:
        measured: dict[int, list[Cost]] = {rows: [] for rows in files}
        for number in range(repeats + 1):
            for rows, warehouse in warehouses.items():
                measured[rows].append(_cost(warehouse, rows, number))
    finally:
        for warehouse in warehouses.values():
            warehouse.close()
    return {rows: _median(each[1:]) for rows, each in measured.items()}  # the first warms up


def _cost(warehouse: Warehouse, rows: int, number: int) -> Cost:
    page = history.next_page(rows, number, PAGE)
    began = time.perf_counter()
    warehouse.load([page])
    loaded = time.perf_counter()
    history.refresh(warehouse, [history.CHANNEL])
    return Cost(loaded - began, time.perf_counter() - loaded)


def _median(costs_: list[Cost]) -> Cost:
    return Cost(*(statistics.median(column) for column in zip(*costs_, strict=True)))
