-- More is known of a field, so that it is judged by its nature, and more kinds are found; what was found is found anew.
-- LongestOther is the longest that a value other than zero stayed. Turns are steps of more than 180, Steps the four
-- greatest of the days' greatest steps. Week is the median of the last seven days, Older that of the 21 before.
-- RightLows and RightHighs are from where to where people said that it is right: values, silences, falls and weeks.
DROP TABLE IF EXISTS iot.Models;
CREATE TABLE IF NOT EXISTS iot.Models (
    ChannelID Int64,
    Day Date32,
    FieldNumber Int32,
    Levels Array(Float64),
    Spreads Array(Float64),
    Far Array(Int64),
    Lean Array(Int64),
    Last Array(Float64),
    Least Nullable(Float64),
    Greatest Nullable(Float64),
    Days Int64,
    Readings Int64,
    Ups Int64,
    Downs Int64,
    LongestRun Nullable(Float64),
    Silences Int64,
    LastValue Nullable(Float64),
    LastAt Nullable(Float64),
    LastRunAt Nullable(Float64),
    Nature UInt8,
    GreatestRise Nullable(Float64),
    LongestOther Nullable(Float64),
    Zeros Int64,
    Ones Int64,
    Turns Int64,
    Steps Array(Float64),
    Sines Float64,
    Cosines Float64,
    Week Nullable(Float64),
    Older Nullable(Float64),
    OlderSpread Nullable(Float64),
    RightLows Array(Float64),
    RightHighs Array(Float64),
    Version UInt64,
    Deleted UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(Version, Deleted)
ORDER BY (ChannelID, Day, FieldNumber);

DROP TABLE IF EXISTS iot.Findings;
CREATE TABLE IF NOT EXISTS iot.Findings (
    ChannelID Int64,
    Day Date32,
    Spells Array(Tuple(
        FieldNumber Int32, Family String, StartedAt DateTime64(6, 'UTC'), EndedAt DateTime64(6, 'UTC'),
        Hits Int64, HitsAbove Int64, Beyond Int64, Jumps Int64, Score Float64, PeakAt DateTime64(6, 'UTC'),
        Value Nullable(Decimal(18, 6)), Expected Nullable(Float64), Spread Nullable(Float64),
        Least Nullable(Float64), Greatest Nullable(Float64), DaysKnown Int32
    )),
    Version UInt64
)
ENGINE = ReplacingMergeTree(Version)
ORDER BY (ChannelID, Day);

INSERT INTO iot.Rows (ChannelID, Kind, CreatedAt, Mark)
SELECT g.ChannelID, 17, g.PeriodStart, toUnixTimestamp64Nano(now64(9))
FROM iot.Periods AS g FINAL
WHERE g.AggregationType = 'DAILY';
