"""Fields that are made of others: what a warehouse answers of them, and what it carries out."""

from fieldhouse.warehouse.questions.kinds import (
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

__all__ = ["DERIVED", "DERIVED_CALLS"]

DERIVED = (
    Question(
        "derived_fields",
        "the fields that are made of others, and how",
        takes(),
        columns(
            ChannelID=LONG,
            FieldNumber=INT,
            BaseChannelID=LONG,
            WithinSeconds=LONG,
            Expression=TEXT,
            Formula=TEXT,
            DefinedAt=INSTANT,
        ),
    ),
)
DERIVED_CALLS = (
    Question(
        "keep_derived",
        "put the derived readings of [start_at, end_at) in the place of those that are held",
        takes(
            channel_id=INT,
            start_at=INSTANT,
            end_at=INSTANT,
            hours=list_of(INSTANT),
            marks=list_of(LONG),
            readings=rows_of(
                Epoch=INT,
                EntryID=LONG,
                CreatedAt=INSTANT,
                **{f"Field{n}": NUMBER for n in range(1, 9)},
            ),
        ),
        columns(Changed=LONG),
    ),
    Question(
        "set_derived_field",
        "what a field is made of; no expression: it is none any more",
        takes(
            channel_id=INT,
            field_number=INT,
            base_channel_id=INT,
            within_seconds=LONG,
            expression=optional(TEXT),
            formula=optional(TEXT),
            source_ids=list_of(INT),
            defined_at=INSTANT,
        ),
        columns(),
    ),
    Question(
        "take_derived_hours",
        "some hours whose derived readings are to be computed anew",
        takes(channel_id=INT, limit=INT),
        columns(Hour=INSTANT, Mark=LONG),
    ),
)
