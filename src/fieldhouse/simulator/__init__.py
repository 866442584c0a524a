"""A ThingSpeak-compatible server to develop and test against, with faults on request."""

from . import demo
from .channel import Anomaly, Channel
from .clock import Clock
from .faults import KINDS, Fault, Faults
from .ordered import Entry
from .server import Seen, Simulator
from .serving import serve
from .world import World

__all__ = [
    "KINDS",
    "Anomaly",
    "Channel",
    "Clock",
    "Entry",
    "Fault",
    "Faults",
    "Seen",
    "Simulator",
    "World",
    "demo",
    "serve",
]
