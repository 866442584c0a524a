"""The layers, laid over one another and checked: what `load_settings` returns."""

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from pydantic import ValidationError

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.given import Layer, error_line, parted, port_ok, wrong
from fieldhouse.settings.model import DEFAULT_DATABASE, RANGE, RIGHT, VARIABLES, Settings

__all__ = ["assembled"]


def assembled(layers: Iterable[Layer]) -> Settings:
    given: Layer = {}
    for layer in layers:
        named = "db_server" in given  # by a source that comes first, so a URL here is too late
        given = {k: one for k, one in layer.items() if k != "warehouse_url" or not named} | given
    _settle_warehouse(given)
    settings = _validated(given)
    settings._sources.update({key: one.source for key, one in given.items()})
    settings._sources.update(_channel_sources(given))
    return settings


def _channel_sources(given: Layer) -> dict[str, str]:
    if "channels" not in given:
        return {}
    channels, source, _ = given["channels"]
    keys = {f"channels.{number}.{key}" for number, channel in channels.items() for key in channel}
    ranges = {
        f"channels.{number}.ranges.field{field}"
        for number, channel in channels.items()
        for field in channel.get("ranges", ())
    }
    return dict.fromkeys(keys | ranges, source)


def _settle_warehouse(given: Layer) -> None:
    """Make the URL of the ``DB_`` values if there is none, and keep a password apart from it."""
    if "warehouse_url" in given:
        _part_password(given)
    elif "db_server" in given:
        server = given["db_server"]
        url = _sqlserver_url(given)
        given["warehouse_url"] = server._replace(value=url)


def _part_password(given: Layer) -> None:
    url = given["warehouse_url"]
    parts = parted(url.value)
    if parts and parts.password is not None:
        netloc = f"{parts.username}@{parts.netloc.rpartition('@')[2]}"
        given["warehouse_url"] = url._replace(value=parts._replace(netloc=netloc).geturl())
        given["db_password"] = url._replace(value=unquote(parts.password))


def _sqlserver_url(given: Layer) -> str:
    r"""The URL of a ``host``, ``host,port``, ``tcp:host,port`` or ``host\instance``."""
    server, database, user = (
        str(given[key].value).strip() if key in given else ""
        for key in ("db_server", "db_name", "db_username")
    )
    host, _, port = server.removeprefix("tcp:").replace(":", ",").partition(",")
    address = quote(host.strip(), safe="") + (f":{port.strip()}" if port else "")
    if not host or not port_ok(f"sqlserver://{address}"):
        raise wrong(given["db_server"].place, r"host, host,port or host\instance")
    path = quote(database or DEFAULT_DATABASE, safe="")
    if _trusted(given):
        return f"sqlserver://{address}/{path}?trusted_connection=yes"
    _require_login(given)
    return f"sqlserver://{quote(user, safe='')}@{address}/{path}"


def _require_login(given: Layer) -> None:
    for key in ("db_username", "db_password"):
        if key not in given:
            raise error_line(
                f"{given['db_server'].place} is set, {VARIABLES[key]} is not; set it, or "
                "DB_TRUSTED_CONNECTION=yes"
            )


def _trusted(given: Layer) -> bool:
    if "db_trusted_connection" not in given:
        return False
    trusted = {"db_trusted_connection": given["db_trusted_connection"]}
    return _validated(trusted).db_trusted_connection


def _validated(given: Layer) -> Settings:
    try:
        return Settings.model_validate({key: one.value for key, one in given.items()})
    except ValidationError as error:
        raise _first_wrong(given, error.errors(include_url=False)[0]["loc"]) from None


def _first_wrong(given: Layer, location: tuple[int | str, ...]) -> ConfigurationError:
    """The line for the first value that is wrong, without the value unless it is a plain number."""
    key = str(location[0])
    one = given[key]
    if key == "channels" and len(location) > 3:
        table, field = location[1], location[3]
        place = one.place.replace("[channels]", f"[channels.{table}] ranges.field{field}")
        return wrong(place, RANGE)
    number = str(one.value) if key in RIGHT else ""
    shown = f" (it is {number})" if re.fullmatch(r"-?[0-9.]{1,9}", number) else ""
    return wrong(one.place, RIGHT.get(key, "text") + shown)
