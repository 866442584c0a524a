"""Fieldhouse: your ThingSpeak channels, in a warehouse you own.

The public names are imported when they are first used, so that ``import fieldhouse`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fieldhouse.database import DatabaseConnection
    from fieldhouse.frames import read, read_batches
    from fieldhouse.pipeline import IoTDataPipeline
    from fieldhouse.settings import Settings, load_settings
    from fieldhouse.thingspeak_client import ThingSpeakClient
    from fieldhouse.warehouse import open_warehouse

    __version__: str

__all__ = [
    "DatabaseConnection",
    "IoTDataPipeline",
    "Settings",
    "ThingSpeakClient",
    "__version__",
    "load_settings",
    "open_warehouse",
    "read",
    "read_batches",
]

_HOMES = {
    "DatabaseConnection": "fieldhouse.database",
    "IoTDataPipeline": "fieldhouse.pipeline",
    "Settings": "fieldhouse.settings",
    "ThingSpeakClient": "fieldhouse.thingspeak_client",
    "load_settings": "fieldhouse.settings",
    "open_warehouse": "fieldhouse.warehouse",
    "read": "fieldhouse.frames",
    "read_batches": "fieldhouse.frames",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("fieldhouse")
    if name not in _HOMES:
        raise AttributeError(f"module 'fieldhouse' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
