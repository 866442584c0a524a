"""Alerts: what holds is held against what is kept, and told once, from whichever process looks.

The warehouse keeps alerts, messages and silences. `settle_alerts` opens and ends alerts and makes
their messages in one transaction, so that two processes that look at once, or one that is killed,
make no second message. A message is claimed for a while before it is sent and marked afterwards:
every one is sent at least once, and a second time only if a process ends between the two.
"""

import logging
import os
import secrets
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from fieldhouse.settings import Settings
from fieldhouse.settings.alerts import SEVERITIES, Receiver
from fieldhouse.warehouse import Warehouse
from fieldhouse.watch.notices import Send, compose
from fieldhouse.watch.rules import Finding, Judgement, judge

__all__ = ["Look", "deliver", "look", "open_alerts"]

logger = logging.getLogger(__name__)

_CLAIM = timedelta(minutes=5)
"""How long a message is nobody else's; sending one takes less."""
_MOST = 20
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 3600.0
"""Seconds until a receiver that was down is tried again, doubled with each attempt."""

_FIRING = pa.schema(
    [
        ("rule_name", pa.string()),
        ("severity", pa.string()),
        ("level", pa.int32()),
        ("channel_id", pa.int64()),
        ("field_number", pa.int32()),
        ("since_at", pa.timestamp("us")),
        ("figure", pa.float64()),
        ("summary", pa.string()),
        ("for_seconds", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Look:
    """What came of a look: alerts opened and ended, messages made, what could not be judged."""

    opened: int
    ended: int
    notices: int
    troubles: tuple[str, ...] = ()


def look(warehouse: Warehouse, settings: Settings, now: datetime) -> Look:
    """Judge all rules and keep what came of it; nothing is sent. ``now`` is naive UTC.

    Raises what the warehouse raises.
    """
    judgement = judge(warehouse, settings, now)
    settled = _settled(warehouse, settings, judgement, now)
    for line in judgement.troubles:
        logger.warning("%s", line)
    if settled["Opened"]:
        _log(alert for alert in open_alerts(warehouse, now) if alert["OpenedAt"] == now)
    return Look(settled["Opened"], settled["Ended"], settled["Notices"], judgement.troubles)


def _log(opened: Iterable[dict[str, Any]]) -> None:
    """A line for each alert; of a storm, for the first ones."""
    for at, alert in enumerate(opened):
        if at == _MOST:
            logger.warning("… and more alerts: fieldhouse alerts list")
            return
        logger.warning("Alert %s: %s", alert["RuleName"], _named(alert))


def _settled(
    warehouse: Warehouse, settings: Settings, judgement: Judgement, now: datetime
) -> dict[str, int]:
    alerts = settings.alerts
    receivers = list(alerts.receivers.values())
    rows: list[dict[str, int]] = warehouse.call(
        "settle_alerts",
        firing=pa.Table.from_pylist([_row(each) for each in judgement.findings], _FIRING),
        as_of=now,
        judged=list(judgement.judged),
        configured=list(alerts.rules),
        calm=alerts.calm,
        gather=alerts.gather,
        pause=alerts.pause,
        receivers=[receiver.name for receiver in receivers],
        levels=[SEVERITIES.index(receiver.at_least) for receiver in receivers],
    ).to_pylist()
    return rows[0]


def _row(finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    waits = rule.figures.get("for", 0.0) if rule.kind == "gap" else 0.0
    return {
        "rule_name": rule.name,
        "severity": rule.severity,
        "level": SEVERITIES.index(rule.severity),
        "channel_id": finding.channel_id,
        "field_number": finding.field,
        "since_at": finding.since,
        "figure": finding.figure,
        "summary": finding.summary,
        "for_seconds": waits,
    }


def open_alerts(
    warehouse: Warehouse, now: datetime, channel_id: int | None = None
) -> list[dict[str, Any]]:
    """The alerts that are open, the worst first: rows of the question alerts."""
    found: list[dict[str, Any]] = warehouse.query(
        "alerts", as_of=now, channel_id=channel_id
    ).to_pylist()
    return found


def _named(alert: dict[str, Any]) -> str:
    number = alert["ChannelID"]
    return f"channel {number}: {alert['Summary']}" if number else str(alert["Summary"])


def deliver(
    warehouse: Warehouse, settings: Settings, clock: Callable[[], datetime], send: Send
) -> tuple[int, int]:
    """Send every message that is due; how many were sent, and how many are to be tried again."""
    ours = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    sent = failed = 0
    while claimed := _claimed(warehouse, ours, clock()):
        for notice in claimed:
            error = _sent(warehouse, settings, notice, clock(), send)
            _mark(warehouse, ours, notice, clock(), error)
            sent, failed = sent + (error is None), failed + (error is not None)
    return sent, failed


def _claimed(warehouse: Warehouse, ours: str, now: datetime) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = warehouse.call(
        "claim_notices", claimed_by=ours, as_of=now, claimed_until=now + _CLAIM, limit=_MOST
    ).to_pylist()
    return sorted(rows, key=lambda row: (row["NoticeID"], row["NoticeKind"] == "ended"))


def _sent(
    warehouse: Warehouse, settings: Settings, notice: dict[str, Any], now: datetime, send: Send
) -> str | None:
    """Send a message to its receiver; why not, in a line, if that failed."""
    name = notice["Receiver"]
    receiver: Receiver | None = settings.alerts.receivers.get(name)
    if receiver is None:
        return f"no receiver {name} is set in [alerts.receivers]"
    if receiver.url is None:
        return receiver.missing or f"receiver {name} has no address"
    error = send(receiver, compose(warehouse, settings, notice, now))
    if error:
        logger.warning("A message to %s is tried again later: %s", name, error)
    return error


def _mark(
    warehouse: Warehouse, ours: str, notice: dict[str, Any], now: datetime, error: str | None
) -> None:
    pause = min(_FIRST_PAUSE * 2 ** (notice["Attempts"] - 1), _LONGEST_PAUSE)
    warehouse.call(
        "mark_notice",
        notice_id=notice["NoticeID"],
        notice_kind=notice["NoticeKind"],
        receiver=notice["Receiver"],
        claimed_by=ours,
        as_of=now,
        due_at=now + timedelta(seconds=pause) if error else None,
        error=error,
    )
