"""A ``sqlserver://`` URL: the server and database it names and how to connect. Nothing is opened.

The settings check the URL with it, and the engine connects with it, so what one accepts the other
understands.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self
from urllib.parse import parse_qsl, unquote

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.given import error_line, meant_by, parted

__all__ = ["OPTIONS", "SqlServerAddress", "database_name"]

DEFAULT_DATABASE: Final = "IoTSensorDB"

_AUTHORITY = re.compile(
    r"(?:(?P<user>[^:]+)@)?"
    r"(?:\[(?P<ipv6>[^\[\]@]+)\]|(?P<host>[^\[\]@:]+))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
"""``user@host:port``: with no colon in the user, a password has no place in it."""

_HOST = re.compile(r"[^\s;,={}]+")
"""A host as a connection string can hold it: nothing in it ends it or begins another word."""

_SHAPE = "sqlserver://user@host:port/database?option=value, its password apart in DB_PASSWORD"


class Option(NamedTuple):
    """An option of the URL: ``read`` makes a value of its text, or raises `ValueError`."""

    right: str
    read: Callable[[str], Any]


def _one_of(*words: str) -> Option:
    """One of the words, in whatever case it is written."""

    def read(text: str) -> str:
        return words[[word.lower() for word in words].index(text.lower())]

    *others, last = words
    return Option(f"{', '.join(others)} or {last}" if others else last, read)


def _switch() -> Option:
    words = _one_of("yes", "no")
    return Option(words.right, lambda text: words.read(text) == "yes")


def _host_name() -> Option:
    def read(text: str) -> str:
        if not _HOST.fullmatch(text):
            raise ValueError("no host")
        return text

    return Option("a host's name", read)


def _seconds(least: int, most: int, right: str) -> Option:
    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,10}", text) or not least <= int(text) <= most:
            raise ValueError("not so many seconds")
        return int(text)

    return Option(f"a whole number of seconds, {right}", read)


OPTIONS: Final = {
    "encrypt": _one_of("yes", "no", "strict"),
    "trust_server_certificate": _switch(),
    "authentication": _one_of(
        "ActiveDirectoryDefault",
        "ActiveDirectoryInteractive",
        "ActiveDirectoryDeviceCode",
        "ActiveDirectoryMSI",
        "ActiveDirectoryServicePrincipal",
        "ActiveDirectoryPassword",
        "ActiveDirectoryIntegrated",
        "SqlPassword",
    ),
    "trusted_connection": _switch(),
    "host_name_in_certificate": _host_name(),
    "multi_subnet_failover": _switch(),
    "partitions": _one_of("monthly"),
    "login_timeout": _seconds(1, 600, "1 to 600"),
    "query_timeout": _seconds(0, 2**31 - 1, "0 for no limit"),
}
"""What may stand in the URL's query, each with what is right and how it is read."""


def database_name(text: str) -> str:
    """Any text that SQL Server takes for a database's name, or `ValueError`."""
    if not 1 <= len(text) <= 128 or "\0" in text:
        raise ValueError("no name")
    return text


@dataclass(frozen=True, slots=True)
class SqlServerAddress:
    r"""Where the SQL Server is, and how to connect; without the password.

    ``host`` may hold ``\instance``, and an IPv6 address stands in it without brackets.
    ``username`` None with ``trusted_connection`` is the account that runs Fieldhouse;
    ``authentication`` is the driver's word for how else a login is proven. ``encrypt`` is ``yes``,
    ``no`` or ``strict``; ``partitions`` is None or ``monthly``. ``host_name_in_certificate`` is
    the name that the server's certificate must have where it is not the host's.
    ``multi_subnet_failover`` tries all addresses of a name at once, as the listener of an
    availability group wants it. Both timeouts are seconds; ``query_timeout`` 0 is none.
    """

    host: str
    port: int | None
    database: str
    username: str | None
    trusted_connection: bool = False
    encrypt: str = "yes"
    trust_server_certificate: bool = False
    authentication: str | None = None
    host_name_in_certificate: str | None = None
    multi_subnet_failover: bool = False
    partitions: str | None = None
    login_timeout: int = 15
    query_timeout: int = 0

    @classmethod
    def parse(cls, url: str) -> Self:
        """Take the URL apart; raises `ConfigurationError`, one line that never has a password."""
        parts = parted(url)
        if not parts or parts.scheme != "sqlserver" or "@" in parts.path + parts.query:
            raise _misshapen()  # an @ so late may be a password's end, its # or / not quoted
        if not parts.netloc:
            raise error_line(f"sqlserver:// names no server; it must be {_SHAPE}")
        found = _AUTHORITY.fullmatch(parts.netloc)
        if not found or parts.fragment:
            raise _misshapen()
        username = _decoded(found["user"]) if found["user"] else None
        return cls(
            host=_host(found["ipv6"] or found["host"]),
            port=_port(found["port"]),
            database=_database(parts.path.removeprefix("/")),
            username=username,
            **_login(username, dict(_options(parts.query))),
        )

    @property
    def server(self) -> str:
        r"""``host,port``, ``host\instance`` or ``host``, as a connection string has it."""
        return self.host if self.port is None else f"{self.host},{self.port}"


def _misshapen() -> ConfigurationError:
    return error_line(f"a URL of SQL Server must be {_SHAPE}")


def _decoded(text: str) -> str:
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _misshapen() from None
    if "\0" in decoded:
        raise _misshapen()
    return decoded


def _host(text: str) -> str:
    host = _decoded(text)
    if not _HOST.fullmatch(host):
        raise error_line(r"sqlserver:// host must be a name, name\instance or an IP address")
    return host


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not 1 <= int(text) <= 65535:
        raise error_line("sqlserver:// port must be from 1 to 65535")
    return int(text)


def _database(text: str) -> str:
    if "/" in text:
        raise error_line("sqlserver:// database ends at a /; one in its name must be %2F")
    try:
        return database_name(_decoded(text or DEFAULT_DATABASE))
    except ValueError:
        raise error_line("sqlserver:// database must be a name of at most 128 characters") from None


def _options(query: str) -> Iterator[tuple[str, Any]]:
    seen = set()
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in OPTIONS:
            hint = meant_by(name, OPTIONS) or f"; there is {', '.join(OPTIONS)}"
            raise error_line(f"sqlserver:// has no option {name[:40]}{hint}")
        if name in seen:
            raise error_line(f"sqlserver:// option {name} must be there only once")
        seen.add(name)
        yield name, _value(name, text)


def _value(name: str, text: str) -> Any:
    try:
        return OPTIONS[name].read(text)
    except ValueError:
        raise error_line(f"sqlserver:// option {name} must be {OPTIONS[name].right}") from None


def _login(username: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """The options with ``trusted_connection`` settled: it is for who names no other login."""
    trusted = username is None and "authentication" not in options
    if options.get("trusted_connection", trusted) is not trusted:
        raise error_line(
            "sqlserver:// needs one login: a user, authentication, or trusted_connection=yes"
        )
    return {**options, "trusted_connection": trusted}
