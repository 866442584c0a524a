"""How long the warehouse keeps what it notes of its own work: runs, changes, numbers of batches."""

import logging
from datetime import datetime, timedelta

from fieldhouse.errors import WarehouseError
from fieldhouse.settings import Settings
from fieldhouse.warehouse import Warehouse

__all__ = ["forget"]

logger = logging.getLogger(__name__)


def forget(warehouse: Warehouse, settings: Settings, now: datetime) -> None:
    """Forget what is older than the settings keep it; a failure is a WARNING, and no run's."""

    def before(days: int) -> datetime | None:
        return now - timedelta(days=days) if days else None

    try:
        warehouse.call(
            "forget",
            runs_before=before(settings.keep_runs_days),
            audit_before=before(settings.keep_audit_days),
            loads_before=before(settings.keep_loads_days),
        )
    except WarehouseError as error:
        logger.warning("What is old is kept until the next run: %s", error)
