"""The tables that a copy of a whole warehouse takes along, and the parts that they are cut into."""

from fieldhouse.warehouse.kept.table import Kept, Part
from fieldhouse.warehouse.kept.tables import KEPT

__all__ = ["KEPT", "Kept", "Part"]
