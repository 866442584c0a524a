"""The settings themselves: names, types, bounds, and what is right in words (nothing is read)."""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, PrivateAttr, SecretStr

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.alerts import AlertSettings
from fieldhouse.settings.clickhouse import CLICKHOUSE_OPTIONS
from fieldhouse.settings.derived import DerivedSettings
from fieldhouse.settings.kinds import (
    DAY,
    ENGINES,
    MOST_REQUESTS,
    YEAR,
    Address,
    Authentication,
    Bounds,
    ChannelId,
    Cluster,
    DatabaseName,
    Days,
    Delay,
    Encryption,
    FieldNumber,
    Key,
    Partitions,
    Quorum,
    Range,
    Requests,
    Rows,
    Span,
    Timeout,
    TimeZone,
    Url,
    Wait,
)
from fieldhouse.settings.metrics import MetricsSettings
from fieldhouse.settings.mqtt import RIGHT as MQTT_RIGHT
from fieldhouse.settings.mqtt import MqttSettings
from fieldhouse.settings.schedule import RIGHT as SCHEDULE_RIGHT
from fieldhouse.settings.schedule import ScheduleSettings
from fieldhouse.settings.sqlserver import DEFAULT_DATABASE, OPTIONS
from fieldhouse.times import zone_of

__all__ = ["ChannelSettings", "Settings"]

VARIABLES = {
    "warehouse_url": "FIELDHOUSE_WAREHOUSE",
    "read_url": "FIELDHOUSE_READ_URL",
    "wait": "FIELDHOUSE_WAIT",
    "db_server": "DB_SERVER",
    "db_name": "DB_NAME",
    "db_username": "DB_USERNAME",
    "db_password": "DB_PASSWORD",
    "db_trusted_connection": "DB_TRUSTED_CONNECTION",
    "db_encrypt": "DB_ENCRYPT",
    "db_trust_server_certificate": "DB_TRUST_SERVER_CERTIFICATE",
    "db_authentication": "DB_AUTHENTICATION",
    "db_partitions": "DB_PARTITIONS",
    "clickhouse_cluster": "FIELDHOUSE_CLICKHOUSE_CLUSTER",
    "clickhouse_secure": "FIELDHOUSE_CLICKHOUSE_SECURE",
    "clickhouse_quorum": "FIELDHOUSE_CLICKHOUSE_QUORUM",
    "keep_runs_days": "FIELDHOUSE_KEEP_RUNS_DAYS",
    "keep_audit_days": "FIELDHOUSE_KEEP_AUDIT_DAYS",
    "keep_loads_days": "FIELDHOUSE_KEEP_LOADS_DAYS",
    "display_timezone": "FIELDHOUSE_DISPLAY_TIMEZONE",
    "base_url": "THINGSPEAK_BASE_URL",
    "rate_limit_delay": "THINGSPEAK_RATE_LIMIT_DELAY",
    "daily_budget": "THINGSPEAK_DAILY_BUDGET",
    "timeout": "THINGSPEAK_TIMEOUT",
    "proxies": "THINGSPEAK_PROXIES",
    "page_size": "THINGSPEAK_PAGE_SIZE",
    "look_back": "THINGSPEAK_LOOK_BACK",
    "metadata_ttl": "THINGSPEAK_METADATA_TTL",
    "channel_id": "THINGSPEAK_CHANNEL_ID",
    "api_key": "THINGSPEAK_API_KEY",
    "user_api_key": "THINGSPEAK_USER_API_KEY",
}
"""Each setting and its environment variable, the same in ``.env`` and in the stores of secrets."""

TOML_KEYS = {
    "warehouse": {
        "url": "warehouse_url",
        "read_url": "read_url",
        "wait": "wait",
        **{key: key for key in ("keep_runs_days", "keep_audit_days", "keep_loads_days")},
    },
    "warehouse.clickhouse": {key: f"clickhouse_{key}" for key in ("cluster", "secure", "quorum")},
    "thingspeak": {
        key: key
        for key in (
            "base_url",
            "rate_limit_delay",
            "daily_budget",
            "timeout",
            "proxies",
            "page_size",
            "look_back",
            "metadata_ttl",
        )
    },
    "display": {"timezone": "display_timezone"},
}
"""Each table of ``fieldhouse.toml`` and its keys with their settings; ``[channels.N]`` apart."""

TEXTS = (
    *("warehouse_url", "read_url", "base_url", "display_timezone"),
    *("clickhouse_cluster", "clickhouse_quorum"),
)
"""The settings that are a text in ``fieldhouse.toml``; `wait` may be one, the others are none."""
CHANNEL_KEYS = ("api_key", "decimal_comma", "ranges")
POINTERS = ("FIELDHOUSE_SECRETS_DIR", "FIELDHOUSE_AZURE_KEY_VAULT_URL", "FIELDHOUSE_AWS_SECRET_ID")
DEFAULT_WAREHOUSE = "duckdb:///fieldhouse.duckdb"
REFERENCE = '{ env = "NAME_OF_A_VARIABLE" } or { file = "/run/secrets/name" }'
RANGE = (
    "[least, greatest], two numbers in order, of up to 12 digits before the point and 6 after; "
    "-inf or inf for an open end"
)
_ANY_WAREHOUSE = f"{' or '.join(ENGINES.values())}, its password apart in DB_PASSWORD"
RIGHT = {
    "warehouse_url": _ANY_WAREHOUSE,
    "read_url": _ANY_WAREHOUSE,
    "wait": "a number of seconds, 0 or more, or a time as 60s or 5m",
    "db_name": "a name of at most 128 characters",
    **{f"db_{name}": option.right for name, option in OPTIONS.items()},
    **{f"clickhouse_{name}": option.right for name, option in CLICKHOUSE_OPTIONS.items()},
    "clickhouse_secure": "yes or no (true or false in fieldhouse.toml)",
    "base_url": "an address that begins with http:// or https:// and has no password, ? or #",
    "rate_limit_delay": f"a number of seconds from 0 to {DAY}",
    **dict.fromkeys(
        ("keep_runs_days", "keep_audit_days", "keep_loads_days"),
        "a whole number of days up to 100000, 0 for ever",
    ),
    "daily_budget": f"a whole number of requests from 1 to {MOST_REQUESTS}",
    "timeout": f"a number of seconds, more than 0, up to {DAY}",
    "proxies": "yes or no (true or false in fieldhouse.toml)",
    "page_size": "a whole number of rows from 1 to 8000",
    **dict.fromkeys(
        ("look_back", "metadata_ttl"), f"a number of seconds from 0 to {YEAR * DAY}, a year"
    ),
    "display_timezone": "a time zone as Europe/Zurich, UTC or local",
    "channel_id": "a channel's number, a whole number of 1 or more",
    "channels": "channels by number, each with api_key, decimal_comma and ranges",
    "accounts": "accounts by name, each with user_api_key",
    **SCHEDULE_RIGHT,
    **MQTT_RIGHT,
}
"""What would be right, to end the line that says what is wrong."""

_FROZEN = ConfigDict(
    frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True
)


class ChannelSettings(BaseModel):
    """What is set for one channel.

    ``ranges`` maps a field's number, 1 to 8, to its least and greatest plausible value, both
    inclusive; None is an open end. ``default_range`` is that of the fields without one.
    ``missing_key`` says why a key that is referred to isn't there.
    """

    model_config = _FROZEN

    api_key: Key | None = None
    decimal_comma: bool = False
    ranges: dict[FieldNumber, Range] = {}
    default_range: Range | None = None
    missing_key: str | None = None


class AccountSettings(BaseModel):
    """What is set for one ThingSpeak account; ``missing_key`` says why its key isn't there."""

    model_config = _FROZEN

    user_api_key: Key | None = None
    missing_key: str | None = None


class Settings(BaseModel):
    """Every setting, frozen; made by `load_settings`, or directly by a program that has the values.

    ``rate_limit_delay`` (between requests) and ``timeout`` (of one request) are seconds;
    ``wait`` is how many seconds a warehouse that another process holds is waited for; without
    ``proxies`` ThingSpeak is asked directly, whatever proxy the environment names.
    ``page_size`` is the rows that a request asks for; ``daily_budget`` is requests in a UTC day,
    None for no limit; ``metadata_ttl`` is the age at which a channel's metadata is read again.
    ``api_key`` is the read key of ``channel_id`` and of no other channel: ask `channel`.
    ``warehouse_url`` never holds a password; ``db_password`` is the warehouse's, whichever it is.
    `load_settings` makes the URL out of the ``db_`` values; made directly, it is as given.
    ``keep_runs_days``, ``keep_audit_days`` and ``keep_loads_days`` are how long the warehouse keeps
    a line of its runs, of its audit trail and of its ledger of batches; 0 is for ever.
    ``display_timezone`` is the zone of what is shown and of times without one: see `display_zone`.
    ``read_url`` is where what only reads may read instead, with the same password; None: nowhere.
    ``schedule`` is how often channels are asked, and how workers share them.
    ``derived`` are fields to be made of others.
    ``mqtt`` is the broker that tells of new entries; None: nobody is listened to.
    """

    model_config = _FROZEN

    warehouse_url: Url = DEFAULT_WAREHOUSE
    read_url: Url | None = None
    wait: Wait = 10.0
    db_server: str | None = None
    db_name: DatabaseName = DEFAULT_DATABASE
    db_username: str | None = None
    db_password: SecretStr | None = None
    db_trusted_connection: bool | None = None
    db_encrypt: Encryption | None = None
    db_trust_server_certificate: bool = False
    db_authentication: Authentication | None = None
    db_partitions: Partitions | None = None
    clickhouse_cluster: Cluster | None = None
    clickhouse_secure: bool | None = None
    clickhouse_quorum: Quorum | None = None
    keep_runs_days: Days = 400
    keep_audit_days: Days = 400
    keep_loads_days: Days = 30
    display_timezone: TimeZone = "UTC"
    base_url: Address = "https://api.thingspeak.com"
    rate_limit_delay: Delay = 1.0
    daily_budget: Requests | None = None
    timeout: Timeout = 10.0
    proxies: bool = True
    page_size: Rows = 8000
    look_back: Span = timedelta(hours=1)
    metadata_ttl: Span = timedelta(hours=1)
    channel_id: ChannelId | None = None
    api_key: Key | None = None
    user_api_key: Key | None = None
    channels: dict[ChannelId, ChannelSettings] = {}
    accounts: dict[str, AccountSettings] = {}
    schedule: ScheduleSettings = ScheduleSettings()
    mqtt: MqttSettings | None = None
    derived: tuple[DerivedSettings, ...] = ()
    alerts: AlertSettings = AlertSettings()
    metrics: MetricsSettings = MetricsSettings()

    _sources: dict[str, str] = PrivateAttr(default_factory=dict)
    _file: str = PrivateAttr("fieldhouse.toml")

    @property
    def file(self) -> str:
        """The file that settings are read from, there or not, as a person named it."""
        return self._file

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

    def ranges_of(self, channel_id: int) -> dict[int, Bounds]:
        """A channel's ranges by field, those by default included; no range for a field left out."""
        channel = self.channels.get(channel_id, ChannelSettings())
        every = dict.fromkeys(range(1, 9), channel.default_range) | channel.ranges
        return {field: bounds for field, bounds in every.items() if bounds is not None}

    @property
    def display_zone(self) -> ZoneInfo:
        """The zone that ``display_timezone`` names."""
        return zone_of(self.display_timezone)

    @property
    def warehouse_password(self) -> str | None:
        """The password of the warehouse's login, in clear; never to be shown."""
        return self.db_password.get_secret_value() if self.db_password else None

    def source_of(self, key: str) -> str:
        """Where a value came from: ``environment DB_SERVER``, ``.env``, ``default``, and so on.

        ``key`` is a setting's name as in `described`; an unknown one is a `KeyError`.
        """
        if key == "channels":
            return self._sources.get(key, "default")
        return {name: source for name, _, source in self.described()}[key]

    def described(self) -> list[tuple[str, str, str]]:
        """Every setting as (name, value as text, source); a secret is ``set`` or ``not set``."""
        lines = [(key, _text(getattr(self, key))) for key in VARIABLES]
        for number, channel in sorted(self.channels.items()):
            lines += _channel_lines(number, channel)
        lines += [
            (f"accounts.{name}.user_api_key", _text(account.user_api_key))
            for name, account in sorted(self.accounts.items())
        ]
        lines += self.schedule.described()
        lines += self.mqtt.described() if self.mqtt else []
        lines += [line for field in self.derived for line in field.described()]
        lines += [*self.alerts.described(), *self.metrics.described()]
        return [(key, text, self._source(key)) for key, text in lines]

    def _source(self, key: str) -> str:
        """Where a line of `described` comes from; a section that is read whole has one source."""
        section = key.partition(".")[0]
        whole = self._sources.get(section) if section in ("alerts", "derived", "metrics") else None
        return self._sources.get(key) or whole or "default"


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
    ranges = {f"field{field}": bounds for field, bounds in sorted(channel.ranges.items())}
    if channel.default_range is not None:
        ranges["default"] = channel.default_range
    for name, (low, high) in ranges.items():
        ends = ("-inf" if low is None else f"{low}", "inf" if high is None else f"{high}")
        yield f"channels.{number}.ranges.{name}", ", ".join(ends)
