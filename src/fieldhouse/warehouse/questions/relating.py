"""What a warehouse answers of fields beside each other, and of how long values last."""

from fieldhouse.warehouse.questions.kinds import (
    CHANNEL_IDS,
    FLAG,
    FLOAT,
    INSTANT,
    INT,
    LONG,
    NUMBER,
    columns,
    list_of,
)
from fieldhouse.warehouse.questions.question import Question, takes

__all__ = ["RELATING"]

RELATING = (
    Question(
        "correlations",
        "how the hourly means of two fields go together, those of the other some hours later",
        takes(
            channel_id=INT,
            field_number=INT,
            other_channel_id=INT,
            other_field_number=INT,
            start_at=INSTANT,
            end_at=INSTANT,
            most_hours=INT,
        ),
        columns(
            Lag=INT,
            Hours=LONG,
            Pearson=FLOAT,
            Spearman=FLOAT,
            PearsonRest=FLOAT,
            SpearmanRest=FLOAT,
        ),
    ),
    Question(
        "held_times",
        "what a field's values come to in the time from each start to the next",
        takes(
            channel_id=INT,
            field_number=INT,
            starts=list_of(INSTANT),
            hold_seconds=LONG,
            low_value=NUMBER,
            high_value=NUMBER,
            is_outside=FLAG,
        ),
        columns(Bucket=INT, Seconds=FLOAT, SecondsInside=FLOAT, Mean=FLOAT),
    ),
    Question(
        "near_fields",
        "other fields, of channels within some kilometres, beside one",
        takes(
            channel_id=INT,
            field_number=INT,
            channel_ids=CHANNEL_IDS,
            field_numbers=list_of(INT),
            most_km=FLOAT,
            start_at=INSTANT,
            end_at=INSTANT,
        ),
        columns(
            ChannelID=LONG,
            FieldNumber=INT,
            Kilometres=FLOAT,
            Hours=LONG,
            NewestHour=INSTANT,
            NewestDifference=FLOAT,
            MedianDifference=FLOAT,
            Pearson=FLOAT,
        ),
    ),
)
