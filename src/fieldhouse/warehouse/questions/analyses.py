"""What is made of readings: buckets, judged days, anomalies, trends; part of ``QUERIES``."""

from fieldhouse.warehouse.questions.kinds import (
    CHANNEL_IDS,
    DAY,
    FLAG,
    FLOAT,
    INSTANT,
    INT,
    LONG,
    METHOD,
    NUMBER,
    TEXT,
    columns,
    list_of,
)
from fieldhouse.warehouse.questions.question import Question, optional, takes

__all__ = ["ANALYSES", "MERGED"]

_STATISTICS = {"Avg": FLOAT, "Min": NUMBER, "Max": NUMBER, "Count": LONG}
_BUCKETS = takes(
    channel_id=INT,
    start_at=optional(INSTANT),
    end_at=optional(INSTANT),
    seconds=optional(INT, 3600),
)
MERGED = {"Avg": FLOAT, "Min": NUMBER, "Max": NUMBER, "Sum": FLOAT, "Count": LONG}
"""What is known of a field where parts of readings are brought together."""
_SERIES = {"series": list_of(INT), "places": list_of(INT), "amounts": list_of(FLOAT)}
"""Series by their numbers: what each has at which place, in whatever order."""
_BUCKET = columns(
    BucketStart=INSTANT,
    **{f"Field{n}{name}": kind for n in range(1, 9) for name, kind in _STATISTICS.items()},
    ReadingCount=LONG,
)

ANALYSES = (
    Question(
        "anomalies_kept",
        "what is unusual in a span, end excluded, an incident a row; NULL is all; field 0 is the"
        " whole channel",
        takes(
            channel_ids=optional(CHANNEL_IDS),
            field_number=optional(INT),
            start_at=optional(INSTANT),
            end_at=optional(INSTANT),
            young=optional(FLAG, False),
        ),
        columns(
            AnomalyID=TEXT,
            ChannelID=LONG,
            FieldNumber=INT,
            Kind=TEXT,
            StartedAt=INSTANT,
            EndedAt=INSTANT,
            Hits=LONG,
            Jumps=LONG,
            Score=FLOAT,
            PeakAt=INSTANT,
            Value=NUMBER,
            Expected=FLOAT,
            Spread=FLOAT,
            Least=FLOAT,
            Greatest=FLOAT,
            DaysKnown=INT,
            IsReal=FLAG,
        ),
    ),
    Question(
        "buckets_of_days",
        "the days (UTC) that begin in a span, from the aggregates, in buckets of so many seconds,"
        " whole days, counted from 1970; NULL is open",
        _BUCKETS,
        _BUCKET,
    ),
    Question(
        "buckets_of_hours",
        "the hours that begin in a span, from the aggregates, in buckets of so many seconds,"
        " counted from 1970; NULL is open",
        _BUCKETS,
        _BUCKET,
    ),
    Question(
        "buckets_of_readings",
        "the readings of a span that count, archived ones too, in buckets of so many seconds,"
        " counted from 1970; NULL is open",
        _BUCKETS,
        _BUCKET,
    ),
    Question(
        "daily_extremes",
        "how far a field's days reach, of all days that are kept",
        takes(channel_id=INT),
        columns(
            FieldNumber=INT,
            Days=LONG,
            Least=NUMBER,
            Greatest=NUMBER,
            LowQuarter=NUMBER,
            LowThreeQuarters=NUMBER,
            HighQuarter=NUMBER,
            HighThreeQuarters=NUMBER,
        ),
    ),
    Question(
        "forecasts",
        "how series go on after their last places, by the method that has erred least on their own"
        " past",
        takes(
            **_SERIES,
            period=optional(INT, 24),
            stride=optional(INT, 24),
            origins=optional(INT, 42),
            horizon=optional(INT, 24),
        ),
        columns(
            Series=INT,
            Place=INT,
            Method=TEXT,
            Forecast=FLOAT,
            Low=FLOAT,
            High=FLOAT,
            Errors=LONG,
            Mae=FLOAT,
            NaiveMae=FLOAT,
        ),
    ),
    Question(
        "hours_of_week",
        "fields by the day of the week and the hour of the day, from the hours' partials where"
        " asked; 1 is Monday",
        takes(
            channel_id=INT,
            start_at=optional(INSTANT),
            end_at=optional(INSTANT),
            offset_starts=list_of(INSTANT),
            offset_seconds=list_of(INT),
            from_hours=FLAG,
        ),
        columns(
            Weekday=INT,
            Hour=INT,
            **{f"Field{n}{name}": kind for n in range(1, 9) for name, kind in MERGED.items()},
            ReadingCount=LONG,
        ),
    ),
    Question(
        "model_of_day",
        "the level and the spread of each hour by which a day of a field is judged, of the last"
        " model of it or of a day before; of a counter those of its rises, of a direction its mean"
        " angle. Nature: a counter 1, sparse 2, a switch 3, a light 4, a direction 5, none 0",
        takes(channel_id=INT, field_number=INT, day=DAY),
        columns(Day=DAY, Hour=INT, Level=FLOAT, Spread=FLOAT, Nature=INT),
    ),
    Question(
        "quality_days",
        "the judged days of a span, end excluded, in the order of time; NULL is open",
        takes(channel_id=INT, start_at=optional(DAY), end_at=optional(DAY)),
        columns(
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
        ),
    ),
    Question(
        "quality_dimensions",
        "how good the readings of a span are in each of six ways, a row for the channel (field 0)"
        " and, where fields are judged by themselves, one for each that has values; a span that is"
        " NULL begins with the first reading and ends with as-of",
        takes(
            channel_id=INT,
            start_at=optional(INSTANT),
            end_at=optional(INSTANT),
            as_of=optional(INSTANT),
        ),
        columns(
            Dimension=TEXT,
            FieldNumber=INT,
            Checked=LONG,
            Broken=LONG,
            Share=FLOAT,
            WorstFrom=INSTANT,
            WorstTo=INSTANT,
            WorstBroken=LONG,
            UsualSeconds=FLOAT,
            OutOfRange=LONG,
            Untyped=LONG,
            Rounded=LONG,
            IsRanged=FLAG,
        ),
    ),
    Question(
        "trend_changes",
        "where the level of series changed, after Pettitt: the place at which the new level begins",
        takes(**_SERIES),
        columns(
            Series=INT,
            Points=LONG,
            K=FLOAT,
            P=FLOAT,
            ChangeAt=INT,
            LevelBefore=FLOAT,
            LevelAfter=FLOAT,
        ),
    ),
    Question(
        "trend_tests",
        "whether series rise or fall, by Mann and Kendall: plain, after Hamed and Rao, and within"
        " the seasons of a period",
        takes(**_SERIES, period=optional(INT, 7)),
        columns(
            Series=INT,
            Method=TEXT,
            Points=LONG,
            S=FLOAT,
            Variance=FLOAT,
            Z=FLOAT,
            P=FLOAT,
            Tau=FLOAT,
            Slope=FLOAT,
            Intercept=FLOAT,
            SlopeLow=FLOAT,
            SlopeHigh=FLOAT,
        ),
    ),
    Question(
        "usp_DetectAnomalies",
        "the readings of one field that lie far from the rest, over [as-of - days, as-of)",
        takes(
            channel_id=INT,
            field_number=INT,
            threshold_stddev=optional(FLOAT, 3.0),
            lookback_days=optional(INT, 30),
            method=optional(METHOD, "ZSCORE"),
            as_of=optional(INSTANT),
        ),
        columns(
            ReadingID=LONG,
            Epoch=INT,
            EntryID=LONG,
            CreatedAt=INSTANT,
            Value=NUMBER,
            Centre=FLOAT,
            Spread=FLOAT,
            Score=FLOAT,
        ),
    ),
    Question(
        "usp_GetTrendAnalysis",
        "one field day by day over [as-of - days, as-of): how it changed, where it goes",
        takes(
            channel_id=INT,
            field_number=INT,
            days=optional(INT, 30),
            as_of=optional(INSTANT),
        ),
        columns(
            ReadingDate=DAY,
            AvgValue=FLOAT,
            MinValue=NUMBER,
            MaxValue=NUMBER,
            ReadingCount=LONG,
            ChangeFromPrevious=FLOAT,
            MovingAvg7Day=FLOAT,
            Trend=TEXT,
            YearAgoAvg=FLOAT,
            ChangeFromYearAgo=FLOAT,
        ),
    ),
    Question(
        "value_counts",
        "how many values of a field each bin holds, of the readings that count; bin 0 is [first,"
        " first + width), and so on",
        takes(
            channel_id=INT,
            field_number=INT,
            start_at=optional(INSTANT),
            end_at=optional(INSTANT),
            first=NUMBER,
            width=NUMBER,
        ),
        columns(Bin=LONG, Values=LONG),
    ),
)
