"""The layers, laid over one another and checked: what `load_settings` returns."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.given import Given, Layer, error_line, parted, port_ok, wrong
from fieldhouse.settings.kinds import OWN_LINE
from fieldhouse.settings.model import RANGE, RIGHT, VARIABLES, Settings

__all__ = ["assembled"]

_SERVER = re.compile(
    r"(?:tcp:)?(?P<host>\[[^\]]+\]|[^,:\[\]]+)(?:[,:]\s*(?P<port>[0-9]{1,5}))?", re.IGNORECASE
)
"""SQL Server's notations of a server; an IPv6 address in brackets."""

_URLS = ("warehouse_url", "read_url")
"""What a source may not say once one that comes first has named the warehouse."""


def assembled(layers: Iterable[Layer], file: str = "fieldhouse.toml") -> Settings:
    """One set of settings of layers, the first of which goes first; ``file`` is what it is told of.

    Raises ConfigurationError.
    """
    given: Layer = {}
    for layer in layers:
        late = _URLS if given.keys() & {"warehouse_url", "db_server"} else ()
        given = {key: one for key, one in layer.items() if key not in late} | given
    _settle_warehouse(given)
    settings = _validated(given)
    settings._sources.update({key: one.source for key, one in given.items()})
    settings._sources.update(_channel_sources(given))
    settings._file = file
    return settings


def _channel_sources(given: Layer) -> dict[str, str]:
    accounts, place, _ = given.get("accounts", ({}, "", ""))
    named = {f"accounts.{name}.user_api_key": place for name in accounts}
    if "schedule" in given:
        schedule = given["schedule"]
        named |= dict.fromkeys((f"schedule.{key}" for key in schedule.value), schedule.source)
    if "mqtt" in given:
        named |= dict.fromkeys((f"mqtt.{key}" for key in given["mqtt"].value), given["mqtt"].source)
    if "channels" not in given:
        return named
    channels, source, _ = given["channels"]
    keys = {f"channels.{number}.{key}" for number, channel in channels.items() for key in channel}
    ranges = {
        f"channels.{number}.ranges.field{field}"
        for number, channel in channels.items()
        for field in channel.get("ranges", ())
    }
    ranges |= {f"channels.{number}.ranges.default" for number in channels}
    return named | dict.fromkeys(keys | ranges, source)


def _settle_warehouse(given: Layer) -> None:
    """Make the URL of the ``DB_`` values if there is none, and keep a password apart from it."""
    if "warehouse_url" in given:
        _part_password(given)
    elif "db_server" in given:
        server = given["db_server"]
        url = _sqlserver_url(given)
        given["warehouse_url"] = server._replace(value=url)
    _tell_clickhouse(given)


def _tell_clickhouse(given: Layer) -> None:
    """Put into a URL of ClickHouse what is said of it apart; what the URL says itself stands."""
    apart = {
        name: key
        for name in ("cluster", "secure", "quorum")
        if (key := f"clickhouse_{name}") in given
    }
    for url in _URLS:
        parts = parted(given[url].value) if url in given else None
        if not apart or not parts or parts.scheme != "clickhouse":
            continue
        said = _validated({key: given[key] for key in apart.values()})
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        for name, key in apart.items():
            value = getattr(said, key)
            options.setdefault(name, {True: "yes", False: "no"}.get(value, value))
        new = parts._replace(query=urlencode(options)).geturl()
        given[url] = given[url]._replace(value=new)


def _part_password(given: Layer) -> None:
    url = given["warehouse_url"]
    parts = parted(url.value)
    if parts and parts.password is not None:
        netloc = f"{parts.username}@{parts.netloc.rpartition('@')[2]}"
        given["warehouse_url"] = url._replace(value=parts._replace(netloc=netloc).geturl())
        given["db_password"] = url._replace(value=unquote(parts.password))


def _sqlserver_url(given: Layer) -> str:
    """The URL that says all the ``DB_`` values do, but for the password."""
    db = _validated({key: one for key, one in given.items() if key.startswith("db_")})
    options = {
        name: "yes" if value is True else value
        for name in ("encrypt", "trust_server_certificate", "authentication", "partitions")
        if (value := getattr(db, f"db_{name}"))
    }
    user = ""
    if _trusted(given, db):
        options["trusted_connection"] = "yes"
    elif db.db_username:
        user = quote(db.db_username, safe="") + "@"
    address = f"{user}{_address(given['db_server'])}/{quote(db.db_name, safe='')}"
    return f"sqlserver://{address}{'?' if options else ''}{urlencode(options)}"


def _address(server: Given) -> str:
    r"""The URL's part for a ``host``, ``host,port``, ``tcp:host,port`` or ``host\instance``."""
    found = _SERVER.fullmatch(str(server.value).strip())
    address = quote(found["host"].strip(), safe="[:]") if found else ""
    if found and found["port"]:
        address += f":{found['port']}"
    if not address or not port_ok(f"sqlserver://{address}"):
        raise wrong(server.place, r"host, host,port or host\instance")
    return address


def _trusted(given: Layer, db: Settings) -> bool:
    """Whether to log in as the account that runs Fieldhouse: asked for, or nothing else given."""
    if db.db_trusted_connection and db.db_authentication:
        raise error_line(
            f"{given['db_authentication'].place} is set, and DB_TRUSTED_CONNECTION=yes; "
            "set one of them"
        )
    if not db.db_trusted_connection and not db.db_authentication:
        _require_whole_login(given, db)
    return bool(db.db_trusted_connection or not (db.db_authentication or db.db_username))


def _require_whole_login(given: Layer, db: Settings) -> None:
    login = ("db_username", "db_password")
    absent, present = sorted(login, key=lambda key: bool(getattr(db, key)))
    if getattr(db, present) and not getattr(db, absent):
        raise error_line(
            f"{given[present].place} is set, {VARIABLES[absent]} is not; set both, or neither to "
            "log in as the account that runs Fieldhouse"
        )
    if not getattr(db, present) and db.db_trusted_connection is False:
        raise error_line(
            f"{given['db_trusted_connection'].place} is no; set DB_USERNAME and DB_PASSWORD, or "
            "DB_AUTHENTICATION"
        )


def _validated(given: Layer) -> Settings:
    try:
        return Settings.model_validate({key: one.value for key, one in given.items()})
    except ValidationError as error:
        raise _first_wrong(given, error.errors(include_url=False)[0]) from None


def _first_wrong(given: Layer, error: ErrorDetails) -> ConfigurationError:
    """The line for the first value that is wrong, without the value unless it is a plain number."""
    location = error["loc"]
    key = str(location[0])
    one = given[key]
    if error["type"] == OWN_LINE:
        return error_line(f"{one.place}: {error['msg']}")
    if name := _range_name(location):
        place = one.place.replace("[channels]", f"[channels.{location[1]}] ranges.{name}")
        return wrong(place, RANGE)
    if len(location) > 1 and (right := RIGHT.get(f"{key}.{location[1]}")):
        return wrong(f"{one.place} {location[1]}", right)
    number = str(one.value) if key in RIGHT else ""
    shown = f" (it is {number})" if re.fullmatch(r"-?[0-9.]{1,9}", number) else ""
    return wrong(one.place, RIGHT.get(key, "text") + shown)


def _range_name(location: tuple[int | str, ...]) -> str | None:
    """What the file calls the range that an error is about, if it is about one."""
    match location:
        case ("channels", _, "ranges", field, *_):
            return f"field{field}"
        case ("channels", _, "default_range", *_):
            return "default"
    return None
