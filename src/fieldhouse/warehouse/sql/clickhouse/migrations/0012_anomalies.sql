-- What is unusual, kept. Two more kinds of rows in iot.Rows: 17, a day to be judged anew (a mark, as of a period), and
-- 18, what a person says of an incident.
-- Models: what a field's day is judged by, made of the days before it, and frozen when that day is first judged; of
-- older days some are kept, for what comes late. Levels and Spreads have an item an hour of the day, or none; Far and
-- Lean how many readings so far scored in each of 64 bins; Last the deviations of the last readings before the day, the
-- newest last, NaN where there was none; the times are Unix seconds.
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
    IsCounter Bool,
    GreatestRise Nullable(Float64),
    Version UInt64,
    Deleted UInt8 DEFAULT 0
)
ENGINE = ReplacingMergeTree(Version, Deleted)
ORDER BY (ChannelID, Day, FieldNumber);

-- What was found in a day, whole each time: hits that follow one another within six hours, as far as they lie in it.
CREATE TABLE IF NOT EXISTS iot.Findings (
    ChannelID Int64,
    Day Date32,
    Spells Array(Tuple(
        FieldNumber Int32, Family String, StartedAt DateTime64(6, 'UTC'), EndedAt DateTime64(6, 'UTC'),
        Hits Int64, HitsAbove Int64, Beyond Int64, Score Float64, PeakAt DateTime64(6, 'UTC'),
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
