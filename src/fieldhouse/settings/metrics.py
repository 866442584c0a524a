"""``[metrics]``: how much is told to Prometheus, and where a short run leaves it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from fieldhouse.settings.given import error_line, meant_by, wrong

__all__ = ["MetricsSettings", "read_metrics"]


class MetricsSettings(BaseModel):
    """What of the metrics can be set.

    ``per_channel``: whether each channel has series of its own; ``most_channels``: of how many,
    beyond which all are told together. ``file``: where `run` writes them for node_exporter, a path
    that ends in ``.prom``; ``push``: the push gateway that `run` sends them to. ``traces``: whether
    spans are made for OpenTelemetry, as its own variables set it up.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_channel: bool = True
    most_channels: int = 200
    file: str | None = None
    push: str | None = None
    traces: bool = False

    def described(self) -> Iterator[tuple[str, str]]:
        """Every setting and its value as text."""
        for key in ("per_channel", "most_channels", "file", "push", "traces"):
            value = getattr(self, key)
            words = {True: "yes", False: "no", None: "not set"}
            yield (
                f"metrics.{key}",
                words[value]
                if isinstance(value, bool)
                else str("not set" if value is None else value),
            )


def read_metrics(table: Mapping[str, Any], label: str) -> MetricsSettings:
    """``[metrics]`` of a file that is called ``label``. Raises ConfigurationError, in one line."""
    place, known = f"{label}: [metrics]", tuple(MetricsSettings.model_fields)
    for key, value in table.items():
        if key not in known:
            hint = meant_by(key, known) or f"; there is {', '.join(known)}"
            raise error_line(f"{place} {key} is no setting{hint}")
        if not _is_right(key, value):
            raise wrong(f"{place} {key}", _RIGHT[key])
    return MetricsSettings(**table)


_RIGHT = {
    "per_channel": "true or false",
    "traces": "true or false",
    "most_channels": "a whole number, 1 to 100000",
    "file": "a path that ends in .prom",
    "push": "the address of a push gateway, http:// or https://, without a password",
}


def _is_right(key: str, value: object) -> bool:
    if key in ("per_channel", "traces"):
        return isinstance(value, bool)
    if key == "most_channels":
        return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 100_000
    if key == "file":
        return isinstance(value, str) and value.endswith(".prom") and value.isprintable()
    return isinstance(value, str) and bool(re.fullmatch(r"https?://[^\s/@?#]+[^\s@?#]*", value))
