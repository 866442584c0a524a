"""The tables that a copy takes along, each declared once: its columns, its key, how it is cut.

What an engine keeps for itself is none of them: staged rows, hashes, counts that follow from
readings, numbers that nothing refers to, who logged in to a server. Alerts are none either: the
watch over a copy sees for itself, and a notice must not go out from both.
"""

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from fieldhouse.warehouse.kept.table import Kept
from fieldhouse.warehouse.questions.kinds import (
    DAY,
    FACTOR,
    FLAG,
    FLOAT,
    INSTANT,
    INT,
    LONG,
    NUMBER,
    TEXT,
    columns,
)

__all__ = ["KEPT"]

_SUM = replace(NUMBER, arrow=pa.decimal128(38, 6), right="an exact sum")
_CHANNEL = {"ChannelID": LONG}
_LIFE = {**_CHANNEL, "Epoch": INT}
_ENTRY = {**_LIFE, "EntryID": LONG}
_FIELDS = {f"Field{n}": NUMBER for n in range(1, 9)}
_PLACE = {"Latitude": NUMBER, "Longitude": NUMBER, "Elevation": NUMBER, "Status": TEXT}
_READING = columns(
    ReadingID=LONG,
    **_ENTRY,
    CreatedAt=INSTANT,
    **_FIELDS,
    **_PLACE,
    Superseded=FLAG,
    ImportedAt=INSTANT,
    WithdrawnAt=INSTANT,
    CorrectedAt=INSTANT,
)
_READING_KEY = ("ChannelID", "CreatedAt", "Epoch", "EntryID")
_MEASURES = {
    "Avg": FLOAT,
    "Min": NUMBER,
    "Max": NUMBER,
    "StdDev": FLOAT,
    "Count": LONG,
    "Sum": _SUM,
}

_TABLES = (
    Kept(
        "Channels",
        columns(
            **_CHANNEL,
            ChannelName=TEXT,
            Description=TEXT,
            Latitude=NUMBER,
            Longitude=NUMBER,
            Elevation=TEXT,
            **{f"Field{n}Name": TEXT for n in range(1, 9)},
            CreatedAt=INSTANT,
            UpdatedAt=INSTANT,
            LastEntryID=LONG,
            RefreshedAt=INSTANT,
            ArchivedBefore=INSTANT,
            IsActive=FLAG,
            PausedAt=INSTANT,
        ),
        ("ChannelID",),
        is_parent=True,
    ),
    Kept(
        "Epochs",
        columns(
            **_LIFE,
            StartedAt=INSTANT,
            **dict.fromkeys(
                ("LastEntryID", "LowestEntryID", "HighestEntryID", "NewestEntryID"), LONG
            ),
            NewestCreatedAt=INSTANT,
            IDsCheckedTo=LONG,
            FutureCheckedAt=INSTANT,
            Evidence=TEXT,
            FirstCreatedAt=INSTANT,
            LastCreatedAt=INSTANT,
            BeganWith=LONG,
            IsJudged=FLAG,
            **dict.fromkeys(("SweptAt", "SweptTo", "AgainStart", "AgainEnd"), INSTANT),
            Version=LONG,
        ),
        ("ChannelID", "Epoch"),
    ),
    Kept(
        "Coverage",
        columns(**_LIFE, SpanStart=INSTANT, SpanEnd=INSTANT),
        ("ChannelID", "Epoch", "SpanStart"),
    ),
    Kept(
        "Gaps",
        columns(
            **_LIFE,
            FirstEntryID=LONG,
            LastEntryID=LONG,
            State=TEXT,
            AtSecond=INSTANT,
            DueAt=INSTANT,
            OlderEpoch=INT,
        ),
        ("ChannelID", "Epoch", "FirstEntryID"),
    ),
    Kept(
        "Disputes",
        columns(**_ENTRY, CreatedAt=INSTANT, RaisedAt=INSTANT, State=TEXT),
        ("ChannelID", "Epoch", "EntryID"),
    ),
    Kept(
        "Reimports",
        columns(
            **_LIFE,
            OlderEpoch=INT,
            SpanStart=INSTANT,
            SpanEnd=INSTANT,
            OlderReadings=LONG,
            ShownAgain=LONG,
        ),
        ("ChannelID", "Epoch", "OlderEpoch"),
    ),
    Kept(
        "FieldLabels",
        columns(
            **_CHANNEL,
            FieldNumber=INT,
            Label=TEXT,
            SeenFrom=INSTANT,
            SeenTo=INSTANT,
            FromReadingID=LONG,
        ),
        ("ChannelID", "FieldNumber", "SeenFrom"),
    ),
    Kept("ChannelTags", columns(**_CHANNEL, Tag=TEXT), ("ChannelID", "Tag")),
    Kept(
        "FieldRanges",
        columns(**_CHANNEL, FieldNumber=INT, MinValue=NUMBER, MaxValue=NUMBER),
        ("ChannelID", "FieldNumber"),
    ),
    Kept(
        "Corrections",
        columns(
            CorrectionID=LONG,
            RequestID=LONG,
            **_CHANNEL,
            FieldNumber=INT,
            Kind=TEXT,
            SpanStart=INSTANT,
            SpanEnd=INSTANT,
            Condition=TEXT,
            LowValue=NUMBER,
            HighValue=NUMBER,
            IsOutside=FLAG,
            ScaleFactor=FACTOR,
            OffsetValue=NUMBER,
            ShiftSeconds=LONG,
            Reason=TEXT,
            MadeBy=TEXT,
            MadeAt=INSTANT,
            RemovedBy=TEXT,
            RemovedAt=INSTANT,
        ),
        ("ChannelID", "CorrectionID"),
        numbers="CorrectionID",
    ),
    Kept("SensorReadings", _READING, _READING_KEY, at="CreatedAt", numbers="ReadingID"),
    Kept(
        "SensorReadings_Archive",
        _READING,
        _READING_KEY,
        at="CreatedAt",
        numbers="ReadingID",
        numbered_with="SensorReadings",
    ),
    Kept(
        "RawValues",
        columns(**_ENTRY, ColumnName=TEXT, RawValue=TEXT, Reason=TEXT, ImportedAt=INSTANT),
        ("ChannelID", "Epoch", "EntryID", "ColumnName"),
        at="ImportedAt",
    ),
    Kept(
        "RejectedEntries",
        columns(**_LIFE, EntryText=TEXT, Reason=TEXT, RejectedAt=INSTANT),
        ("ChannelID", "RejectedAt"),
        at="RejectedAt",
    ),
    Kept(
        "CorrectedReadings",
        columns(
            ReadingID=LONG,
            **_ENTRY,
            CreatedAt=INSTANT,
            OriginalAt=INSTANT,
            **_FIELDS,
            ChangedFields=TEXT,
            **_PLACE,
            ImportedAt=INSTANT,
            CorrectedAt=INSTANT,
            IsArchived=FLAG,
        ),
        _READING_KEY,
        at="CreatedAt",
    ),
    Kept(
        "AggregatedData",
        columns(
            **_CHANNEL,
            AggregationType=TEXT,
            PeriodStart=INSTANT,
            PeriodEnd=INSTANT,
            **{f"Field{n}{name}": kind for n in range(1, 9) for name, kind in _MEASURES.items()},
            ReadingCount=LONG,
            CreatedAt=INSTANT,
        ),
        ("ChannelID", "AggregationType", "PeriodStart"),
        at="PeriodStart",
    ),
    Kept(
        "DataQuality",
        columns(
            **_CHANNEL,
            CheckDate=DAY,
            **dict.fromkeys(
                (
                    *("TotalReadings", "MissingReadings"),
                    *("OutOfRangeReadings", "AnomaliesDetected"),
                ),
                LONG,
            ),
            QualityScore=FLOAT,
            CadenceSeconds=FLOAT,
            ExpectedReadings=LONG,
            AbsentReadings=LONG,
            RangesConfigured=FLAG,
            Notes=TEXT,
            AsOfTime=INSTANT,
            CreatedAt=INSTANT,
        ),
        ("ChannelID", "CheckDate"),
    ),
    Kept("AnomalyMarks", columns(**_CHANNEL, Day=DAY), ("ChannelID", "Day"), is_set=True),
    *(
        Kept(
            name,
            columns(
                **_CHANNEL,
                Day=DAY,
                Measure=TEXT,
                Item=INT,
                **{f"Field{n}": FLOAT for n in range(1, 9)},
            ),
            ("ChannelID", "Day", "Measure", "Item"),
        )
        for name in ("AnomalyModels", "AnomalyModelsKept")
    ),
    Kept(
        "AnomalyChannels",
        columns(**_CHANNEL, FirstDay=DAY, NewestDay=DAY, RewoundFrom=DAY),
        ("ChannelID",),
    ),
    Kept(
        "AnomalySpells",
        columns(
            **_CHANNEL,
            FieldNumber=INT,
            Family=TEXT,
            Day=DAY,
            StartedAt=INSTANT,
            EndedAt=INSTANT,
            **dict.fromkeys(("Hits", "HitsAbove", "Beyond", "Jumps"), LONG),
            Score=FLOAT,
            PeakAt=INSTANT,
            Value=NUMBER,
            **dict.fromkeys(("Expected", "Spread", "Least", "Greatest"), FLOAT),
            DaysKnown=INT,
        ),
        ("ChannelID", "Day", "FieldNumber", "Family", "StartedAt", "EndedAt"),
    ),
    Kept(
        "AnomalyLabels",
        columns(
            **_CHANNEL,
            FieldNumber=INT,
            Family=TEXT,
            StartedAt=INSTANT,
            IsReal=FLAG,
            LabelledBy=TEXT,
            LabelledAt=INSTANT,
            EndedAt=INSTANT,
            Low=FLOAT,
            High=FLOAT,
        ),
        ("ChannelID", "FieldNumber", "Family", "StartedAt"),
    ),
    Kept(
        "PeriodMarks",
        columns(**_CHANNEL, AggregationType=TEXT, PeriodStart=INSTANT),
        ("ChannelID", "AggregationType", "PeriodStart"),
        at="PeriodStart",
        is_set=True,
    ),
    Kept(
        "DerivedFields",
        columns(
            **_CHANNEL,
            FieldNumber=INT,
            BaseChannelID=LONG,
            WithinSeconds=LONG,
            Expression=TEXT,
            Formula=TEXT,
            DefinedAt=INSTANT,
        ),
        ("ChannelID", "FieldNumber"),
    ),
    Kept(
        "DerivedSources",
        columns(**_CHANNEL, SourceChannelID=LONG),
        ("ChannelID", "SourceChannelID"),
    ),
    Kept(
        "DerivedMarks",
        columns(**_CHANNEL, Hour=INSTANT),
        ("ChannelID", "Hour"),
        at="Hour",
        is_set=True,
    ),
    Kept(
        "PipelineRuns",
        columns(
            RunID=LONG,
            **_CHANNEL,
            StartedAt=INSTANT,
            EndedAt=INSTANT,
            Outcome=TEXT,
            **dict.fromkeys(
                (
                    *("Requests", "RequestsNeeded", "Fetched", "Inserted"),
                    *("Updated", "Duplicates", "Raw", "Rejected"),
                ),
                LONG,
            ),
            QualityScore=FLOAT,
            Error=TEXT,
            Source=TEXT,
        ),
        ("ChannelID", "StartedAt", "RunID"),
        at="StartedAt",
        numbers="RunID",
    ),
    Kept("LoadLedger", columns(BatchHash=TEXT, LoadedAt=INSTANT), ("BatchHash",), at="LoadedAt"),
    Kept("RequestBudget", columns(Day=DAY, Requests=LONG), ("Day",)),
    Kept(
        "AccessTokens",
        columns(
            **dict.fromkeys(("TokenID", "TokenName", "TokenHash", "Scopes"), TEXT),
            **dict.fromkeys(("CreatedAt", "ExpiresAt", "RevokedAt"), INSTANT),
        ),
        ("TokenID",),
    ),
    Kept(
        "SavedQueries",
        columns(QueryName=TEXT, QueryText=TEXT, SavedBy=TEXT, SavedAt=INSTANT),
        ("QueryName",),
    ),
)
KEPT: Mapping[str, Kept] = {table.name: table for table in _TABLES}
"""By their names, in the order in which they are copied: what others refer to comes first."""
