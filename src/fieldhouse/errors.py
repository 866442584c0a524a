"""What can go wrong, drawn as a tree; each docstring says what it means to a user.

::

    FieldhouseError
    ├── ConfigurationError          a setting, an argument or a file of the user's is wrong
    ├── SourceError                 ThingSpeak
    │   ├── SourceUnavailable       ↻ no answer, or one that cannot be one
    │   │   └── RateLimited         ↻ it asks to slow down
    │   ├── SourceInconsistent      ↻ its answers contradict each other or what we hold
    │   ├── BudgetExhausted         ↻ our own daily budget of requests is used up
    │   ├── ConnectionBarred        a proxy or a certificate bars the way to it
    │   ├── ChannelNotFound         no such channel
    │   ├── ChannelPrivate          it needs a read key
    │   ├── KeyRejected             it has a key, and that key is not accepted
    │   └── RequestRefused          it refuses the request as such
    └── WarehouseError              the warehouse
        ├── WarehouseUnavailable    ↻ no connection, a lost one, or a server that asks to come again
        ├── WarehouseLocked         ↻ another process holds it
        ├── DeadlinePassed          ↻ the answer was not there in the time that it was given
        ├── StateMoved              ↻ another process moved the channel on meanwhile
        ├── EntryConflict           ↻ an entry that we hold came back with another time
        └── WarehouseUnusable       missing, corrupt, newer than this program, read-only, full

↻ marks what is transient: the same call may succeed later, unchanged. The rest is permanent until
somebody acts. No library's exception leaves the module that called the library.
"""

from datetime import datetime
from typing import ClassVar

__all__ = [
    "BudgetExhausted",
    "ChannelNotFound",
    "ChannelPrivate",
    "ConfigurationError",
    "ConnectionBarred",
    "DeadlinePassed",
    "EntryConflict",
    "FieldhouseError",
    "Interrupted",
    "KeyRejected",
    "RateLimited",
    "RequestRefused",
    "SourceError",
    "SourceInconsistent",
    "SourceUnavailable",
    "StateMoved",
    "WarehouseError",
    "WarehouseLocked",
    "WarehouseUnavailable",
    "WarehouseUnusable",
]


class FieldhouseError(Exception):
    """Whatever Fieldhouse raises on purpose; its text is one line, fit to be shown."""

    transient: ClassVar[bool] = False


class Interrupted(Exception):
    """Somebody asked to stop: no error, and no part of the tree; what was read is kept."""


class ConfigurationError(FieldhouseError):
    """A setting, an argument or a file of the user's is wrong: which, where, what would do."""


class SourceError(FieldhouseError):
    """ThingSpeak did not give what was asked."""


class SourceUnavailable(SourceError):
    """No answer, or an answer that cannot be one (a gateway's page, a cut text, a 5xx)."""

    transient = True


class RateLimited(SourceUnavailable):
    """ThingSpeak asks to slow down; ``retry_after`` holds the seconds it named, or None."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceInconsistent(SourceError):
    """ThingSpeak's answers contradict each other or what we hold; nothing was written."""

    transient = True


class BudgetExhausted(SourceError):
    """The daily budget of requests, our own setting, is used up until midnight UTC."""

    transient = True


class ConnectionBarred(SourceError):
    """A proxy wants a login, or a certificate is not trusted; asking again would not help."""


class ChannelNotFound(SourceError):
    """ThingSpeak knows no channel of that number."""


class ChannelPrivate(SourceError):
    """The channel is private and no key for it is set."""


class KeyRejected(SourceError):
    """A key is set, and ThingSpeak does not accept it."""


class RequestRefused(SourceError):
    """ThingSpeak refuses the request as such; asking again would not help."""


class WarehouseError(FieldhouseError):
    """The warehouse did not do what was asked; nothing of it was kept."""


class WarehouseUnavailable(WarehouseError):
    """The server cannot be reached, hung up, or asks to come again; nothing of it was kept."""

    transient = True


class WarehouseLocked(WarehouseError):
    """Another process holds the warehouse or the channel; ``holder`` names it in words."""

    transient = True

    def __init__(self, message: str, holder: str = "another process") -> None:
        super().__init__(message)
        self.holder = holder


class DeadlinePassed(WarehouseError):
    """The answer was not there within the seconds that the question was given."""

    transient = True


class StateMoved(WarehouseError):
    """Another process moved the channel on since this load was planned; plan again."""

    transient = True


class EntryConflict(WarehouseError):
    """An entry that we hold came with another ``created_at``: a clear, or a page that lies.

    ``disputed`` names the first of them, (id, time), as they are held.
    """

    transient = True

    def __init__(self, message: str, disputed: "tuple[tuple[int, datetime], ...]" = ()) -> None:
        super().__init__(message)
        self.disputed = disputed


class WarehouseUnusable(WarehouseError):
    """Missing, corrupt, written by a newer Fieldhouse, read-only, or out of space."""
