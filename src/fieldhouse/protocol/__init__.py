"""ThingSpeak's read protocol, served: requests understood, answers written, endpoints once.

Whoever has channels implements `House` and `Source`; `answer` does the rest. Instants are unix
seconds, UTC. Nothing here knows of a server, a simulated world or a warehouse.
"""

from .entries import FIELD_COUNT, Entry, Fields, Value, fields_of
from .exchange import KEY_HEADERS, KEYS, Refused, Request, Response
from .query import Bucketing, Window
from .routes import Route, answer, routed
from .source import About, House, Listed, Source

__all__ = [
    "FIELD_COUNT",
    "KEYS",
    "KEY_HEADERS",
    "About",
    "Bucketing",
    "Entry",
    "Fields",
    "House",
    "Listed",
    "Refused",
    "Request",
    "Response",
    "Route",
    "Source",
    "Value",
    "Window",
    "answer",
    "fields_of",
    "routed",
]
