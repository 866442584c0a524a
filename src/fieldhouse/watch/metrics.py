"""Metrics, from events only: the architecture's nine, and beside them what an operator misses.

Everything is counted in plain numbers under one lock, and laid out when it is asked for. What is
of a channel has the label ``channel_id``: each its own as long as they are few, and ``all`` for
all together (the worst of them, the sum of gaps) once they are more than is set.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any, NamedTuple

from fieldhouse import events
from fieldhouse.settings.alerts import SEVERITIES
from fieldhouse.settings.metrics import MetricsSettings
from fieldhouse.state import Run

if TYPE_CHECKING:
    from prometheus_client.core import Metric

__all__ = ["ALL", "Metrics"]

ALL = "all"
"""The label of what is told of all channels together."""

_API_ERRORS = (
    "SourceUnavailable",
    "RateLimited",
    "ConnectionBarred",
    "ChannelNotFound",
    "ChannelPrivate",
    "KeyRejected",
    "RequestRefused",
)
_DATABASE_ERRORS = (
    "WarehouseUnavailable",
    "WarehouseLocked",
    "WarehouseUnusable",
    "DeadlinePassed",
    "WarehouseError",
)
_NO_ERRORS = ("EntryConflict", "StateMoved")
"""What the warehouse says of the source, or of another process: a plan is made anew."""
_KINDS = ("epoch", "suspicion", "gap", "withdrawn", "disputed", "superseded", "label")
_OUTCOMES = ("success", "failed", "interrupted")
_OTHER = "other"
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class _Histogram:
    """How many lay in which bucket, and their sum."""

    def __init__(self) -> None:
        self.counts = [0] * (len(_SECONDS) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        place = next((at for at, edge in enumerate(_SECONDS) if seconds <= edge), len(_SECONDS))
        self.counts[place] += 1
        self.sum += seconds

    def buckets(self) -> list[tuple[str, float]]:
        edges = [*map(str, _SECONDS), "+Inf"]
        return [(edge, float(sum(self.counts[: at + 1]))) for at, edge in enumerate(edges)]


class _OfChannels(NamedTuple):
    """A gauge of channels: what it is, and what it is of all together."""

    name: str
    said: str
    together: Callable[[Iterable[float]], float]
    values: Mapping[int, float]


class Metrics:
    """Counts what happens; an observer, and a collector of prometheus_client's.

    Safe between threads.
    """

    def __init__(self, settings: MetricsSettings | None = None) -> None:
        self._settings = settings or MetricsSettings()
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._api_errors: Counter[str] = Counter()
        self._database_errors: Counter[str] = Counter()
        self._noticed: Counter[str] = Counter()
        self._runs: Counter[str] = Counter()
        self._refreshes, self._loads, self._requests = _Histogram(), _Histogram(), _Histogram()
        self._durations: dict[int, float] = {}
        self._scores: dict[int, float] = {}
        self._successes: dict[int, datetime] = {}
        self._to_come: dict[int, int] = {}
        self._queued = 0
        self._survey: events.Surveyed | None = None

    def observe(self, event: events.Event) -> None:
        """Count something that happened."""
        with self._lock:
            self._count(event)

    def _count(self, event: events.Event) -> None:
        match event:
            case events.RequestMade():
                self._count_request(event)
            case events.PageRead(channel_id, entries, _, remaining):
                self._counts["fetched"] += entries
                self._to_come[channel_id] = remaining or 0
            case events.RowsLoaded():
                self._counts["inserted"] += event.inserted
                self._counts["duplicates"] += event.duplicates
                self._counts["rejected"] += event.rejected
            case events.LoadEnded():
                self._loads.add(event.seconds)
                self._queued = event.waiting
            case events.WarehouseFailed(error):
                if error not in _NO_ERRORS:
                    self._database_errors[error if error in _DATABASE_ERRORS else _OTHER] += 1
            case events.RefreshEnded():
                self._refreshes.add(event.seconds)
            case events.Noticed():
                self._noticed[event.kind if event.kind in _KINDS else _OTHER] += 1
            case events.RunEnded(run):
                self._count_run(run)
            case events.Surveyed():
                self._survey = event

    def _count_request(self, event: events.RequestMade) -> None:
        self._requests.add(event.seconds)
        self._counts["requests"] += event.made
        if event.error:
            self._api_errors[event.error if event.error in _API_ERRORS else _OTHER] += 1

    def _count_run(self, run: Run) -> None:
        number = run.channel_id
        self._runs[run.outcome] += 1
        self._counts["raw"] += run.raw
        self._to_come.pop(number, None)
        if run.ended_at:
            self._durations[number] = (run.ended_at - run.started_at).total_seconds()
            if run.outcome == "success":
                self._successes[number] = run.ended_at
        if run.quality_score is not None:
            self._scores[number] = run.quality_score

    def collect(self) -> Iterator["Metric"]:
        """Everything, as prometheus_client lays it out."""
        with self._lock:
            found = [*self._seeds(), *self._ours()]
        yield from found

    def _seeds(self) -> Iterator["Metric"]:
        """The architecture's nine."""
        yield self._gauge_of_channels(
            _OfChannels(
                "pipeline_duration_seconds",
                "How long the last run of a channel took",
                max,
                self._durations,
            )
        )
        yield _counter("api_requests", "Requests to ThingSpeak", self._counts["requests"])
        yield _counter("records_fetched", "Entries that came", self._counts["fetched"])
        yield _counter("records_inserted", "Readings that were new", self._counts["inserted"])
        yield _counter("duplicates_skipped", "Readings held already", self._counts["duplicates"])
        yield _histogram("aggregation_duration_seconds", "How long a refresh took", self._refreshes)
        seen = self._survey.channels if self._survey else ()
        held = {each.channel_id: each.score for each in seen if each.score is not None}
        yield self._gauge_of_channels(
            _OfChannels("quality_score", "Score of the day, 0 to 100", min, held | self._scores)
        )
        yield _counters(
            "api_errors", "Requests that failed", "error", self._api_errors, _API_ERRORS
        )
        yield _counters(
            "database_errors",
            "Loads and calls of the warehouse that failed",
            "error",
            self._database_errors,
            _DATABASE_ERRORS,
        )

    def _ours(self) -> Iterator["Metric"]:
        build = {"version": metadata.version("fieldhouse")}
        yield _gauge("fieldhouse_build_info", "The program", [(build, 1)])
        yield _counters("fieldhouse_runs", "Runs", "outcome", self._runs, _OUTCOMES)
        yield _counter("fieldhouse_raw_values", "Texts kept beside numbers", self._counts["raw"])
        rejected = self._counts["rejected"]
        yield _counter("fieldhouse_rejected_entries", "Entries that are no readings", rejected)
        yield _counters("fieldhouse_noticed", "What was found out", "kind", self._noticed, _KINDS)
        yield _histogram("fieldhouse_request_seconds", "How long a request took", self._requests)
        yield _histogram("fieldhouse_load_seconds", "How long a load took", self._loads)
        yield _gauge("fieldhouse_queue_rows", "Rows that wait to be loaded", [({}, self._queued)])
        to_come = sum(self._to_come.values())
        yield _gauge("fieldhouse_entries_to_come", "Entries still to be read", [({}, to_come)])
        yield self._gauge_of_channels(
            _OfChannels(
                "fieldhouse_last_success_timestamp_seconds",
                "When the last successful run ended",
                min,
                self._last_successes(),
            )
        )
        if self._survey:
            yield from self._surveyed(self._survey)

    def _last_successes(self) -> dict[int, float]:
        seen = self._survey.channels if self._survey else ()
        held = {each.channel_id: each.success_at for each in seen if each.success_at}
        return {number: _unix(at) for number, at in (held | self._successes).items()}

    def _surveyed(self, survey: events.Surveyed) -> Iterator["Metric"]:
        """What of the warehouse was told last."""
        seen = survey.channels
        yield _gauge("fieldhouse_channels", "Channels that are polled", [({}, len(seen))])
        successes = self._last_successes()
        for gauge in (
            _OfChannels(
                "fieldhouse_newest_reading_timestamp_seconds",
                "When the newest reading was made",
                min,
                {e.channel_id: _unix(e.newest) for e in seen if e.newest},
            ),
            _OfChannels(
                "fieldhouse_freshness_ratio",
                "Age of the newest reading at the last successful run, in its usual distances",
                max,
                {
                    e.channel_id: max(0.0, successes[e.channel_id] - _unix(e.newest)) / e.cadence
                    for e in seen
                    if e.newest and e.cadence and e.channel_id in successes
                },
            ),
            _OfChannels(
                "fieldhouse_missing_entries",
                "Entry ids that are missing, and not explained",
                sum,
                {e.channel_id: e.gaps for e in seen},
            ),
        ):
            yield self._gauge_of_channels(gauge)
        alerts = [({"severity": each}, survey.alerts.get(each, 0)) for each in SEVERITIES]
        yield _gauge("fieldhouse_alerts_open", "Alerts that are open", alerts)
        yield _gauge("fieldhouse_notices_waiting", "Messages to send", [({}, survey.waiting)])
        if survey.budget_left is not None:
            left = survey.budget_left
            yield _gauge("fieldhouse_budget_left", "Requests left of today", [({}, left)])

    def _gauge_of_channels(self, gauge: _OfChannels) -> "Metric":
        few = self._settings.per_channel and len(gauge.values) <= self._settings.most_channels
        rows: list[tuple[dict[str, str], float]] = []
        if few:
            rows = [({"channel_id": str(n)}, value) for n, value in sorted(gauge.values.items())]
        elif gauge.values:
            rows = [({"channel_id": ALL}, gauge.together(gauge.values.values()))]
        return _gauge(gauge.name, gauge.said, rows, ("channel_id",))


def _unix(instant: datetime) -> float:
    return instant.replace(tzinfo=UTC).timestamp()


def _gauge(
    name: str,
    said: str,
    rows: Sequence[tuple[Mapping[str, str], float]],
    labels: Sequence[str] = (),
) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    names = labels or (tuple(rows[0][0]) if rows else ())
    family = GaugeMetricFamily(name, said, labels=names)
    for given, value in rows:
        family.add_metric([given[label] for label in names], value)
    return family


def _counter(name: str, said: str, value: float) -> "Metric":
    from prometheus_client.core import CounterMetricFamily

    return CounterMetricFamily(name, said, value=value)


def _counters(
    name: str, said: str, label: str, counts: Mapping[str, int], known: Sequence[str]
) -> "Metric":
    """A counter for each of a few words; those that never were stand there as 0."""
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, said, labels=[label])
    for word in dict.fromkeys([*known, *counts]):
        family.add_metric([word], counts.get(word, 0))
    return family


def _histogram(name: str, said: str, held: _Histogram) -> "Metric":
    from prometheus_client.core import HistogramMetricFamily

    family: Any = HistogramMetricFamily(name, said)
    family.add_metric([], held.buckets(), held.sum)
    metric: Metric = family
    return metric
