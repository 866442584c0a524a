"""Messages: what is in one, and sending it by the ways that apprise knows (extra ``alerts``)."""

import logging
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fieldhouse.errors import ConfigurationError
from fieldhouse.names import all_labels
from fieldhouse.settings import Settings
from fieldhouse.settings.alerts import Receiver
from fieldhouse.warehouse import Warehouse
from fieldhouse.watch import words

__all__ = ["Message", "Send", "compose", "is_address", "send"]

logger = logging.getLogger(__name__)

_VALUED = 3
"""Channels whose last values a message shows."""
_PICTURED = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Message:
    """What a receiver is told; ``picture`` is a PNG, for the ways that take one."""

    title: str
    text: str
    kind: str = "warning"
    picture: bytes | None = None


Send = Callable[[Receiver, Message], str | None]
"""Sends a message; why not, in a line without secrets, if it was not taken."""


def compose(
    warehouse: Warehouse, settings: Settings, notice: Mapping[str, Any], now: datetime
) -> Message:
    """The message of a notice: what happened, since when, the last values, a link, a picture."""
    alerts = warehouse.query("alerts_of_notice", notice_id=notice["NoticeID"], as_of=now)
    rows = alerts.to_pylist()
    ids = [n for n in dict.fromkeys(row["ChannelID"] for row in rows) if n][:_VALUED]
    title, text = words.message(
        notice["NoticeKind"],
        notice["RuleName"],
        rows,
        _values(warehouse, ids, now),
        link=settings.alerts.link,
        zone=settings.display_zone,
    )
    worst = "critical" if any(row["Severity"] == "critical" for row in rows) else "warning"
    kind = "ended" if notice["NoticeKind"] == "ended" else worst
    picture = _picture(warehouse, settings, rows[0], now) if len(rows) == 1 else None
    return Message(title, text, kind, picture)


def _values(warehouse: Warehouse, ids: list[int], now: datetime) -> dict[int, str]:
    """A line of the last values of each channel."""
    if not ids:
        return {}
    labels = all_labels(warehouse)
    said = {}
    for row in warehouse.query("newest_values", channel_ids=ids, as_of=now).to_pylist():
        number = row["ChannelID"]
        values = [
            f"{labels.get(number, {}).get(n) or f'field {n}'} {value.normalize():f}"
            for n in range(1, 9)
            if (value := row[f"Field{n}"]) is not None
        ]
        if values:
            said[number] = f"last values of {number}: {', '.join(values)}"
    return said


def _picture(
    warehouse: Warehouse, settings: Settings, alert: Mapping[str, Any], now: datetime
) -> bytes | None:
    """The two days before, of the field that it is about; none where that cannot be had."""
    number, field = alert["ChannelID"], alert["FieldNumber"] or 1
    if not number:
        return None
    from fieldhouse.report.gathering import Wanted, figure_of
    from fieldhouse.report.png import png

    try:
        label = all_labels(warehouse).get(number, {}).get(field, f"field {field}")
        wanted = [Wanted(number, field, label, alert["ChannelName"] or str(number))]
        start = now - _PICTURED
        figure = figure_of(
            warehouse,
            wanted,
            start,
            now,
            settings.display_zone,
            points=300,
            title=wanted[0].channel,
        )
        return png(figure, 640)
    except ConfigurationError:  # without the extra: words are enough
        return None
    except Exception:  # a message must not be lost for its picture
        logger.warning("A message has no picture", exc_info=True)
        return None


def is_address(receiver: Receiver) -> bool:
    """Whether apprise knows what to do with a receiver's address; nothing is sent."""
    return bool(receiver.url) and bool(_apprise().Apprise().add(_url(receiver)))


def send(receiver: Receiver, message: Message) -> str | None:
    """Send a message through apprise; why not, in a line without secrets, if it was not taken.

    Raises ConfigurationError without the extra.
    """
    apprise = _apprise()
    target = apprise.Apprise()
    url = _url(receiver)
    if not target.add(url):
        return f"the address of {receiver.name} is none that apprise knows"
    kinds = {"critical": "failure", "warning": "warning", "ended": "success", "info": "info"}
    with (
        tempfile.TemporaryDirectory() as folder,
        apprise.LogCapture(level=logging.WARNING) as captured,
    ):
        given: dict[str, Any] = {}
        if message.picture and any(service.attachment_support for service in target):
            file = Path(folder) / "fieldhouse.png"
            file.write_bytes(message.picture)
            given["attach"] = str(file)
        taken = target.notify(
            title=message.title,
            body=message.text,
            notify_type=kinds[message.kind],
            body_format="text",
            **given,
        )
        said = captured.getvalue()
    return None if taken else _without_secrets(said, url)


def _url(receiver: Receiver) -> str:
    return receiver.url.get_secret_value() if receiver.url else ""


def _apprise() -> Any:
    try:
        import apprise
    except ModuleNotFoundError:
        raise ConfigurationError(
            "messages need apprise: pip install '.[alerts]' in a checkout"
        ) from None
    for name in ("apprise", "urllib3.connectionpool"):  # below that, they log addresses
        theirs = logging.getLogger(name)
        theirs.setLevel(max(theirs.level, logging.WARNING))
    return apprise


def _without_secrets(said: str, url: str) -> str:
    """The first line of what a sender logged, without any part of the address."""
    line = next(iter(said.splitlines()), "").rpartition(" - ")[2]
    for part in sorted(set(re.split(r"[/:@?&=,]+", url)), key=len, reverse=True):
        if len(part) >= 4:
            line = line.replace(part, "…")
    return " ".join(line.split())[:300] or "it was not taken"
