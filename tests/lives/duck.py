"""The house as it is: a simulator over real HTTP, the real pipeline, a DuckDB file."""

from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from house import Held, Orders, Outcome, Reading
from machine import Lives
from model import CHANNEL, Source

from fieldhouse import Settings
from fieldhouse.errors import BudgetExhausted
from fieldhouse.pipeline import Parts, analyse, build, copy_channel, record
from fieldhouse.readings import FIELDS
from fieldhouse.simulator import Simulator
from fieldhouse.sources.thingspeak.api import Answer, ThingSpeak
from fieldhouse.sources.thingspeak.pacing import Pacer
from fieldhouse.state import END, Run, Span
from fieldhouse.warehouse import open_warehouse


class Killed(BaseException):
    """The process is gone."""


class Client(ThingSpeak):
    """The real client, with a budget, and with a last question."""

    budget: int | None = None
    steps: int | None = None

    def get(self, *arguments: Any, **named: Any) -> Answer[Any]:
        if self.steps is not None:
            if self.steps == 0:
                raise Killed
            self.steps -= 1
        if self.budget is not None:
            if self.budget == 0:
                raise BudgetExhausted("the budget of this run is used up")
            self.budget -= 1
        return super().get(*arguments, **named)


@cache
def _empty() -> bytes:
    """The file of a warehouse that holds nothing, made once: a life begins with a copy."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.duckdb"
        with open_warehouse(f"duckdb:///{file}") as warehouse:
            warehouse.migrate()
        return file.read_bytes()


class DuckHouse:
    """Reads over HTTP into a file of its own; a kill opens it anew."""

    def __init__(self, source: Source) -> None:
        self._folder = TemporaryDirectory()
        self._simulator = Simulator(source.world)
        self._simulator.start()
        self.faults, self.seen = self._simulator.faults, self._simulator.requests
        source.faults = self.faults
        self._now = datetime.min
        self._gaps: list[dict[str, Any]] | None = None
        self._runs: list[Run] = []
        """Those that are not recorded yet: as a fleet's are, some at a time."""
        self._settings = Settings(
            **self._warehouse(),
            base_url=self._simulator.url,
            rate_limit_delay=0.0,
            channel_id=CHANNEL,
        )
        self._open()

    def _warehouse(self) -> dict[str, Any]:
        """The settings of a warehouse that holds nothing."""
        file = Path(self._folder.name) / "lives.duckdb"
        file.write_bytes(_empty())
        return {"warehouse_url": f"duckdb:///{file}"}

    def _open(self) -> None:
        self._stack = ExitStack()
        self._client = self._stack.enter_context(
            Client(self._simulator.url, pacer=Pacer(0), timeout=20.0, attempts=2, backoff=0)
        )
        parts = self._stack.enter_context(build(self._settings, clock=lambda: self._now))
        self._parts = replace(parts, server=self._client)

    def run(self, orders: Orders) -> Outcome:
        before, self._now = len(self.seen), orders.now
        self._gaps = None
        outer = self._client.steps, self._client.budget
        self._client.steps, self._client.budget = orders.steps, orders.budget
        try:
            run = copy_channel(
                self._parts_for(orders),
                CHANNEL,
                again=None if orders.again is None else Span(orders.again, END),
            )
        except Killed:
            self._stack.close()
            self._open()
            return Outcome("interrupted", len(self.seen) - before)
        finally:
            self._client.steps, self._client.budget = outer
        assert "unexpected" not in (run.error or ""), run.error
        self._runs.append(run)
        return Outcome(run.outcome, len(self.seen) - before, run.error or "")

    def _parts_for(self, orders: Orders) -> Parts:
        settings = self._settings.model_copy(update={"page_size": orders.page_size})
        warehouse = _Unlocked(self._parts.warehouse) if orders.unlocked else self._parts.warehouse
        return replace(self._parts, settings=settings, warehouse=warehouse)

    def current(self) -> list[Reading]:
        rows = self._parts.warehouse.query("readings", channel_id=CHANNEL).to_pylist()
        return [
            Reading(
                row["Epoch"], row["EntryID"], row["CreatedAt"], tuple(row[name] for name in FIELDS)
            )
            for row in rows
        ]

    def ever_held(self) -> set[Held]:
        statement = "SELECT Epoch, EntryID, CreatedAt FROM iot.AllReadings"
        columns = self._parts.warehouse.stream(statement).read_all().columns
        return {Held(*row) for row in zip(*(each.to_pylist() for each in columns), strict=True)}

    def gaps(self, state: str) -> list[tuple[int, int]]:
        if self._gaps is None:  # since the last run
            self._gaps = self._parts.warehouse.query("gaps", channel_ids=[CHANNEL]).to_pylist()
        found = (row for row in self._gaps if row["State"] == state)
        return [(row["FirstEntryID"], row["LastEntryID"]) for row in found]

    def days(self) -> dict[date, int]:
        """What the daily aggregates count, refreshed now."""
        analyse(self._parts, [CHANNEL])
        record(self._parts, self._runs)
        self._runs = []
        rows = self._parts.warehouse.query(
            "aggregates", channel_id=CHANNEL, aggregation_type="DAILY"
        ).to_pylist()
        return {row["PeriodStart"].date(): row["ReadingCount"] for row in rows}

    def close(self) -> None:
        self._stack.close()
        self._simulator.stop()
        self._folder.cleanup()


class OverDuckDB(Lives):
    """A life over real HTTP and a DuckDB file."""

    make = DuckHouse


class _Unlocked:
    """A warehouse whose lock of the channel was lost with its session."""

    def __init__(self, warehouse: Any) -> None:
        self._warehouse = warehouse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)

    def lock(self, _: int) -> Any:
        return nullcontext()
