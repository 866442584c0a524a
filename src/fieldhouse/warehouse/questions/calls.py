"""What ``Warehouse.call`` carries out."""

from fieldhouse.warehouse.questions.kinds import (
    AGGREGATION_TYPE,
    CHANNEL_IDS,
    DAY,
    FLAG,
    FLOAT,
    INSTANT,
    INT,
    LONG,
    NUMBER,
    TEXT,
    columns,
    list_of,
    rows_of,
)
from fieldhouse.warehouse.questions.question import Question, catalogue, optional, takes

__all__ = ["CALLS"]

_NOTHING = columns()
_QUALITY = columns(
    QualityID=LONG,
    ChannelID=LONG,
    CheckDate=DAY,
    TotalReadings=LONG,
    MissingReadings=LONG,
    OutOfRangeReadings=LONG,
    AnomaliesDetected=LONG,
    QualityScore=FLOAT,
    CadenceSeconds=FLOAT,
    ExpectedReadings=LONG,
    AbsentReadings=LONG,
    RangesConfigured=FLAG,
    Notes=TEXT,
    AsOfTime=INSTANT,
    CreatedAt=INSTANT,
)
_RUNS = rows_of(
    channel_id=LONG,
    started_at=INSTANT,
    ended_at=INSTANT,
    outcome=TEXT,
    requests=LONG,
    requests_needed=LONG,
    fetched=LONG,
    inserted=LONG,
    updated=LONG,
    duplicates=LONG,
    raw=LONG,
    rejected=LONG,
    quality_score=FLOAT,
    error=TEXT,
    source=TEXT,
)
"""Rows with the fields of ``state.Run``."""

CALLS = catalogue(
    Question(
        "archive_before",
        "nothing before it is recomputed for this channel",
        takes(channel_id=INT, archived_before=optional(INSTANT)),
        _NOTHING,
    ),
    Question(
        "archive_readings",
        "move the readings of all channels from before an instant to the archive; how many",
        takes(before=INSTANT),
        columns(Readings=LONG),
    ),
    Question(
        "count_requests",
        "add to the day's requests, but not beyond the budget",
        takes(day=DAY, requests=LONG, budget=optional(LONG)),
        columns(Requests=LONG, Granted=LONG),
    ),
    Question(
        "forget",
        "forget runs, lines of the audit trail and numbers of batches from before an instant",
        takes(
            runs_before=optional(INSTANT),
            audit_before=optional(INSTANT),
            loads_before=optional(INSTANT),
        ),
        columns(RunsBefore=INSTANT, AuditBefore=INSTANT, LoadsBefore=INSTANT),
    ),
    Question(
        "judge_epoch",
        "which older epochs this one shows again; within its span their readings are superseded",
        takes(channel_id=INT, epoch=INT),
        columns(Superseded=LONG, Restored=LONG),
    ),
    Question(
        "open_epoch",
        "a channel has a new life; only its newest epoch plus one opens",
        takes(channel_id=INT, number=INT, started_at=optional(INSTANT), evidence=optional(TEXT)),
        columns(ChannelID=LONG, Epoch=INT, StartedAt=INSTANT),
    ),
    Question(
        "record_runs",
        "passes of the pipeline",
        takes(runs=_RUNS),
        _NOTHING,
    ),
    Question(
        "refresh_aggregates",
        "recompute the marked periods; how many they were",
        takes(aggregation_type=optional(AGGREGATION_TYPE), channel_ids=optional(CHANNEL_IDS)),
        columns(Periods=LONG),
    ),
    Question(
        "refresh_quality",
        "judge the touched days, today, and days judged before they had ended; their rows",
        takes(channel_ids=optional(CHANNEL_IDS), as_of=optional(INSTANT)),
        _QUALITY,
    ),
    Question(
        "settle_entries",
        "what was found out about readings of an epoch",
        takes(
            channel_id=INT,
            epoch=INT,
            at=INSTANT,
            horizon=INSTANT,
            entry_ids=list_of(LONG),
            created_ats=list_of(INSTANT),
            findings=list_of(TEXT),
        ),
        columns(Readings=LONG),
    ),
    Question(
        "sync_field_ranges",
        "the configured ranges of all channels, and no others",
        takes(
            channel_ids=CHANNEL_IDS,
            field_numbers=list_of(INT),
            minima=list_of(NUMBER, nulls=True),
            maxima=list_of(NUMBER, nulls=True),
        ),
        _NOTHING,
    ),
    Question(
        "upsert_channel",
        "a channel's metadata, as last read",
        takes(
            channel_id=INT,
            name=optional(TEXT),
            description=optional(TEXT),
            latitude=optional(NUMBER),
            longitude=optional(NUMBER),
            elevation=optional(TEXT),
            **{f"field{n}": optional(TEXT) for n in range(1, 9)},
            created_at=optional(INSTANT),
            updated_at=optional(INSTANT),
            last_entry_id=optional(LONG),
            refreshed_at=optional(INSTANT),
        ),
        _NOTHING,
    ),
    Question(
        "usp_CalculateDataQuality",
        "judge one day of a channel and keep the judgement; its row",
        takes(channel_id=INT, check_date=optional(DAY), as_of=optional(INSTANT)),
        _QUALITY,
    ),
    Question(
        "usp_ProcessSensorReadings",
        "recompute by hand the periods that touch [start, end)",
        takes(
            channel_id=INT,
            aggregation_type=optional(AGGREGATION_TYPE, "HOURLY"),
            start_date=optional(INSTANT),
            end_date=optional(INSTANT),
            as_of=optional(INSTANT),
        ),
        columns(Periods=LONG),
    ),
)
