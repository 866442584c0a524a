"""The pipeline of one channel: its parts, its steps, and the seed's ``IoTDataPipeline``.

``build`` is the one place that builds the parts. Below it stand the strict steps, which raise; on
top of them the seed's class, which logs and returns False, None or 0.
"""

import logging
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa

from fieldhouse import events
from fieldhouse.errors import BudgetExhausted, FieldhouseError
from fieldhouse.keeping import forget
from fieldhouse.settings import Settings, load_settings
from fieldhouse.sources.thingspeak.api import Channel, ThingSpeak
from fieldhouse.sources.thingspeak.history import Policy
from fieldhouse.sources.thingspeak.pacing import Pacer
from fieldhouse.state import Run, Span
from fieldhouse.sync import Copied, Interrupted, copy_history, sync_metadata, utc_now
from fieldhouse.thingspeak_client import ThingSpeakClient
from fieldhouse.warehouse import Warehouse, open_warehouse
from fieldhouse.writer import Writer

__all__ = [
    "AGGREGATION_TYPES",
    "IoTDataPipeline",
    "Parts",
    "analyse",
    "build",
    "copy_channel",
    "record",
]

AGGREGATION_TYPES = ("HOURLY", "DAILY", "WEEKLY")

T = TypeVar("T")
_RUNS = pa.schema(
    [
        ("channel_id", pa.int64()),
        *((name, pa.timestamp("us")) for name in ("started_at", "ended_at")),
        ("outcome", pa.string()),
        *((name, pa.int64()) for name in ("requests", "requests_needed", "fetched")),
        *((name, pa.int64()) for name in ("inserted", "updated", "duplicates", "raw")),
        ("quality_score", pa.float64()),
        ("error", pa.string()),
    ]
)
"""The fields of ``state.Run``."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a pipeline is made of; shared by all channels of a process."""

    settings: Settings
    warehouse: Warehouse
    server: ThingSpeak
    writer: Writer
    stop: threading.Event
    observe: events.Observer | None = None
    clock: Callable[[], datetime] = utc_now

    def tell(self, event: events.Event) -> None:
        """Tell the observer, if there is one."""
        events.tell(self.observe, event)

    def channel(self, channel_id: int) -> Channel:
        """A channel of the server, with the key that its settings name."""
        own = self.settings.channel(channel_id)
        key = own.api_key.get_secret_value() if own.api_key else None
        return self.server.channel(channel_id, key, decimal_comma=own.decimal_comma)


@contextmanager
def build(
    settings: Settings,
    *,
    observe: events.Observer | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[Parts]:
    """Open the warehouse (migrated), the server and the writer; close all of them afterwards."""
    warehouse = open_warehouse(settings.warehouse_url, password=settings.warehouse_password)
    try:
        warehouse.migrate()
        _sync_ranges(warehouse, settings)
        pacer = Pacer(settings.rate_limit_delay, spend=_spender(warehouse, settings, clock))
        with (
            ThingSpeak(
                settings.base_url, pacer=pacer, timeout=settings.timeout, observe=observe
            ) as server,
            Writer(warehouse, observe) as writer,
        ):
            yield Parts(settings, warehouse, server, writer, threading.Event(), observe, clock)
    finally:
        warehouse.close()


def _sync_ranges(warehouse: Warehouse, settings: Settings) -> None:
    """Bring the configured ranges into the warehouse, where the quality is computed."""
    for channel_id, channel in settings.channels.items():
        ranges = sorted(channel.ranges.items())
        warehouse.call(
            "sync_field_ranges",
            channel_id=channel_id,
            field_numbers=[number for number, _ in ranges],
            minima=[low for _, (low, _) in ranges],
            maxima=[high for _, (_, high) in ranges],
        )


def _spender(
    warehouse: Warehouse, settings: Settings, clock: Callable[[], datetime]
) -> Callable[[], None] | None:
    """Count each request in the warehouse, against the budget of the day (UTC)."""
    budget = settings.daily_budget
    if budget is None:
        return None

    def spend() -> None:
        counted = warehouse.call("count_requests", day=clock().date(), requests=1)
        if counted["Requests"][0].as_py() > budget:
            raise BudgetExhausted(
                f"the daily budget of {budget} requests is used up until midnight UTC "
                "(daily_budget in fieldhouse.toml)"
            )

    return spend


# The strict steps


def copy_channel(
    parts: Parts, channel_id: int, *, tail_size: int | None = None, again: Span | None = None
) -> Run:
    """Metadata and history of one channel, brought up to date; what came of it, errors included.

    ``tail_size`` is the page size of the first request, which looks for what is new; never a cap.
    ``again`` is a span of time to read once more, covered or not.
    The run is not yet recorded, nor anything aggregated: see ``analyse`` and ``record``.
    """
    run = Run(channel_id=channel_id, started_at=parts.clock())
    copied = Copied()
    parts.tell(events.RunStarted(channel_id))
    try:
        _history(parts, parts.channel(channel_id), copied, tail_size, again)
    except Interrupted:
        run = replace(run, outcome="interrupted")
    except FieldhouseError as error:
        run = replace(run, outcome="failed", error=str(error))
    except Exception as error:  # a defect of ours: this channel's end, not the others'
        logger.exception("Channel %d failed unexpectedly", channel_id)
        run = replace(
            run, outcome="failed", error=f"channel {channel_id}: unexpected {type(error).__name__}"
        )
    return replace(
        run,
        requests=copied.requests,
        requests_needed=_least(parts, copied),
        fetched=copied.fetched,
        **asdict(copied.counts),
        ended_at=parts.clock(),
    )


def _least(parts: Parts, copied: Copied) -> int:
    """The requests that would have served for what a reading brought."""
    return max(1, math.ceil(copied.counts.inserted / parts.settings.page_size))


def _metadata(parts: Parts, source: Channel) -> bool:
    return sync_metadata(source, parts.warehouse, parts.clock(), parts.settings.metadata_ttl)


def _history(
    parts: Parts,
    source: Channel,
    copied: Copied,
    tail_size: int | None,
    again: Span | None = None,
) -> None:
    settings = parts.settings
    policy = Policy(
        now=parts.clock(),
        page_size=settings.page_size,
        tail_size=tail_size or settings.page_size,
        look_back=settings.look_back,
        again=again,
    )
    copy_history(
        source,
        parts.warehouse,
        parts.writer,
        policy,
        copied,
        metadata_ttl=settings.metadata_ttl,
        stop=parts.stop,
        observe=parts.observe,
    )


def analyse(parts: Parts, channel_ids: Sequence[int]) -> dict[int, float]:
    """Refresh the aggregates and the quality of what was touched; each channel's score of today."""
    wanted = list(channel_ids)
    for aggregation_type in AGGREGATION_TYPES:
        _refresh(parts, aggregation_type, wanted)
    return {row["ChannelID"]: row["QualityScore"] for row in _score(parts, wanted)}


def _refresh(parts: Parts, aggregation_type: str, channel_ids: list[int]) -> None:
    parts.warehouse.call(
        "refresh_aggregates", aggregation_type=aggregation_type, channel_ids=channel_ids
    )


def _score(parts: Parts, channel_ids: list[int]) -> list[dict[str, Any]]:
    """Recompute the quality of every touched day and of today; the rows of today."""
    now = parts.clock()
    rows = parts.warehouse.call("refresh_quality", channel_ids=channel_ids, as_of=now).to_pylist()
    return [row for row in rows if row["CheckDate"] == now.date()]


def record(parts: Parts, runs: Sequence[Run]) -> None:
    """Keep runs in ``iot.PipelineRuns``, and tell the observer."""
    rows = [asdict(run) for run in runs]
    if rows:
        parts.warehouse.call("record_runs", runs=pa.Table.from_pylist(rows, _RUNS))
    for run in runs:
        parts.tell(events.RunEnded(run))


# The seed's class


class IoTDataPipeline:
    """One channel, the five steps in order: the seed's class, with the seed's contract.

    Without arguments it is configured by the environment, ``.env`` and ``fieldhouse.toml``. No
    method raises for what ThingSpeak or the warehouse does: it logs, and returns False, None or 0.
    """

    def __init__(self, settings: Settings | None = None, *, channel_id: int | None = None) -> None:
        self.settings = settings or load_settings()
        self.channel_id = channel_id or self.settings.channel_id
        self.thingspeak_client: ThingSpeakClient | None = None
        self.db_connection: Warehouse | None = None
        self._parts: Parts | None = None
        self._built: Any = None
        self._run: Run | None = None

    def initialize(self) -> bool:
        """Step 1: open the warehouse and the client; False (and an ERROR) if that cannot be."""
        if self.channel_id is None:
            logger.error("No channel is set: set THINGSPEAK_CHANNEL_ID")
            return False
        try:
            built = build(self.settings)
            self._parts = built.__enter__()
        except FieldhouseError as error:
            logger.error("Initialization failed: %s", error)
            return False
        self._built = built
        self.db_connection = self._parts.warehouse
        key = self.settings.channel(self.channel_id).api_key
        self.thingspeak_client = ThingSpeakClient(
            self.channel_id,
            key.get_secret_value() if key else None,
            self.settings.rate_limit_delay,
            base_url=self.settings.base_url,
        )
        self._run = Run(channel_id=self.channel_id, started_at=self._parts.clock())
        return True

    def sync_channel_metadata(self) -> bool:
        """Step 2: name, labels and place of the channel."""
        return self._step("Metadata sync failed", self._sync_metadata) is not None

    def fetch_and_store_data(self, results: int = 100) -> int:
        """Step 3: what is new, and what is missing of the past; the readings inserted.

        ``results`` is the size of the first page (1 to 8,000), never a cap that leaves holes.
        """
        if not 1 <= results <= 8000:
            logger.error("results must be 1 to 8000, not %s", results)
            return 0
        return self._step("Fetch failed", partial(self._fetch, results)) or 0

    def process_aggregations(self, aggregation_type: str = "HOURLY") -> bool:
        """Step 4: recompute the touched periods of a type: HOURLY, DAILY or WEEKLY."""
        if aggregation_type not in AGGREGATION_TYPES:
            logger.error("aggregation type %r: HOURLY, DAILY or WEEKLY", aggregation_type)
            return False
        step = partial(self._aggregate, aggregation_type)
        return self._step("Aggregation failed", step) is not None

    def calculate_data_quality(self) -> dict[str, Any] | None:
        """Step 5: the quality of every touched day and of today; today's row."""
        return self._step("Quality check failed", self._quality)

    def run_full_pipeline(self, fetch_results: int = 100) -> None:
        """All five steps; stops early where going on makes no sense, and always cleans up."""
        logger.info("Starting IoT Data Pipeline")
        try:
            if not self.initialize():
                return
            if not self.sync_channel_metadata():
                return
            if self.fetch_and_store_data(fetch_results) == 0:
                logger.warning("No new records fetched")
            for aggregation_type in AGGREGATION_TYPES:
                self.process_aggregations(aggregation_type)
            self.calculate_data_quality()
            if self._run and self._run.outcome == "success":
                logger.info("Pipeline completed successfully")
        except Exception:
            logger.exception("Pipeline error")
        finally:
            self.close()

    def close(self) -> None:
        """Record the run and give everything back; a second time is a no-op."""
        if not self._parts or not self._run:
            return
        parts, run = self._parts, self._run
        self._parts = self._run = self.db_connection = None
        try:
            record(parts, [replace(run, ended_at=parts.clock())])
            forget(parts.warehouse, parts.settings, parts.clock())
        except FieldhouseError as error:
            logger.error("The run could not be recorded: %s", error)
        finally:
            self._built.__exit__(None, None, None)

    def _step(self, failure: str, step: Callable[[Parts, int], T]) -> T | None:
        """Do a step; on an error of ours log it, mark the run as failed, and return None."""
        if not self._parts or not self._run:
            logger.error("%s: initialize() first", failure)
            return None
        try:
            return step(self._parts, self._run.channel_id)
        except FieldhouseError as error:
            logger.error("%s: %s", failure, error)
            self._run = replace(self._run, outcome="failed", error=str(error))
            return None

    def _sync_metadata(self, parts: Parts, channel_id: int) -> bool:
        source = parts.channel(channel_id)
        asked = _metadata(parts, source)
        self._add(requests=source.requests, requests_needed=int(asked))
        return True

    def _fetch(self, results: int, parts: Parts, channel_id: int) -> int:
        copied = Copied()
        try:
            _history(parts, parts.channel(channel_id), copied, results)
        finally:
            self._add(
                requests=copied.requests,
                requests_needed=_least(parts, copied),
                fetched=copied.fetched,
                **asdict(copied.counts),
            )
        logger.info("Successfully fetched %d records from channel %d", copied.fetched, channel_id)
        logger.info(
            "Inserted %d sensor readings for channel %d", copied.counts.inserted, channel_id
        )
        return copied.counts.inserted

    def _aggregate(self, aggregation_type: str, parts: Parts, channel_id: int) -> bool:
        _refresh(parts, aggregation_type, [channel_id])
        logger.info("Executed stored procedure iot.usp_ProcessSensorReadings")
        return True

    def _quality(self, parts: Parts, channel_id: int) -> dict[str, Any] | None:
        rows = _score(parts, [channel_id])
        logger.info("Executed stored procedure iot.usp_CalculateDataQuality")
        if rows and self._run:
            self._run = replace(self._run, quality_score=rows[0]["QualityScore"])
        return rows[0] if rows else None

    def _add(self, **counts: int) -> None:
        if self._run:
            sums = {name: getattr(self._run, name) + count for name, count in counts.items()}
            self._run = replace(self._run, **sums)
