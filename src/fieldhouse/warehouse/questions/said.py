"""What a warehouse answers of what people have said: rules, tags, tokens, queries."""

from fieldhouse.warehouse.questions.kinds import (
    FACTOR,
    FLAG,
    INSTANT,
    INT,
    LONG,
    NUMBER,
    TEXT,
    columns,
)
from fieldhouse.warehouse.questions.question import Question, optional, takes

__all__ = ["SAID"]

SAID = (
    Question(
        "access_tokens",
        "the tokens that were made, revoked ones too, as hashes",
        takes(),
        columns(
            **dict.fromkeys(("TokenID", "TokenName", "TokenHash", "Scopes"), TEXT),
            **dict.fromkeys(("CreatedAt", "ExpiresAt", "RevokedAt"), INSTANT),
        ),
    ),
    Question(
        "channel_tags",
        "every tag of every channel, by channel",
        takes(),
        columns(ChannelID=LONG, Tag=TEXT),
    ),
    Question(
        "corrections",
        "the rules about readings of one channel or of all, in the order in which they apply",
        takes(channel_id=optional(INT), removed=optional(FLAG, False)),
        columns(
            CorrectionID=LONG,
            ChannelID=LONG,
            FieldNumber=INT,
            Kind=TEXT,
            SpanStart=INSTANT,
            SpanEnd=INSTANT,
            Condition=TEXT,
            ScaleFactor=FACTOR,
            OffsetValue=NUMBER,
            ShiftSeconds=LONG,
            Reason=TEXT,
            MadeBy=TEXT,
            MadeAt=INSTANT,
            RemovedBy=TEXT,
            RemovedAt=INSTANT,
        ),
    ),
    Question(
        "coverable_readings",
        "the readings, as they count now, that a new rule would cover",
        takes(
            channel_id=INT,
            field_number=optional(INT),
            span_start=INSTANT,
            span_end=INSTANT,
            low_value=optional(NUMBER),
            high_value=optional(NUMBER),
            is_outside=optional(FLAG, False),
            limit=LONG,
        ),
        columns(
            OriginalAt=INSTANT,
            CreatedAt=INSTANT,
            Epoch=INT,
            EntryID=LONG,
            **{f"Field{n}": NUMBER for n in range(1, 9)},
            Readings=LONG,
        ),
    ),
    Question(
        "saved_queries",
        "the queries that people keep, by name",
        takes(),
        columns(QueryName=TEXT, QueryText=TEXT, SavedBy=TEXT, SavedAt=INSTANT),
    ),
)
