"""Which rules hold, and where: each is one question to the warehouse, over all its channels."""

import logging
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from fieldhouse.errors import ConfigurationError
from fieldhouse.insight import unusual
from fieldhouse.names import find_channels
from fieldhouse.polled import polled_channels
from fieldhouse.settings import Settings
from fieldhouse.settings.alerts import Rule
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.owner import file_of
from fieldhouse.watch import words

__all__ = ["Finding", "Judgement", "judge"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule holds for a channel's field; channel and field are 0 where it is of none.

    ``since`` is naive UTC: since when, as the data say. ``figure`` is what the rule measured.
    """

    rule: Rule
    channel_id: int
    field: int
    since: datetime
    figure: float
    summary: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What holds now, of which rules; one that could not be judged says nothing, and why."""

    findings: tuple[Finding, ...]
    judged: tuple[str, ...]
    troubles: tuple[str, ...] = ()


def judge(warehouse: Warehouse, settings: Settings, now: datetime) -> Judgement:
    """Hold every configured rule against the polled channels; ``now`` is naive UTC.

    A rule that names channels which are not there is left out, and told as a trouble. Raises what
    the warehouse raises.
    """
    scope = _Scope(warehouse, settings, now)
    findings: list[Finding] = []
    judged: list[str] = []
    troubles: list[str] = []
    rules = settings.alerts.rules
    values = {name: rule for name, rule in rules.items() if rule.kind in _VALUES}
    for name, rule in rules.items():
        try:
            ids = scope.channels(rule)
        except ConfigurationError as error:
            troubles.append(f"rule {name}: {error}")
            values.pop(name, None)
            continue
        judged.append(name)
        if name not in values:
            findings += _JUDGES[rule.kind](scope, rule, ids)
    findings += _values(scope, list(values.values()))
    return Judgement(tuple(findings), tuple(judged), tuple(troubles))


class _Scope:
    """What all rules of one look are judged with."""

    def __init__(self, warehouse: Warehouse, settings: Settings, now: datetime) -> None:
        self.warehouse, self.settings, self.now = warehouse, settings, now
        self.polled = polled_channels(settings, warehouse)
        self._named: dict[str, tuple[int, ...]] = {}

    def channels(self, rule: Rule) -> list[int]:
        """The polled channels of a rule; of one for all, without those of rules of its kind."""
        if rule.channels:
            named = set(self._of(rule))
            return [number for number in self.polled if number in named]
        others = [
            other
            for other in self.settings.alerts.rules.values()
            if other.kind == rule.kind and other.channels and rule.kind == rule.name
        ]
        taken = {number for other in others for number in self._known(other)}
        return [number for number in self.polled if number not in taken]

    def _of(self, rule: Rule) -> tuple[int, ...]:
        if rule.name not in self._named:
            self._named[rule.name] = find_channels(self.warehouse, rule.channels)
        return self._named[rule.name]

    def _known(self, rule: Rule) -> tuple[int, ...]:
        try:
            return self._of(rule)
        except ConfigurationError:  # told where that rule itself is judged
            return ()

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        """A question of all channels at once."""
        table = self.warehouse.query(question, as_of=self.now, **parameters)
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows


_Judge = Callable[[_Scope, Rule, Sequence[int]], Iterable[Finding]]


def _asked(question: str, **figures: str) -> _Judge:
    """A judge that asks a question, with a rule's figures as its parameters of these names."""

    def judged(scope: _Scope, rule: Rule, ids: Sequence[int]) -> Iterable[Finding]:
        given: dict[str, Any] = {}
        for parameter, figure in figures.items():
            value = rule[figure]
            given[parameter] = int(value) if figure in ("runs", "readings", "calls") else value
        if rule.kind != "api_errors":
            given["channel_ids"] = ids
            if not ids:
                return []
        return [_found(rule, row) for row in scope.ask(question, **given)]

    return judged


def _found(rule: Rule, row: Mapping[str, Any]) -> Finding:
    since, figure, field = row["SinceAt"], float(row["Figure"]), row["FieldNumber"]
    said = words.summary(rule, field, figure)
    return Finding(rule, row["ChannelID"], field, since, figure, said)


def _values(scope: _Scope, rules: Sequence[Rule]) -> list[Finding]:
    """All rules about values in one question."""
    asked = [(at, rule, n) for at, rule in enumerate(rules) for n in scope.channels(rule)]
    if not asked:
        return []
    rows = scope.ask(
        "alarm_values",
        rule_numbers=[at for at, _, _ in asked],
        channel_ids=[number for _, _, number in asked],
        field_numbers=[int(rule["field"]) for _, rule, _ in asked],
        kinds=[rule.kind for _, rule, _ in asked],
        limits=[rule["limit"] for _, rule, _ in asked],
        clears=[rule["clear"] for _, rule, _ in asked],
        spans=[rule["for"] for _, rule, _ in asked],
    )
    return [_found(rules[row["RuleNumber"]], row) for row in rows]


def _anomalies(scope: _Scope, rule: Rule, ids: Sequence[int]) -> Iterable[Finding]:
    """What is unusual now, said with what it is held against."""
    if not ids:
        return []
    rows = scope.ask("alarm_anomalies", channel_ids=ids, seconds=rule["over"])
    return [_unusual(rule, row, scope.settings.display_zone) for row in rows]


def _unusual(rule: Rule, row: Mapping[str, Any], zone: tzinfo) -> Finding:
    why = unusual.said({**row, "StartedAt": row["SinceAt"]}, zone)
    field, score = row["FieldNumber"], row["Figure"]
    return Finding(
        rule, row["ChannelID"], field, row["SinceAt"], score, f"field {field} is unusual, {why}"
    )


def _disk(scope: _Scope, rule: Rule, _: Sequence[int]) -> Iterable[Finding]:
    """The disk that the warehouse's file is on, or else the one where we stand."""
    file = file_of(scope.settings.warehouse_url)
    folder = Path(file).absolute().parent if file else Path.cwd()
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        logger.debug("The disk of %s is not looked at: %s", folder, error)
        return []
    share = usage.free / usage.total
    if share >= rule["share"]:
        return []
    said = f"{share:.1%} of the disk is free, {usage.free / 2**30:,.1f} GiB"
    return [Finding(rule, 0, 0, scope.now, share, said)]


def _budget(scope: _Scope, rule: Rule, _: Sequence[int]) -> Iterable[Finding]:
    if not (budget := scope.settings.daily_budget):
        return []
    used = scope.warehouse.query("requests_on", day=scope.now.date())["Requests"][0].as_py() or 0
    if used < rule["share"] * budget:
        return []
    since = datetime.combine(scope.now.date(), datetime.min.time())
    said = f"{used:,} of the day's {budget:,} requests are used"
    return [Finding(rule, 0, 0, since, used / budget, said)]


_VALUES = ("above", "below", "rate")
_JUDGES: Mapping[str, _Judge] = {
    "no_success": _asked("alarm_no_success", seconds="after"),
    "low_score": _asked("alarm_low_scores", runs="runs", score="below"),
    "api_errors": _asked("alarm_api_errors", seconds="over", share="share", calls="calls"),
    "nothing_new": _asked("alarm_nothing_new", runs="runs", distances="distances"),
    "silent": _asked("alarm_silent", distances="distances", seconds="after"),
    "stuck": _asked("alarm_stuck", seconds="after", readings="readings"),
    "anomaly": _anomalies,
    "gap": _asked("alarm_gaps"),
    "new_life": _asked("alarm_lives", seconds="over"),
    "dispute": _asked("alarm_disputes"),
    "disk": _disk,
    "budget": _budget,
}
