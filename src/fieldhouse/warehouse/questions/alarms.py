"""What alerts ask of all channels at once, and the calls that keep them; part of the catalogue."""

from fieldhouse.warehouse.questions.kinds import (
    CHANNEL_IDS,
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
from fieldhouse.warehouse.questions.question import Question, optional, takes

__all__ = ["ALARMS", "ALARM_CALLS"]

_FOUND = columns(ChannelID=LONG, FieldNumber=INT, SinceAt=INSTANT, Figure=FLOAT)
"""Where a rule holds and since when; channel and field 0: not of one."""
_CHOSEN = takes(channel_ids=CHANNEL_IDS, as_of=INSTANT)
_FIRING = rows_of(
    rule_name=TEXT,
    severity=TEXT,
    level=INT,
    channel_id=LONG,
    field_number=INT,
    since_at=INSTANT,
    figure=FLOAT,
    summary=TEXT,
    for_seconds=FLOAT,
)
_ALERT = columns(
    AlertID=LONG,
    RuleName=TEXT,
    Severity=TEXT,
    ChannelID=LONG,
    ChannelName=TEXT,
    FieldNumber=INT,
    SinceAt=INSTANT,
    OpenedAt=INSTANT,
    LastSeenAt=INSTANT,
    QuietSince=INSTANT,
    ResolvedAt=INSTANT,
    Flaps=INT,
    Figure=FLOAT,
    Summary=TEXT,
    NoticeID=LONG,
    AcknowledgedAt=INSTANT,
    AcknowledgedBy=TEXT,
    SilencedUntil=INSTANT,
)

ALARMS = (
    Question(
        "alarm_anomalies",
        "fields in which something is unusual, or was in the last while: the strongest of each,"
        " since when, its score, and what it is held against",
        takes(**_CHOSEN, seconds=FLOAT),
        columns(
            ChannelID=LONG,
            FieldNumber=INT,
            SinceAt=INSTANT,
            Figure=FLOAT,
            Kind=TEXT,
            EndedAt=INSTANT,
            Hits=LONG,
            Jumps=LONG,
            PeakAt=INSTANT,
            Value=NUMBER,
            Expected=FLOAT,
            Spread=FLOAT,
            Least=FLOAT,
            Greatest=FLOAT,
        ),
    ),
    Question(
        "alarm_api_errors",
        "whether more than a share of the requests of the last while failed, of so many at least",
        takes(as_of=INSTANT, seconds=FLOAT, share=FLOAT, calls=LONG),
        _FOUND,
    ),
    Question(
        "alarm_disputes",
        "channels with readings in dispute, since when and how many",
        _CHOSEN,
        _FOUND,
    ),
    Question(
        "alarm_gaps",
        "channels with entry ids that are missing and not explained, and how many",
        _CHOSEN,
        _FOUND,
    ),
    Question(
        "alarm_lives",
        "channels that began a new life in the last while, when and which",
        takes(**_CHOSEN, seconds=FLOAT),
        _FOUND,
    ),
    Question(
        "alarm_low_scores",
        "channels whose score was below another in so many runs in a row, since when, and the last",
        takes(**_CHOSEN, runs=LONG, score=FLOAT),
        _FOUND,
    ),
    Question(
        "alarm_no_success",
        "channels without a successful run for so long, since when, and the seconds since",
        takes(**_CHOSEN, seconds=FLOAT),
        _FOUND,
    ),
    Question(
        "alarm_nothing_new",
        "channels of which so many runs in a row brought nothing, for so many of their usual"
        " distances at least; since when, and how many runs",
        takes(**_CHOSEN, runs=LONG, distances=FLOAT),
        _FOUND,
    ),
    Question(
        "alarm_silent",
        "channels that report later than is usual for them; since when, and the seconds since",
        takes(**_CHOSEN, distances=FLOAT, seconds=FLOAT),
        _FOUND,
    ),
    Question(
        "alarm_stuck",
        "fields that show one value for so long and so many readings, and never did so half as"
        " long; since when, and the value",
        takes(**_CHOSEN, seconds=FLOAT, readings=LONG),
        _FOUND,
    ),
    Question(
        "alarm_values",
        "of fields with a limit each, those that lay beyond it for so long and are not back;"
        " since when, and the last value",
        takes(
            rule_numbers=list_of(INT),
            channel_ids=CHANNEL_IDS,
            field_numbers=list_of(INT),
            kinds=list_of(TEXT),
            limits=list_of(FLOAT),
            clears=list_of(FLOAT),
            spans=list_of(FLOAT),
            as_of=INSTANT,
        ),
        columns(RuleNumber=INT, ChannelID=LONG, FieldNumber=INT, SinceAt=INSTANT, Figure=FLOAT),
    ),
    Question(
        "alert_silences",
        "the silences that hold or are to come",
        takes(as_of=INSTANT),
        columns(
            SilenceID=LONG,
            RuleName=TEXT,
            ChannelID=LONG,
            SilencedFrom=INSTANT,
            SilencedUntil=INSTANT,
            Reason=TEXT,
            MadeBy=TEXT,
        ),
    ),
    Question(
        "alerts",
        "the alerts that are open, and those that ended since an instant, the newest first",
        takes(
            as_of=INSTANT,
            channel_id=optional(INT),
            ended_since=optional(INSTANT),
            limit=optional(LONG, 1000),
        ),
        _ALERT,
    ),
    Question(
        "alerts_of_notice",
        "the alerts that a message tells of",
        takes(notice_id=LONG, as_of=INSTANT),
        _ALERT,
    ),
    Question(
        "notices_waiting",
        "each receiver's messages that are not sent, since when, and what the last attempt said",
        takes(),
        columns(Receiver=TEXT, Notices=LONG, MadeAt=INSTANT, Attempts=LONG, Error=TEXT),
    ),
)

ALARM_CALLS = (
    Question(
        "acknowledge_alerts",
        "somebody knows of these alerts: what is not told of them yet, need not be; how many",
        takes(alert_ids=list_of(LONG), acknowledged_by=TEXT, acknowledged_at=INSTANT),
        columns(Alerts=LONG),
    ),
    Question(
        "claim_notices",
        "take messages that are due, so that nobody else sends them until an instant",
        takes(claimed_by=TEXT, as_of=INSTANT, claimed_until=INSTANT, limit=LONG),
        columns(
            NoticeID=LONG,
            NoticeKind=TEXT,
            Receiver=TEXT,
            RuleName=TEXT,
            MadeAt=INSTANT,
            Attempts=INT,
        ),
    ),
    Question(
        "count_calls",
        "add to the requests of a minute, and to those of them that failed",
        takes(counted_at=INSTANT, requests=LONG, failed=LONG),
        columns(),
    ),
    Question(
        "end_silence",
        "a silence holds no longer; how many that were",
        takes(silence_id=LONG, ended_at=INSTANT),
        columns(Silences=LONG),
    ),
    Question(
        "mark_notice",
        "a message that was claimed is sent, or, with an error, due again later; how many",
        takes(
            notice_id=LONG,
            notice_kind=TEXT,
            receiver=TEXT,
            claimed_by=TEXT,
            as_of=INSTANT,
            due_at=optional(INSTANT),
            error=optional(TEXT),
        ),
        columns(Notices=LONG),
    ),
    Question(
        "settle_alerts",
        "hold what fires against the alerts that are kept: open, go on, end; make the messages",
        takes(
            firing=_FIRING,
            as_of=INSTANT,
            judged=list_of(TEXT),
            configured=list_of(TEXT),
            calm=FLOAT,
            gather=FLOAT,
            pause=FLOAT,
            receivers=list_of(TEXT),
            levels=list_of(INT),
        ),
        columns(Opened=LONG, Ended=LONG, Notices=LONG),
    ),
    Question(
        "silence_alerts",
        "tell nothing of a rule, a channel, or all, for a span; the silence's number",
        takes(
            rule_name=optional(TEXT),
            channel_id=optional(INT),
            silenced_from=INSTANT,
            silenced_until=INSTANT,
            reason=TEXT,
            made_by=TEXT,
        ),
        columns(SilenceID=LONG),
    ),
)
