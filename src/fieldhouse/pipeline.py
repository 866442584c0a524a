"""The seed's ``IoTDataPipeline``: one channel, the five steps in order; it logs its errors."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from fieldhouse import events
from fieldhouse.errors import ConfigurationError, FieldhouseError
from fieldhouse.keeping import forget
from fieldhouse.parts import Parts, build
from fieldhouse.settings import Settings, channel_number, load_settings
from fieldhouse.state import Run
from fieldhouse.steps import (
    AGGREGATION_TYPES,
    analyse,
    brought,
    copy_channel,
    find_anomalies,
    read_history,
    record,
    refresh,
    renew_metadata,
    score,
)
from fieldhouse.sync import Copied
from fieldhouse.thingspeak_client import ThingSpeakClient
from fieldhouse.warehouse import Warehouse

__all__ = [
    "AGGREGATION_TYPES",
    "IoTDataPipeline",
    "Parts",
    "analyse",
    "build",
    "copy_channel",
    "record",
]

T = TypeVar("T")

logger = logging.getLogger(__name__)


class IoTDataPipeline:
    """One channel, the five steps in order: the seed's class, with the seed's contract.

    Without ``settings`` it is configured by the environment, ``.env`` and ``fieldhouse.toml``;
    without ``channel_id`` it reads the channel of ``THINGSPEAK_CHANNEL_ID``. No method raises for
    what ThingSpeak or the warehouse does: it logs, and returns False, None or 0. Raises
    ConfigurationError for settings or a number that can be none.

    >>> from fieldhouse import IoTDataPipeline
    >>> run = IoTDataPipeline(12001).run_full_pipeline()
    >>> run.outcome, run.inserted > 0
    ('success', True)
    """

    def __init__(
        self,
        channel_id: int | str | Settings | None = None,
        settings: Settings | None = None,
    ) -> None:
        if isinstance(channel_id, Settings):  # settings alone, as they could always be given
            channel_id, settings = None, channel_id
        if not isinstance(settings, Settings | None):
            raise ConfigurationError(
                f"settings are made by load_settings() or Settings(), not {settings!r}"
            )
        self.settings = settings or load_settings()
        self.channel_id = (
            self.settings.channel_id if channel_id is None else channel_number(channel_id)
        )
        self.thingspeak_client: ThingSpeakClient | None = None
        self.db_connection: Warehouse | None = None
        self._parts: Parts | None = None
        self._built: Any = None
        self._run: Run | None = None
        self.last_run: Run | None = None
        """What came of the last pass, once it is closed."""

    def initialize(self) -> bool:
        """Step 1: open the warehouse and the client; False (and an ERROR) if that cannot be."""
        self.last_run = None
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
            server=self._parts.server,
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

    def run_full_pipeline(self, fetch_results: int = 100) -> Run | None:
        """All five steps; stops early where going on makes no sense, and always cleans up.

        Returns what came of it, as recorded: ``outcome``, ``inserted``, ``error`` and the other
        counts; None if it could not even begin.
        """
        logger.info("Starting IoT Data Pipeline")
        try:
            if self.initialize() and self.sync_channel_metadata():
                self._run_steps(fetch_results)
        except Exception:
            logger.exception("Pipeline error")
        finally:
            self.close()
        return self.last_run

    def _run_steps(self, fetch_results: int) -> None:
        if self.fetch_and_store_data(fetch_results) == 0:
            logger.warning("No new records fetched")
        for aggregation_type in AGGREGATION_TYPES:
            self.process_aggregations(aggregation_type)
        self.calculate_data_quality()
        if self._run and self._run.outcome == "success":
            logger.info("Pipeline completed successfully")

    def __enter__(self) -> "IoTDataPipeline":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Record the run and give everything back; a second time is a no-op."""
        if not self._parts or not self._run:
            return
        parts, run = self._parts, self._run
        self._parts = self._run = self.db_connection = None
        self.last_run = run = replace(run, ended_at=parts.clock())
        try:
            record(parts, [run])
            parts.tell(events.RunEnded(run))
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
        except KeyboardInterrupt:
            self._run = replace(self._run, outcome="interrupted")
            raise
        except FieldhouseError as error:
            logger.error("%s: %s", failure, error)
            self._run = replace(self._run, outcome="failed", error=str(error))
            return None

    def _sync_metadata(self, parts: Parts, channel_id: int) -> bool:
        source = parts.channel(channel_id)
        asked = renew_metadata(parts, source)
        self._add(requests=source.requests, requests_needed=int(asked))
        return True

    def _fetch(self, results: int, parts: Parts, channel_id: int) -> int:
        copied = Copied()
        try:
            read_history(parts, parts.channel(channel_id), copied, results)
        finally:
            self._add(**brought(parts, copied))
        logger.info("Successfully fetched %d records from channel %d", copied.fetched, channel_id)
        logger.info(
            "Inserted %d sensor readings for channel %d", copied.counts.inserted, channel_id
        )
        if copied.counts.rejected:
            logger.warning(
                "%d entries of channel %d could not be readings: see iot.RejectedEntries",
                copied.counts.rejected,
                channel_id,
            )
        return copied.counts.inserted

    def _aggregate(self, aggregation_type: str, parts: Parts, channel_id: int) -> bool:
        refresh(parts, aggregation_type, [channel_id])
        logger.info("Executed stored procedure iot.usp_ProcessSensorReadings")
        return True

    def _quality(self, parts: Parts, channel_id: int) -> dict[str, Any] | None:
        find_anomalies(parts, [channel_id])
        rows = score(parts, [channel_id])
        logger.info("Executed stored procedure iot.usp_CalculateDataQuality")
        if rows and self._run:
            self._run = replace(self._run, quality_score=rows[0]["QualityScore"])
        return rows[0] if rows else None

    def _add(self, **counts: int) -> None:
        if self._run:
            sums = {name: getattr(self._run, name) + count for name, count in counts.items()}
            self._run = replace(self._run, **sums)
