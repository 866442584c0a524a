"""A ``clickhouse://`` or ``chdb:///`` URL: where it leads and how to connect. Nothing is opened.

The settings check the URL with it, and the engine connects with it, so what one accepts the other
understands.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self
from urllib.parse import parse_qsl, unquote

from fieldhouse.settings.given import error_line, meant_by, parted

__all__ = ["CLICKHOUSE_OPTIONS", "ClickHouseAddress", "cluster_name"]

DEFAULT_DATABASE: Final = "iot"
_PLAIN, _SECURE = 8123, 8443

_AUTHORITY = re.compile(
    r"(?:(?P<user>[^:@]+)@)?(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]@:/?#\s]+))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SHAPE = "clickhouse://user@host:port/database?option=value, its password apart in DB_PASSWORD"
_FOLDER_SHAPE = "chdb:///folder?database=name"


class Option(NamedTuple):
    """An option of the URL: ``read`` makes a value of its text, or raises `ValueError`."""

    right: str
    read: Callable[[str], Any]


def cluster_name(text: str) -> str:
    """A name that a statement can hold without quotes, or `ValueError`."""
    if not _NAME.fullmatch(text):
        raise ValueError("no name")
    return text


def _switch(text: str) -> bool:
    words = {"yes": True, "true": True, "no": False, "false": False}
    return words[text.lower()] if text.lower() in words else _refuse()


def _quorum(text: str) -> str:
    if text.lower() != "auto" and not re.fullmatch("[0-9]{1,2}", text):
        _refuse()
    return text.lower()


def _seconds(text: str) -> int:
    return int(text) if re.fullmatch("[1-9][0-9]{0,4}", text) else _refuse()


def _refuse() -> Any:
    raise ValueError("not so")


CLICKHOUSE_OPTIONS: Final = {
    "secure": Option("yes or no", _switch),
    "verify": Option("yes or no", _switch),
    "cluster": Option("a cluster's name, of letters, digits and _", cluster_name),
    "quorum": Option("auto, or a number of replicas, 0 for none", _quorum),
    "connect_timeout": Option("a whole number of seconds, 1 to 99999", _seconds),
    "timeout": Option("a whole number of seconds, 1 to 99999", _seconds),
}
"""What may stand in the URL's query, each with what is right and how it is read."""


@dataclass(frozen=True, slots=True)
class ClickHouseAddress:
    """Where a ClickHouse server is, and how to connect; without the password.

    ``cluster`` names the cluster over which the tables are sharded and replicated, None for one
    server or ClickHouse Cloud; ``quorum`` is how many replicas confirm an insert there. Timeouts
    are seconds: to connect, and without a byte of an answer. With ``folder`` there is no server:
    the engine runs in this process, over that folder.
    """

    host: str
    port: int
    database: str = DEFAULT_DATABASE
    username: str | None = None
    secure: bool = False
    verify: bool = True
    cluster: str | None = None
    quorum: str = "auto"
    connect_timeout: int = 10
    timeout: int = 300
    folder: str | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """Take the URL apart; raises `ConfigurationError`, one line that never has a password."""
        parts = parted(url)
        if parts and parts.scheme == "chdb":
            return cls._in_process(url)
        if not parts or parts.scheme != "clickhouse" or "@" in parts.path + parts.query:
            raise error_line(f"a URL of ClickHouse must be {_SHAPE}")
        found = _AUTHORITY.fullmatch(parts.netloc)
        if not found or parts.fragment:
            raise error_line(f"a URL of ClickHouse must be {_SHAPE}")
        options = _options("clickhouse", parts.query, CLICKHOUSE_OPTIONS)
        return cls(
            host=found["ipv6"] or found["host"],
            port=_port(found["port"], secure=options.get("secure", False)),
            database=_database("clickhouse", unquote(parts.path.strip("/"))),
            username=unquote(found["user"]) if found["user"] else None,
            **options,
        )

    @classmethod
    def _in_process(cls, url: str) -> Self:
        path, _, query = url.removeprefix("chdb://").partition("?")
        if not path.startswith("/") or not path.strip("/"):
            raise error_line(f"a URL of ClickHouse in process must be {_FOLDER_SHAPE}")
        options = _options("chdb", query, {"database": Option("a name", cluster_name)})
        folder = unquote(path.removeprefix("/"))
        return cls("", 0, options.get("database", DEFAULT_DATABASE), folder=folder)

    @property
    def where(self) -> str:
        """How errors call it."""
        return self.folder or f"{self.host}:{self.port}/{self.database}"


def _port(text: str | None, *, secure: bool) -> int:
    if text is None:
        return _SECURE if secure else _PLAIN
    if not 1 <= int(text) <= 65535:
        raise error_line("clickhouse:// port must be from 1 to 65535")
    return int(text)


def _database(scheme: str, text: str) -> str:
    try:
        return cluster_name(text or DEFAULT_DATABASE)
    except ValueError:
        raise error_line(
            f"{scheme}:// database must be a name of letters, digits and _, as iot"
        ) from None


def _options(scheme: str, query: str, known: dict[str, Option]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            hint = meant_by(name, known) or f"; there is {', '.join(known)}"
            raise error_line(f"{scheme}:// has no option {name[:40]}{hint}")
        if name in found:
            raise error_line(f"{scheme}:// option {name} must be there only once")
        try:
            found[name] = known[name].read(text)
        except ValueError:
            raise error_line(f"{scheme}:// option {name} must be {known[name].right}") from None
    return found
