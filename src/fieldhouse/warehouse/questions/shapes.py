"""The columns that several questions answer with."""

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
)

__all__ = ["PERIOD", "READING"]

READING = columns(
    ReadingID=LONG,
    ChannelID=LONG,
    Epoch=INT,
    EntryID=LONG,
    CreatedAt=INSTANT,
    **dict.fromkeys(NUMBERS, NUMBER),
    Status=TEXT,
    Superseded=FLAG,
    ImportedAt=INSTANT,
    WithdrawnAt=INSTANT,
)
_STATISTICS = {"Avg": FLOAT, "Min": NUMBER, "Max": NUMBER, "StdDev": FLOAT, "Count": LONG}
PERIOD = columns(
    AggregationID=LONG,
    ChannelID=LONG,
    AggregationType=TEXT,
    PeriodStart=INSTANT,
    PeriodEnd=INSTANT,
    **{f"Field{n}{name}": kind for n in range(1, 9) for name, kind in _STATISTICS.items()},
    ReadingCount=LONG,
    CreatedAt=INSTANT,
)
