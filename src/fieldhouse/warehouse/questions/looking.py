"""What pages ask: many channels at once, all fields of one; part of ``QUERIES``."""

from fieldhouse.warehouse.questions.kinds import (
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
)
from fieldhouse.warehouse.questions.question import Question, optional, takes

__all__ = ["LOOKING"]

_FIELDS = range(1, 9)

LOOKING = (
    Question(
        "lives_begun",
        "the epochs of a channel, and when the first reading of each was made",
        takes(channel_id=INT),
        columns(Epoch=INT, FirstCreatedAt=INSTANT),
    ),
    Question(
        "newest_values",
        "each field's newest value of those before an instant and within a day of the channel's"
        " newest reading, and when it was made",
        takes(channel_ids=CHANNEL_IDS, as_of=optional(INSTANT)),
        columns(
            ChannelID=LONG,
            **{
                f"Field{n}{end}": kind
                for n in _FIELDS
                for end, kind in {"": NUMBER, "At": INSTANT}.items()
            },
            NewestAt=INSTANT,
        ),
    ),
    Question(
        "overview",
        "what is to be said of each channel at a glance, without counting its readings; NULL is"
        " all",
        takes(channel_ids=optional(CHANNEL_IDS), as_of=optional(INSTANT)),
        columns(
            ChannelID=LONG,
            ChannelName=TEXT,
            Description=TEXT,
            Latitude=NUMBER,
            Longitude=NUMBER,
            Elevation=TEXT,
            **{f"Field{n}Name": TEXT for n in _FIELDS},
            CreatedAt=INSTANT,
            IsActive=FLAG,
            PausedAt=INSTANT,
            Epochs=INT,
            FirstReading=INSTANT,
            NewestReading=INSTANT,
            CadenceSeconds=FLOAT,
            SilentSince=INSTANT,
            LastSuccessAt=INSTANT,
            LastRunAt=INSTANT,
            LastOutcome=TEXT,
            LastError=TEXT,
            ScoredOn=DAY,
            QualityScore=FLOAT,
        ),
    ),
    Question(
        "set_aside",
        "the readings of a span that do not count as their source sent them, by their original"
        " times: withdrawn by it, excluded or corrected by a rule; their values, and those that"
        " count instead",
        takes(channel_id=INT, start_at=INSTANT, end_at=INSTANT),
        columns(
            Epoch=INT,
            EntryID=LONG,
            CreatedAt=INSTANT,
            WithdrawnAt=INSTANT,
            CorrectedAt=INSTANT,
            CorrectedTo=INSTANT,
            ChangedFields=TEXT,
            **{f"Field{n}{end}": NUMBER for n in _FIELDS for end in ("", "Now")},
            Status=TEXT,
        ),
    ),
    Question(
        "sparklines",
        "several channels' hours that begin in a span, from the aggregates, in buckets of so many"
        " seconds, counted from 1970",
        takes(channel_ids=CHANNEL_IDS, start_at=INSTANT, end_at=INSTANT, seconds=INT),
        columns(
            ChannelID=LONG,
            BucketStart=INSTANT,
            **{f"Field{n}Avg": FLOAT for n in _FIELDS},
            ReadingCount=LONG,
        ),
    ),
)
