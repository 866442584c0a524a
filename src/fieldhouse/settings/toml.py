"""``fieldhouse.toml``: its tables and keys, each refused in one line if it is not right."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Self

from fieldhouse.settings.alerts import read_alerts
from fieldhouse.settings.derived import read_derived
from fieldhouse.settings.given import Given, Layer, error_line, meant_by, parted, read_text, wrong
from fieldhouse.settings.kinds import LARGEST_INT
from fieldhouse.settings.metrics import read_metrics
from fieldhouse.settings.model import (
    CHANNEL_KEYS,
    REFERENCE,
    RIGHT,
    TEXTS,
    TOML_KEYS,
)
from fieldhouse.settings.mqtt import KEYS as MQTT_KEYS
from fieldhouse.settings.mqtt import SECRETS as MQTT_SECRETS
from fieldhouse.settings.schedule import KEYS as SCHEDULE_KEYS
from fieldhouse.settings.schedule import SECRETS as SCHEDULE_SECRETS

__all__ = ["TomlFile"]

TABLES = ("channels", "accounts", "mqtt", "derived", "alerts", "metrics", "schedule")
"""The tables that are read by themselves."""


def _parse_toml(text: str, label: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        lines = text.split("\n")
        end = f"at line {len(lines)}, column {len(lines[-1]) + 1}"
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "a value too large"
        reason = reason.replace("at end of document", end)
        raise error_line(f"{label}: not TOML: {reason}") from None


class TomlFile(NamedTuple):
    """``fieldhouse.toml``: its table, how to call it, and what its references are looked up in."""

    table: dict[str, Any]
    label: str
    folder: Path
    variables: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path, named: Path | None, variables: Mapping[str, str]) -> Self:
        path = named or folder / "fieldhouse.toml"
        label = str(named or "fieldhouse.toml")
        text = read_text(path, label)
        if text is None and named:
            raise error_line(f"{label}: there is no such file")
        return cls(_parse_toml(text or "", label), label, path.parent, variables)

    def layer(self) -> Layer:
        """Its settings; refuses whatever is none."""
        whole = [table for table in TOML_KEYS if "." not in table]
        self._refuse_unknown("", self.table, [*whole, *TABLES])
        found: Layer = {}
        for table, keys in TOML_KEYS.items():
            found |= self._settings(table, keys)
        if channels := self._table("channels", self.table.get("channels", {})):
            place = f"{self.label}: [channels]"
            value = {key: self._channel(key, given) for key, given in channels.items()}
            found["channels"] = Given(value, self.label, place)
        if accounts := self._table("accounts", self.table.get("accounts", {})):
            value = {name: self._account(name, given) for name, given in accounts.items()}
            found["accounts"] = Given(value, self.label, f"{self.label}: [accounts]")
        if "schedule" in self.table:
            value = self._schedule(self._table("schedule", self.table["schedule"]))
            found["schedule"] = Given(value, self.label, f"{self.label}: [schedule]")
        if "mqtt" in self.table:
            value = self._mqtt(self._table("mqtt", self.table["mqtt"]))
            found["mqtt"] = Given(value, self.label, f"{self.label}: [mqtt]")
        if derived := self._table("derived", self.table.get("derived", {})):
            made = read_derived(derived, self.label)
            found["derived"] = Given(made, self.label, f"{self.label}: [derived]")
        if alerts := self._table("alerts", self.table.get("alerts", {})):
            told = read_alerts(alerts, self.label, self._key)
            found["alerts"] = Given(told, self.label, f"{self.label}: [alerts]")
        if metrics := self._table("metrics", self.table.get("metrics", {})):
            measured = read_metrics(metrics, self.label)
            found["metrics"] = Given(measured, self.label, f"{self.label}: [metrics]")
        return found

    def references(self) -> set[str]:
        """The variables that keys refer to."""
        alerts = self.table.get("alerts")
        receivers = alerts.get("receivers") if isinstance(alerts, dict) else None
        named = [
            (self.table.get("channels"), "api_key"),
            (self.table.get("accounts"), "user_api_key"),
            (receivers, "url"),
        ]
        keys = [
            table.get(key)
            for tables, key in named
            if isinstance(tables, dict)
            for table in tables.values()
            if isinstance(table, dict)
        ]
        if isinstance(schedule := self.table.get("schedule"), dict):
            keys += [schedule.get(name) for name in SCHEDULE_SECRETS]
        if isinstance(device := self.table.get("mqtt"), dict):
            keys += [device.get(name) for name in MQTT_SECRETS]
        return {str(key.get("env")) for key in keys if isinstance(key, dict)}

    def _settings(self, table: str, keys: Mapping[str, str]) -> Layer:
        outer, _, inner = table.partition(".")
        given = self._table(outer, self.table.get(outer, {}))
        if inner:
            given = self._table(table, given.get(inner, {}))
        within = {
            name.removeprefix(f"{table}.") for name in TOML_KEYS if name.startswith(f"{table}.")
        }
        given = {key: value for key, value in given.items() if key not in within}
        self._refuse_unknown(table, given, [*keys, *within])
        layer = {
            keys[key]: Given(value, self.label, f"{self.label}: [{table}] {key}")
            for key, value in given.items()
        }
        for key in layer.keys() & {"warehouse_url", "read_url"}:
            layer[key] = layer[key]._replace(value=self._from_folder(layer[key].value))
        for key, (value, _, place) in layer.items():
            text = isinstance(value, str)
            if text is not (key in TEXTS) and not (text and key == "wait"):
                raise wrong(place, RIGHT[key])
            if key == "warehouse_url" and (parts := parted(value)) and parts.password is not None:
                raise wrong(place, RIGHT[key])
        return layer

    def _from_folder(self, url: object) -> object:
        """A DuckDB file whose path is relative is one beside this file, wherever a run stands."""
        if not isinstance(url, str) or self.folder in (Path(), Path.cwd()):
            return url
        scheme, is_url, path = url.partition(":///")
        if is_url and scheme in ("duckdb", "chdb") and path.strip():
            return url if _stands_alone(path) else f"{scheme}:///{self.folder / path}"
        return url if "://" in url or _stands_alone(url) else str(self.folder / url)

    def _channel(self, number: str, given: object) -> dict[str, Any]:
        table = f"channels.{number}"
        if not re.fullmatch("[1-9][0-9]{0,9}", number) or int(number) > LARGEST_INT:
            raise error_line(
                f"{self.label}: [{table}] is no channel; it must be a channel's number, as in "
                "[channels.9]"
            )
        channel = dict(self._table(table, given))
        self._refuse_unknown(table, channel, CHANNEL_KEYS)
        place = f"{self.label}: [{table}]"
        if not isinstance(channel.get("decimal_comma", False), bool):
            raise wrong(f"{place} decimal_comma", "true or false")
        if "ranges" in channel:
            channel |= self._ranges(table, channel["ranges"])
        if "api_key" in channel:
            channel |= self._key(place, "api_key", channel["api_key"])
        return channel

    def _account(self, name: str, given: object) -> dict[str, Any]:
        table = f"accounts.{name}"
        account = dict(self._table(table, given))
        self._refuse_unknown(table, account, ["user_api_key"])
        place = f"{self.label}: [{table}]"
        if "user_api_key" not in account:
            raise error_line(f"{place} needs user_api_key, a reference to a secret: {REFERENCE}")
        return self._key(place, "user_api_key", account["user_api_key"])

    def _schedule(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self._refuse_unknown("schedule", given, SCHEDULE_KEYS)
        read = dict(given)
        for name in SCHEDULE_SECRETS:
            if name in given:
                read |= self._key(f"{self.label}: [schedule]", name, given[name])
        return read

    def _mqtt(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self._refuse_unknown("mqtt", given, MQTT_KEYS)
        place = f"{self.label}: [mqtt]"
        read = dict(given)
        for name in reversed([name for name in MQTT_SECRETS if name in given]):
            read |= self._key(place, name, given[name])
        return read

    def _ranges(self, table: str, given: object) -> dict[str, Any]:
        fields = [f"field{number}" for number in range(1, 9)]
        ranges = self._table(f"{table}.ranges", given)
        self._refuse_unknown(f"{table}.ranges", ranges, [*fields, "default"])
        ends = {name: _open_ends(bounds) for name, bounds in ranges.items()}
        own = {int(name[-1]): bounds for name, bounds in ends.items() if name != "default"}
        return {"ranges": own, **({"default_range": ends["default"]} if "default" in ends else {})}

    def _key(self, table: str, name: str, given: object) -> dict[str, Any]:
        """A key that is referred to; if it is not there, why, for when the channel is used."""
        place = f"{table} {name}"
        match given:
            case {"env": str(where), **more} if where and not more:
                key, why = self.variables.get(where), f"the variable {where} is not set"
            case {"file": str(where), **more} if where and not more:
                key = read_text(self.folder / where, f"{place}: {where}")
                why = f"the file {where} is missing or empty"
            case _:
                raise wrong(place, f"a reference to a secret, not the secret: {REFERENCE}")
        if key and key.strip():
            return {name: key}
        return {name: None, "missing_key": f"{place}: {why}"}

    def _table(self, name: str, given: object) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise error_line(f"{self.label}: {name} must be a table, as in [{name}]")
        return given

    def _refuse_unknown(self, table: str, given: Iterable[str], known: Iterable[str]) -> None:
        known = list(known)
        place = f"{self.label}: [{table}]" if table else f"{self.label}:"
        for key in given:
            if key not in known:
                hint = meant_by(key, known) or f"; there is {', '.join(known)}"
                raise error_line(f"{place} {key} is no setting{hint}")


def _stands_alone(path: str) -> bool:
    """Whether a path means the same file wherever one stands; so does one that is empty."""
    return not path.strip() or path.startswith("~") or Path(path).is_absolute()


def _open_ends(bounds: object) -> object:
    """TOML has no null: ``-inf`` below and ``inf`` above leave a range open."""
    if not isinstance(bounds, list) or len(bounds) != 2:
        return bounds
    low, high = bounds
    ends = Decimal("-inf"), Decimal("inf")
    return (None if low == ends[0] else low, None if high == ends[1] else high)
