"""The way in for files: whose entries they have, which life each belongs to, and the loads."""

from fieldhouse.importing.carrying import import_files
from fieldhouse.importing.planning import plan
from fieldhouse.importing.wanted import Import, Wanted

__all__ = ["Import", "Wanted", "import_files", "plan"]
