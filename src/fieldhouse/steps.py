"""The steps of a run, strict: copy a channel, aggregate and score what came, record the run."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import pyarrow as pa

from fieldhouse import events
from fieldhouse.derived.following import follow
from fieldhouse.errors import FieldhouseError, Interrupted
from fieldhouse.parts import Parts
from fieldhouse.sources.thingspeak.api import Channel
from fieldhouse.sources.thingspeak.history import Policy
from fieldhouse.state import ChannelState, Run, Span
from fieldhouse.sync import Copied, copy_history, sync_metadata

__all__ = [
    "AGGREGATION_TYPES",
    "analyse",
    "attempt",
    "brought",
    "copy_channel",
    "find_anomalies",
    "read_history",
    "record",
    "refresh",
    "renew_metadata",
    "score",
]

AGGREGATION_TYPES = ("HOURLY", "DAILY", "WEEKLY")

_RUNS = pa.schema(
    [
        ("channel_id", pa.int64()),
        *((name, pa.timestamp("us")) for name in ("started_at", "ended_at")),
        ("outcome", pa.string()),
        *((name, pa.int64()) for name in ("requests", "requests_needed", "fetched")),
        *((name, pa.int64()) for name in ("inserted", "updated", "duplicates", "raw", "rejected")),
        ("quality_score", pa.float64()),
        *((name, pa.string()) for name in ("error", "source")),
    ]
)
"""The fields of ``state.Run``."""

logger = logging.getLogger(__name__)


def copy_channel(
    parts: Parts, channel_id: int, *, tail_size: int | None = None, again: Span | None = None
) -> Run:
    """Metadata and history of one channel, brought up to date; what came of it, errors included.

    ``tail_size`` is the page size of the first request, which looks for what is new; never a cap.
    ``again`` is a span of time to read once more, covered or not.
    The run is not yet recorded, nor anything aggregated: see ``analyse`` and ``record``.
    """
    run, _ = attempt(parts, channel_id, tail_size=tail_size, again=again)
    return run


def attempt(
    parts: Parts,
    channel_id: int,
    *,
    copied: Copied | None = None,
    state: ChannelState | None = None,
    tail_size: int | None = None,
    again: Span | None = None,
    may_ask: Callable[[], bool] | None = None,
) -> tuple[Run, FieldhouseError | None]:
    """``copy_channel``, and the error that ended it; ``state`` is what was held a while ago.

    ``copied`` is kept up with what it brings. Once ``may_ask`` says no, it ends as if stopped.
    """
    run = Run(channel_id=channel_id, started_at=parts.clock())
    copied = copied or Copied()
    failure: FieldhouseError | None = None
    parts.tell(events.RunStarted(channel_id))
    try:
        read_history(parts, parts.channel(channel_id), copied, tail_size, again, state, may_ask)
    except Interrupted:
        run = replace(run, outcome="interrupted")
    except FieldhouseError as error:
        failure = error
    except Exception as error:  # a defect of ours: this channel's end, not the others'
        logger.exception("Channel %d failed unexpectedly", channel_id)
        failure = FieldhouseError(f"channel {channel_id}: unexpected {type(error).__name__}")
    if failure:
        run = replace(run, outcome="failed", error=str(failure))
    return replace(run, **brought(parts, copied), ended_at=parts.clock()), failure


def brought(parts: Parts, copied: Copied) -> dict[str, Any]:
    """What a reading brought, by the names of ``Run``; and the requests that would have served."""
    return {
        "requests": copied.requests,
        "requests_needed": max(1, math.ceil(copied.counts.inserted / parts.settings.page_size)),
        "fetched": copied.fetched,
        **asdict(copied.counts),
    }


def renew_metadata(parts: Parts, source: Channel) -> bool:
    """Bring name and labels up to date, if they are old; whether a request was made for it."""
    return sync_metadata(source, parts.warehouse, parts.clock(), parts.settings.metadata_ttl)


def read_history(
    parts: Parts,
    source: Channel,
    copied: Copied,
    tail_size: int | None = None,
    again: Span | None = None,
    state: ChannelState | None = None,
    may_ask: Callable[[], bool] | None = None,
) -> None:
    """Read what is new and what is missing; ``copied`` is kept up with what it brings."""
    settings = parts.settings
    policy = Policy(
        now=parts.clock(),
        page_size=settings.page_size,
        tail_size=tail_size or settings.page_size,
        look_back=settings.look_back,
        again=again,
    )
    copy_history(
        source,
        parts.warehouse,
        parts.writer,
        policy,
        copied,
        state=state,
        look_up=parts.look_up,
        metadata_ttl=settings.metadata_ttl,
        is_over=lambda: parts.stop.is_set() or not (may_ask is None or may_ask()),
        observe=parts.observe,
    )


def analyse(parts: Parts, channel_ids: Sequence[int]) -> dict[int, float]:
    """Refresh the aggregates and the quality of what was touched; each channel's score of today.

    Each refresh waits for its turn among the loads, and lets those in that come after it. A channel
    that nothing came of, and that was judged within the hour, is left as it is. Channels that are
    made of these follow them.
    """
    found = parts.writer.query(
        "analyses_due", channel_ids=list(channel_ids), as_of=parts.clock()
    ).to_pylist()
    scores = {row["ChannelID"]: row["QualityScore"] for row in found if not row["IsDue"]}
    if due := [row["ChannelID"] for row in found if row["IsDue"]]:
        with _refreshing(parts, len(due)):
            parts.writer.call("refresh_aggregates", channel_ids=due)
            find_anomalies(parts, due)
        scores |= {row["ChannelID"]: row["QualityScore"] for row in score(parts, due)}
        if made := follow(parts.warehouse, due, parts.writer):
            find_anomalies(parts, made)
            score(parts, made)
    return scores


def refresh(parts: Parts, aggregation_type: str, channel_ids: Sequence[int]) -> None:
    """Recompute the touched periods of a type."""
    with _refreshing(parts, len(channel_ids)):
        parts.writer.call(
            "refresh_aggregates", aggregation_type=aggregation_type, channel_ids=list(channel_ids)
        )
        follow(parts.warehouse, channel_ids, parts.writer)


@contextmanager
def _refreshing(parts: Parts, channels: int) -> Iterator[None]:
    """Tell how long a refresh took, its turn in the queue included."""
    began = time.monotonic()
    yield
    parts.tell(events.RefreshEnded(channels, time.monotonic() - began))


def find_anomalies(parts: Parts, channel_ids: Sequence[int]) -> None:
    """Judge what is unusual in every touched day, by its aggregates; quality counts it."""
    parts.writer.call("refresh_anomalies", channel_ids=list(channel_ids), as_of=parts.clock())


def score(parts: Parts, channel_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Recompute the quality of every touched day and of today; the rows of today."""
    now = parts.clock()
    judged = parts.writer.call("refresh_quality", channel_ids=list(channel_ids), as_of=now)
    return [row for row in judged.to_pylist() if row["CheckDate"] == now.date()]


def record(parts: Parts, runs: Sequence[Run]) -> None:
    """Keep runs in ``iot.PipelineRuns``."""
    rows = [asdict(run) for run in runs]
    parts.writer.call("record_runs", runs=pa.Table.from_pylist(rows, _RUNS))
