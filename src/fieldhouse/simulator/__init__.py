"""A ThingSpeak-compatible server to develop and test against, with faults on request."""

from fieldhouse.protocol import Entry, Request, Response

from . import demo
from .channel import Anomaly, Channel
from .clock import Clock
from .faults import KINDS, Fault, Faults
from .publishing import Publisher
from .server import Simulator
from .service import InProcess, Seen
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
    "InProcess",
    "Publisher",
    "Request",
    "Response",
    "Seen",
    "Simulator",
    "World",
    "demo",
    "serve",
]
