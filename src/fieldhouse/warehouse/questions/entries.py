"""What ThingSpeak's own endpoints ask of a channel; part of ``QUERIES``."""

from fieldhouse.readings import NUMBERS
from fieldhouse.warehouse.questions.kinds import (
    FLAG,
    FLOAT,
    INSTANT,
    INT,
    LONG,
    NUMBER,
    TEXT,
    columns,
    list_of,
)
from fieldhouse.warehouse.questions.question import Question, optional, takes

__all__ = ["ENTRIES"]

_WHERE = columns(Epoch=INT, EntryID=LONG, CreatedAt=INSTANT)
_SPAN = takes(channel_id=INT, start_at=optional(INSTANT), end_at=optional(INSTANT))

ENTRIES = (
    Question(
        "counted_entry",
        "where the reading stands that has the highest id of the newest life, of those that count:"
        " of all, or those of one id, with a value or a text in a field, with a status",
        takes(
            channel_id=INT,
            entry_id=optional(LONG),
            field_number=optional(INT),
            has_status=optional(FLAG, False),
        ),
        _WHERE,
    ),
    Question(
        "entry_texts",
        "the texts that are kept beside these entries, as the rules leave them, in every epoch of"
        " the channel",
        takes(channel_id=INT, entry_ids=list_of(LONG)),
        columns(Epoch=INT, EntryID=LONG, ColumnName=TEXT, RawValue=TEXT),
    ),
    Question(
        "firsts_of_buckets",
        "the first reading of each bucket of so many seconds, counted from 1970, of those that"
        " count, in the order of time; NULL is open",
        takes(**_SPAN, seconds=INT),
        columns(
            ChannelID=LONG,
            Epoch=INT,
            EntryID=LONG,
            CreatedAt=INSTANT,
            **dict.fromkeys(NUMBERS, NUMBER),
            Status=TEXT,
        ),
    ),
    Question(
        "medians_of_buckets",
        "each field's median in buckets of so many seconds, counted from 1970, of the readings that"
        " count; an even count's is the mean of the two in the middle; NULL is open",
        takes(**_SPAN, seconds=INT),
        columns(
            BucketStart=INSTANT,
            **{f"Field{n}Median": FLOAT for n in range(1, 9)},
            ReadingCount=LONG,
        ),
    ),
    Question(
        "newest_from",
        "when the oldest of the newest so many readings of a span was made, of those that count;"
        " NULL is open",
        takes(**_SPAN, limit=LONG),
        columns(CreatedAt=INSTANT),
    ),
    Question(
        "statuses",
        "the newest so many readings of a span that have a status text, of those that count, in"
        " the order of time; NULL is open, and all of them",
        takes(**_SPAN, limit=optional(LONG)),
        columns(Epoch=INT, EntryID=LONG, CreatedAt=INSTANT, Status=TEXT),
    ),
)
