"""Leases in a warehouse's tables, on each engine, and through another process's warehouse."""

import pytest
from leases_kit import LeasesContract

from fieldhouse.scheduling.leases import InWarehouse
from fieldhouse.warehouse import Warehouse


class TestInWarehouse(LeasesContract):
    """The promises, kept by a warehouse."""

    @pytest.fixture
    def leases(self, warehouse: Warehouse) -> InWarehouse:
        """An empty place."""
        return InWarehouse(warehouse)
