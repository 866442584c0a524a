"""The configuration: read once by `load_settings`, then a frozen value.

A setting is taken from the first of these that has it: the command line, the environment, ``.env``,
the stores of secrets (a directory, Azure Key Vault, AWS Secrets Manager), ``fieldhouse.toml``, the
default. Whatever is wrong is one `ConfigurationError` of one line, which never repeats a secret.
"""

import io
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
)

from fieldhouse.errors import ConfigurationError

__all__ = ["ChannelSettings", "Settings", "load_settings"]

VARIABLES = {
    "warehouse_url": "FIELDHOUSE_WAREHOUSE",
    "db_server": "DB_SERVER",
    "db_name": "DB_NAME",
    "db_username": "DB_USERNAME",
    "db_password": "DB_PASSWORD",
    "db_trusted_connection": "DB_TRUSTED_CONNECTION",
    "base_url": "THINGSPEAK_BASE_URL",
    "rate_limit_delay": "THINGSPEAK_RATE_LIMIT_DELAY",
    "daily_budget": "THINGSPEAK_DAILY_BUDGET",
    "timeout": "THINGSPEAK_TIMEOUT",
    "page_size": "THINGSPEAK_PAGE_SIZE",
    "look_back": "THINGSPEAK_LOOK_BACK",
    "metadata_ttl": "THINGSPEAK_METADATA_TTL",
    "channel_id": "THINGSPEAK_CHANNEL_ID",
    "api_key": "THINGSPEAK_API_KEY",
    "user_api_key": "THINGSPEAK_USER_API_KEY",
}
"""Each setting and its environment variable, the same in ``.env`` and in the stores of secrets."""

TOML_KEYS = {
    "warehouse": {"url": "warehouse_url"},
    "thingspeak": {
        key: key
        for key in (
            "base_url",
            "rate_limit_delay",
            "daily_budget",
            "timeout",
            "page_size",
            "look_back",
            "metadata_ttl",
        )
    },
}
"""Each table of ``fieldhouse.toml`` and its keys with their settings; ``[channels.N]`` apart."""

CHANNEL_KEYS = ("api_key", "decimal_comma", "ranges")
POINTERS = ("FIELDHOUSE_SECRETS_DIR", "FIELDHOUSE_AZURE_KEY_VAULT_URL", "FIELDHOUSE_AWS_SECRET_ID")
DEFAULT_WAREHOUSE = "duckdb:///fieldhouse.duckdb"
DEFAULT_DATABASE = "IoTSensorDB"
ENGINES = ("duckdb", "sqlserver", "clickhouse")
REFERENCE = '{ env = "NAME_OF_A_VARIABLE" } or { file = "/run/secrets/name" }'
RANGE = (
    "[least, greatest], two numbers in order, of up to 12 digits before the point and 6 after; "
    "-inf or inf for an open end"
)
LARGEST_INT = 2**31 - 1  # a channel's number is an INT in the tables


def _no_bool(value: object) -> object:
    """Python takes true for 1; a user who wrote it meant something else."""
    if isinstance(value, bool):
        raise ValueError("not a number")
    return value


def _span(value: object) -> object:
    """A span of time from a number of seconds, or its text; a `timedelta` stays."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise ValueError("not a number")
    try:
        return timedelta(seconds=float(value))
    except OverflowError as error:
        raise ValueError("out of range") from error


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _port_ok(url):
        raise ValueError("not an address")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("more than an address")
    return url.rstrip("/")


def _port_ok(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _warehouse_url(url: str) -> str:
    """A bare path is a DuckDB file; a URL names a known engine and carries no secret."""
    if "://" not in url and url.strip():
        return url
    parts = urlsplit(url)
    if parts.scheme not in ENGINES or parts.password is not None or not _port_ok(url):
        raise ValueError("no such engine")
    if parts.scheme != "duckdb" and "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise ValueError("a password that is not quoted")
    if any(re.search("pass|pwd|token|secret", name, re.I) for name, _ in parse_qsl(parts.query)):
        raise ValueError("a secret")
    return url


Delay = Annotated[float, BeforeValidator(_no_bool), Field(ge=0, allow_inf_nan=False)]
Timeout = Annotated[float, BeforeValidator(_no_bool), Field(gt=0, allow_inf_nan=False)]
Rows = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=8000)]
Requests = Annotated[int, BeforeValidator(_no_bool), Field(ge=1)]
ChannelId = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=LARGEST_INT)]
FieldNumber = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=8)]
Bound = Annotated[Decimal, BeforeValidator(_no_bool), Field(max_digits=18, decimal_places=6)]
Span = Annotated[timedelta, BeforeValidator(_span), Field(ge=timedelta(0))]


def _ordered(bounds: tuple[Decimal | None, Decimal | None]) -> object:
    low, high = bounds
    if low is not None and high is not None and low > high:
        raise ValueError("least above greatest")
    return bounds


Range = Annotated[tuple[Bound | None, Bound | None], AfterValidator(_ordered)]

_RIGHT = {
    "warehouse_url": "duckdb:///file.duckdb, sqlserver://user@host/database or "
    "clickhouse://user@host/database, its password apart in DB_PASSWORD",
    "db_trusted_connection": "yes or no",
    "base_url": "an address that begins with http:// or https:// and has no password, ? or #",
    "rate_limit_delay": "a number of seconds, 0 or more",
    "daily_budget": "a whole number of requests, 1 or more",
    "timeout": "a number of seconds, more than 0",
    "page_size": "a whole number of rows from 1 to 8000",
    "look_back": "a number of seconds, 0 or more",
    "metadata_ttl": "a number of seconds, 0 or more",
    "channel_id": "a channel's number, a whole number of 1 or more",
}
"""What would be right, to end the line that says what is wrong."""

_FROZEN = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ChannelSettings(BaseModel):
    """What is set for one channel.

    ``ranges`` maps a field's number, 1 to 8, to its least and greatest plausible value, both
    inclusive; None is an open end. ``missing_key`` says why a key that is referred to isn't there.
    """

    model_config = _FROZEN

    api_key: SecretStr | None = None
    decimal_comma: bool = False
    ranges: dict[FieldNumber, Range] = {}
    missing_key: str | None = None


class Settings(BaseModel):
    """Every setting, frozen; made by `load_settings`, or directly by a program that has the values.

    ``rate_limit_delay`` (between requests) and ``timeout`` (of one request) are seconds;
    ``page_size`` is the rows that a request asks for; ``daily_budget`` is requests in a UTC day,
    None for no limit; ``metadata_ttl`` is the age at which a channel's metadata is read again.
    ``api_key`` is the read key of ``channel_id`` and of no other channel: ask `channel`.
    ``warehouse_url`` never holds a password; ``db_password`` is the warehouse's, whichever it is.
    `load_settings` makes the URL out of the ``db_`` values; made directly, it is as given.
    """

    model_config = _FROZEN

    warehouse_url: Annotated[str, AfterValidator(_warehouse_url)] = DEFAULT_WAREHOUSE
    db_server: str | None = None
    db_name: str = DEFAULT_DATABASE
    db_username: str | None = None
    db_password: SecretStr | None = None
    db_trusted_connection: bool = False
    base_url: Annotated[str, AfterValidator(_base_url)] = "https://api.thingspeak.com"
    rate_limit_delay: Delay = 1.0
    daily_budget: Requests | None = None
    timeout: Timeout = 10.0
    page_size: Rows = 8000
    look_back: Span = timedelta(hours=1)
    metadata_ttl: Span = timedelta(hours=1)
    channel_id: ChannelId | None = None
    api_key: SecretStr | None = None
    user_api_key: SecretStr | None = None
    channels: dict[ChannelId, ChannelSettings] = {}

    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    def channel(self, channel_id: int) -> ChannelSettings:
        """What is set for a channel, with its own key, or ``THINGSPEAK_API_KEY`` if it is that one.

        Raises `ConfigurationError` if its key is referred to and not there.
        """
        found = self.channels.get(channel_id, ChannelSettings())
        if found.missing_key:
            raise ConfigurationError(found.missing_key)
        if found.api_key is None and channel_id == self.channel_id:
            return found.model_copy(update={"api_key": self.api_key})
        return found

    def source_of(self, key: str) -> str:
        """Where a value came from: ``environment DB_SERVER``, ``.env``, ``default``, and so on.

        ``key`` is a setting's name as in `described`; an unknown one is a `KeyError`.
        """
        if key not in type(self).model_fields and key not in self._sources:
            raise KeyError(key)
        return self._sources.get(key, "default")

    def described(self) -> list[tuple[str, str, str]]:
        """Every setting as (name, value as text, source); a secret is only ``set`` or ``not set``."""
        plain = [
            (key, _text(getattr(self, key)), self.source_of(key))
            for key in type(self).model_fields
            if key != "channels"
        ]
        return plain + [
            (key, text, self._sources.get(key, "default"))
            for number, channel in sorted(self.channels.items())
            for key, text in _channel_lines(number, channel)
        ]


def _text(value: object) -> str:
    if value is None:
        return "not set"
    if isinstance(value, SecretStr):
        return "set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _channel_lines(number: int, channel: ChannelSettings) -> Iterator[tuple[str, str]]:
    yield f"channels.{number}.api_key", _text(channel.api_key)
    yield f"channels.{number}.decimal_comma", _text(channel.decimal_comma)
    for field, (low, high) in sorted(channel.ranges.items()):
        ends = ("-inf" if low is None else f"{low}", "inf" if high is None else f"{high}")
        yield f"channels.{number}.ranges.field{field}", ", ".join(ends)


def load_settings(
    overrides: Mapping[str, object] | None = None,
    *,
    directory: Path | None = None,
    config_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read the configuration once.

    ``overrides`` are the command line's, by setting's name; None means not given. ``directory``
    holds ``.env`` and ``fieldhouse.toml`` (default: the current one); neither need be there, but a
    ``config_file`` that is named must be. ``environ`` stands in for the process's environment.

    Raises `ConfigurationError`, in one line, for whatever is wrong.
    """
    folder = Path.cwd() if directory is None else directory
    env = _filled(os.environ if environ is None else environ)
    dotenv = _read_dotenv(folder / ".env")
    known = {**dotenv, **env}
    file = _File.read(folder, config_file, known)
    _refuse_near_misses(dotenv, file.references())
    return _build(
        [
            _from_command_line(overrides or {}),
            _from_variables(env, "environment {}", "environment {}"),
            _from_variables(dotenv, ".env", ".env: {}"),
            *_from_stores(folder, known),
            file.layer(),
        ]
    )


class _Given(NamedTuple):
    """A value that a source gave: ``source`` as `Settings.source_of` says it, ``place`` as an error."""

    value: Any
    source: str
    place: str


_Layer = dict[str, _Given]


def _wrong(place: str, right: str) -> ConfigurationError:
    return ConfigurationError(f"{place} must be {right}")


def _filled(variables: Mapping[str, str | None]) -> dict[str, str]:
    """The variables that hold something: an empty one, as ``.env.example`` has them, is not set."""
    return {name: value for name, value in variables.items() if value}


def _meant(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    close = get_close_matches(name, known, 1, cutoff)
    return f"; did you mean {close[0]}?" if close else ""


def _read_text(path: Path, label: str) -> str:
    """A file's text, UTF-8 with or without a mark of byte order."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{label}: byte {error.start + 1} is not UTF-8") from None
    except OSError as error:
        raise ConfigurationError(f"{label}: cannot be read: {error.strerror}") from None


# The command line, the environment and .env


def _from_command_line(overrides: Mapping[str, object]) -> _Layer:
    for key in overrides:
        if key not in Settings.model_fields:
            known = Settings.model_fields
            raise ConfigurationError(f"command line: {key} is no setting{_meant(key, known)}")
    return {
        key: _Given(value, "command line", f"command line: {key}")
        for key, value in overrides.items()
        if value is not None
    }


def _from_variables(variables: Mapping[str, str], source: str, place: str) -> _Layer:
    return {
        key: _Given(variables[name], source.format(name), place.format(name))
        for key, name in VARIABLES.items()
        if name in variables
    }


def _read_dotenv(path: Path) -> dict[str, str]:
    """The variables of a ``.env`` file as they are written: nothing in a value is replaced."""
    if not path.exists():
        return {}
    bindings = list(parse_stream(io.StringIO(_read_text(path, ".env"))))
    for binding in bindings:
        if binding.error:
            raise ConfigurationError(f".env: line {binding.original.line} is not NAME=value")
    return _filled({binding.key: binding.value for binding in bindings if binding.key})


def _refuse_near_misses(dotenv: Iterable[str], references: set[str]) -> None:
    """A name in ``.env`` a letter or two from a setting's is a slip; others are somebody else's."""
    known = [*VARIABLES.values(), *POINTERS]
    for name in dotenv:
        if name in known or name in references or name[-1].isdigit():
            continue
        if meant := _meant(name, known, cutoff=0.9):
            raise ConfigurationError(f".env: {name} is no setting{meant}")


# The stores of secrets


def _from_stores(folder: Path, known: Mapping[str, str]) -> Iterator[_Layer]:
    directory, vault, secret = (known.get(name) for name in POINTERS)
    if directory:
        yield _from_directory(folder / directory)
    if vault:
        label = f"Azure Key Vault {vault}"
        yield _from_variables(_asked(_azure, vault, "azure", label), label, label + ": {}")
    if secret:
        label = f"AWS secret {secret}"
        yield _from_variables(_asked(_aws, secret, "aws", label), label, label + ": {}")


def _from_directory(directory: Path) -> _Layer:
    """One file for each secret, named as its variable in upper or lower case (Docker, Kubernetes)."""
    label = f"secrets directory {directory}"
    if not directory.is_dir():
        raise ConfigurationError(f"FIELDHOUSE_SECRETS_DIR: {directory} is not a directory")
    texts = {
        name: _read_text(path, f"{label}: {path.name}").strip()
        for name in VARIABLES.values()
        for path in (directory / name.lower(), directory / name)
        if path.is_file()
    }
    return _from_variables(_filled(texts), label, label + ": {}")


def _asked(
    ask: Callable[[str], Mapping[str, str | None]], name: str, extra: str, label: str
) -> dict[str, str]:
    try:
        return _filled(ask(name))
    except ImportError:
        raise ConfigurationError(
            f"{label}: its library is missing; pip install 'fieldhouse[{extra}]'"
        ) from None
    except Exception as error:  # a library's own tree, there only when it is installed
        raise ConfigurationError(f"{label}: cannot be read ({type(error).__name__})") from None


def _azure(url: str) -> Mapping[str, str | None]:
    """The vault's secrets, ``DB-PASSWORD`` for ``DB_PASSWORD``, with the default Azure credential."""
    from azure.identity import DefaultAzureCredential
    from pydantic_settings import AzureKeyVaultSettingsSource

    credential = DefaultAzureCredential()
    return AzureKeyVaultSettingsSource(_stored(), url, credential, dash_to_underscore=True)()


def _aws(secret_id: str) -> Mapping[str, str | None]:
    """The secret's JSON object of variables, with the default AWS credential and region."""
    from pydantic_settings import AWSSecretsManagerSettingsSource

    return AWSSecretsManagerSettingsSource(_stored(), secret_id)()


def _stored() -> Any:
    """What a store may hold, in the shape that pydantic-settings asks with."""
    from pydantic import create_model
    from pydantic_settings import BaseSettings

    fields: dict[str, Any] = dict.fromkeys(VARIABLES.values(), (str | None, None))
    return create_model("_Stored", __base__=BaseSettings, **fields)


# fieldhouse.toml


def _parse_toml(text: str, label: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        lines = text.split("\n")
        end = f"at line {len(lines)}, column {len(lines[-1]) + 1}"
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "a value too large"
        reason = reason.replace("at end of document", end)
        raise ConfigurationError(f"{label}: not TOML: {reason}") from None


class _File(NamedTuple):
    """``fieldhouse.toml``: its table, how to call it, and what its references are looked up in."""

    table: dict[str, Any]
    label: str
    folder: Path
    variables: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path, named: Path | None, variables: Mapping[str, str]) -> Self:
        path = named or folder / "fieldhouse.toml"
        label = str(named or "fieldhouse.toml")
        if named is None and not path.exists():
            return cls({}, label, folder, variables)
        return cls(_parse_toml(_read_text(path, label), label), label, path.parent, variables)

    def layer(self) -> _Layer:
        """Its settings; refuses whatever is none."""
        self._refuse_unknown("", self.table, [*TOML_KEYS, "channels"])
        found: _Layer = {}
        for table, keys in TOML_KEYS.items():
            found |= self._settings(table, keys)
        if channels := self._table("channels", self.table.get("channels", {})):
            place = f"{self.label}: [channels]"
            value = {key: self._channel(key, given) for key, given in channels.items()}
            found["channels"] = _Given(value, self.label, place)
        return found

    def references(self) -> set[str]:
        """The variables that keys refer to."""
        channels = self.table.get("channels")
        tables = channels.values() if isinstance(channels, dict) else ()
        keys = (table.get("api_key") for table in tables if isinstance(table, dict))
        return {str(key.get("env")) for key in keys if isinstance(key, dict)}

    def _settings(self, table: str, keys: Mapping[str, str]) -> _Layer:
        given = self._table(table, self.table.get(table, {}))
        self._refuse_unknown(table, given, keys)
        layer = {
            keys[key]: _Given(value, self.label, f"{self.label}: [{table}] {key}")
            for key, value in given.items()
        }
        for key, (value, _, place) in layer.items():
            if isinstance(value, str) is not key.endswith("url"):  # only addresses are texts
                raise _wrong(place, _RIGHT[key])
            if key == "warehouse_url" and (parts := _parted(value)) and parts.password is not None:
                raise _wrong(place, _RIGHT[key])
        return layer

    def _channel(self, number: str, given: object) -> dict[str, Any]:
        table = f"channels.{number}"
        if not re.fullmatch("[1-9][0-9]{0,9}", number) or int(number) > LARGEST_INT:
            raise ConfigurationError(
                f"{self.label}: [{table}] is no channel; it must be a channel's number, as in "
                "[channels.9]"
            )
        channel = dict(self._table(table, given))
        self._refuse_unknown(table, channel, CHANNEL_KEYS)
        place = f"{self.label}: [{table}]"
        if not isinstance(channel.get("decimal_comma", False), bool):
            raise _wrong(f"{place} decimal_comma", "true or false")
        if "ranges" in channel:
            channel["ranges"] = self._ranges(table, channel["ranges"])
        if "api_key" in channel:
            channel |= self._key(f"{place} api_key", channel["api_key"])
        return channel

    def _ranges(self, table: str, given: object) -> dict[int, Any]:
        fields = [f"field{number}" for number in range(1, 9)]
        ranges = self._table(f"{table}.ranges", given)
        self._refuse_unknown(f"{table}.ranges", ranges, fields)
        return {int(name[-1]): _open_ends(bounds) for name, bounds in ranges.items()}

    def _key(self, place: str, given: object) -> dict[str, Any]:
        """A key that is referred to; if it is not there, why, for when the channel is used."""
        match given:
            case {"env": str(name), **more} if name and not more:
                key, why = self.variables.get(name), f"the variable {name} is not set"
            case {"file": str(name), **more} if name and not more:
                path = self.folder / name
                key = _read_text(path, f"{place}: {name}").strip() if path.exists() else None
                why = f"the file {name} is missing or empty"
            case _:
                raise _wrong(place, f"a reference to a secret, not the secret: {REFERENCE}")
        if key:
            return {"api_key": SecretStr(key)}
        return {"api_key": None, "missing_key": f"{place}: {why}"}

    def _table(self, name: str, given: object) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise ConfigurationError(f"{self.label}: {name} must be a table, as in [{name}]")
        return given

    def _refuse_unknown(self, table: str, given: Iterable[str], known: Iterable[str]) -> None:
        known = list(known)
        place = f"{self.label}: [{table}]" if table else f"{self.label}:"
        for key in given:
            if key not in known:
                hint = _meant(key, known) or f"; there is {', '.join(known)}"
                raise ConfigurationError(f"{place} {key} is no setting{hint}")


def _open_ends(bounds: object) -> object:
    """TOML has no null: ``-inf`` below and ``inf`` above leave a range open."""
    if not isinstance(bounds, list) or len(bounds) != 2:
        return bounds
    low, high = bounds
    ends = Decimal("-inf"), Decimal("inf")
    return (None if low == ends[0] else low, None if high == ends[1] else high)


# All together


def _build(layers: Iterable[_Layer]) -> Settings:
    given: _Layer = {}
    for layer in layers:
        if "db_server" in given and "warehouse_url" not in given:
            layer = {key: one for key, one in layer.items() if key != "warehouse_url"}
        given = layer | given
    _settle_warehouse(given)
    settings = _validated(given)
    settings._sources.update({key: one.source for key, one in given.items()})
    return settings


def _settle_warehouse(given: _Layer) -> None:
    """Make the URL of the ``DB_`` values if there is none, and keep a password apart from it."""
    if "warehouse_url" in given:
        _part_password(given)
    elif "db_server" in given:
        server = given["db_server"]
        url = _sqlserver_url(given)
        given["warehouse_url"] = server._replace(value=url)


def _part_password(given: _Layer) -> None:
    url = given["warehouse_url"]
    parts = _parted(url.value)
    if parts and parts.password is not None:
        netloc = f"{parts.username}@{parts.netloc.rpartition('@')[2]}"
        given["warehouse_url"] = url._replace(value=parts._replace(netloc=netloc).geturl())
        given["db_password"] = url._replace(value=unquote(parts.password))


def _parted(url: object) -> SplitResult | None:
    try:
        return urlsplit(url) if isinstance(url, str) and "://" in url else None
    except ValueError:
        return None


def _sqlserver_url(given: _Layer) -> str:
    """``host``, ``host,port``, ``tcp:host,port`` and ``host\\instance`` as ``sqlserver://`` URLs."""
    server, database, user = (
        str(given[key].value).strip() if key in given else ""
        for key in ("db_server", "db_name", "db_username")
    )
    host, _, port = server.removeprefix("tcp:").replace(":", ",").partition(",")
    if port and not port.strip().isdecimal():
        raise _wrong(given["db_server"].place, "host, host,port or host\\instance")
    address = quote(host, safe="") + (f":{port.strip()}" if port else "")
    path = quote(database or DEFAULT_DATABASE, safe="")
    if _trusted(given):
        return f"sqlserver://{address}/{path}?trusted_connection=yes"
    for key in ("db_username", "db_password"):
        if key not in given:
            raise ConfigurationError(
                f"{given['db_server'].place} is set, {VARIABLES[key]} is not; set it, or "
                "DB_TRUSTED_CONNECTION=yes"
            )
    return f"sqlserver://{quote(user, safe='')}@{address}/{path}"


def _trusted(given: _Layer) -> bool:
    if "db_trusted_connection" not in given:
        return False
    trusted = {"db_trusted_connection": given["db_trusted_connection"]}
    return _validated(trusted).db_trusted_connection


def _validated(given: _Layer) -> Settings:
    try:
        return Settings.model_validate({key: one.value for key, one in given.items()})
    except ValidationError as error:
        raise _first_wrong(given, error.errors(include_url=False)[0]["loc"]) from None


def _first_wrong(given: _Layer, location: tuple[int | str, ...]) -> ConfigurationError:
    """The line for the first value that is wrong, without the value unless it is a plain number."""
    key = str(location[0])
    one = given[key]
    if key == "channels":
        table, field = location[1], location[3]
        place = one.place.replace("[channels]", f"[channels.{table}] ranges.field{field}")
        return _wrong(place, RANGE)
    number = str(one.value)
    shown = f" (it is {number})" if re.fullmatch(r"-?[0-9.]{1,9}", number) else ""
    return _wrong(one.place, _RIGHT.get(key, "text") + shown)
