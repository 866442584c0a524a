"""The daily budget: what is made is counted, by whoever makes it, and nothing else is."""

import logging
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from sqlserver_kit import ON_SERVER, Databases
from warehouse_kit import DAY, HOUR, T0, opened

from fieldhouse.budget import Budget
from fieldhouse.errors import BudgetExhausted, WarehouseUnavailable
from fieldhouse.warehouse import Warehouse


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = T0 + HOUR

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Monday, one in the morning."""
    return Clock()


def counted(warehouse: Warehouse, day: datetime = T0) -> int:
    """The requests that stand counted on a day."""
    found: int = warehouse.query("requests_on", day=day.date())["Requests"][0].as_py()
    return found


def attempt(budget: Budget, times: int) -> int:
    """Try to make so many requests; how many were made."""
    made = 0
    for _ in range(times):
        try:
            budget.spend()
            made += 1
        except BudgetExhausted:
            continue
    return made


@pytest.mark.parametrize("limit", [1, 10, 99, 250, 3000])
def test_what_is_refused_is_not_counted(warehouse: Warehouse, clock: Clock, limit: int) -> None:
    """However often it is tried: so many are made as the budget has, and so many stand counted."""
    with Budget(warehouse, limit, clock) as budget:
        assert attempt(budget, limit + 11) == limit
    assert counted(warehouse) == limit


def test_a_raised_budget_serves_the_difference(warehouse: Warehouse, clock: Clock) -> None:
    """On the same day, by the next process; a lowered one serves none."""
    tries = ((10, 19, 10), (10, 9, 0), (60, 59, 50), (61, 9, 1), (30, 9, 0), (500, 120, 120))
    for limit, tried, made in tries:
        with Budget(warehouse, limit, clock) as budget:
            assert attempt(budget, tried) == made
    assert counted(warehouse) == 181


@pytest.mark.parametrize("made", [0, 1, 19, 20, 21, 64])
def test_what_was_taken_and_not_made_is_given_back(
    warehouse: Warehouse, clock: Clock, made: int
) -> None:
    """A process ends with exactly its own requests counted."""
    with Budget(warehouse, 8000, clock) as budget:
        assert attempt(budget, made) == made
        assert made <= counted(warehouse) <= made + 20
    assert counted(warehouse) == made


def test_a_request_that_never_went_out_is_given_back(warehouse: Warehouse, clock: Clock) -> None:
    """It can be made by the next one that asks."""
    with Budget(warehouse, 3, clock) as budget:
        for _ in range(5):
            budget.spend()
            budget.give_back()
        assert attempt(budget, 9) == 3
    assert counted(warehouse) == 3


def test_each_day_has_its_own(warehouse: Warehouse, clock: Clock) -> None:
    """At midnight what is left goes back to the day it was taken from."""
    with Budget(warehouse, 500, clock) as budget:
        assert attempt(budget, 7) == 7
        clock.now += DAY
        assert attempt(budget, 511) == 500
        clock.now += DAY
    assert (counted(warehouse), counted(warehouse, T0 + DAY)) == (7, 500)
    assert counted(warehouse, T0 + 2 * DAY) == 0


def test_threads_share_one_budget(warehouse: Warehouse, clock: Clock) -> None:
    """Sixteen at once make no more than there is."""
    with Budget(warehouse, 300, clock) as budget, ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(lambda _: attempt(budget, 22), range(16))) == 300
    assert counted(warehouse) == 300


def test_many_at_once_never_make_more_than_there_is(warehouse: Warehouse, clock: Clock) -> None:
    """Budgets of their own over one warehouse; when all are done, what is left can be had."""
    budgets = [Budget(warehouse, 400, clock) for _ in range(8)]

    def work(budget: Budget) -> int:
        with budget:
            return attempt(budget, 45)

    with ThreadPoolExecutor(8) as pool:
        made = sum(pool.map(work, budgets))
    assert made == counted(warehouse) == 360
    with Budget(warehouse, 400, clock) as last:
        assert attempt(last, 51) == 40


def _process(url: str, limit: int, times: int, killed: bool) -> None:
    warehouse = opened(url, wait=30)
    budget = Budget(warehouse, limit, lambda: T0 + HOUR)
    made = attempt(budget, times)
    if killed:
        os._exit(made)
    budget.close()
    warehouse.close()
    os._exit(made)


def _side_by_side(url: str, works: Sequence[tuple[int, int, bool]]) -> list[int]:
    """Processes of their own; what each has made is its exit code."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_process, args=(url, *work)) for work in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    return [process.exitcode or 0 for process in processes]


def test_a_killed_process_takes_at_most_a_hundredth_with_it(left_url: str, clock: Clock) -> None:
    """What it had taken and not made stays counted; all else is there for the others."""
    made = sum(_side_by_side(left_url, [(1000, 33, True)]))
    with closing(opened(left_url)) as warehouse, Budget(warehouse, 1000, clock) as budget:
        rest = attempt(budget, 1000)
    assert 990 <= made + rest <= 1000


@ON_SERVER
def test_processes_share_one_budget(databases: Databases) -> None:
    """Four at once, on a server: together they make what there is, and no more."""
    url = databases.empty(0)
    assert sum(_side_by_side(url, [(150, 60, False)] * 4)) == 150
    with closing(opened(url)) as warehouse:
        assert counted(warehouse) == 150


class Gone:
    """A warehouse that goes away after so many calls."""

    def __init__(self, warehouse: Warehouse, calls: int) -> None:
        self._warehouse, self._calls = warehouse, calls

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """As the warehouse's, while it is there."""
        self._calls -= 1
        if self._calls < 0:
            raise WarehouseUnavailable("nothing answers there")
        return self._warehouse.call(name, **parameters)


def test_a_warehouse_that_is_away_counts_nothing_and_says_so(
    warehouse: Warehouse, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """What can't be counted isn't made; what can't be given back is a line in the log."""
    caplog.set_level(logging.WARNING)
    with pytest.raises(WarehouseUnavailable):
        Budget(Gone(warehouse, 0), 500, clock).spend()  # type: ignore[arg-type]
    with Budget(Gone(warehouse, 1), 500, clock) as budget:  # type: ignore[arg-type]
        budget.spend()
    assert counted(warehouse) == 5
    assert "4 requests that were not made stay counted" in caplog.text


def test_the_line_says_which_setting_and_until_when(warehouse: Warehouse, clock: Clock) -> None:
    """A user learns what to change."""
    clock.now += timedelta(hours=3)
    with Budget(warehouse, 1, clock) as budget:
        budget.spend()
        with pytest.raises(BudgetExhausted, match=r"budget of 1 .*midnight UTC.*daily_budget"):
            budget.spend()
