-- usp_CalculateDataQuality(channel_id, check_date, as_of): judge one day of a channel and keep the
-- judgement; its row. A NULL date is the day of as-of; one before the channel's first reading is refused. A
-- day from before the channel's ArchivedBefore keeps what it was judged.
SELECT
    coalesce({as_of:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS AsOf, coalesce({check_date:Nullable(Date32)}, toDate32(AsOf)) AS CheckDate,
    (SELECT minOrNull(r.CreatedAt) FROM iot.AllReadings AS r WHERE r.ChannelID = {channel_id:Int64}) AS FirstHeld,
    (SELECT minOrNull(r.CreatedAt) FROM iot.CorrectedReadings AS r WHERE r.ChannelID = {channel_id:Int64}) AS FirstMade,
    toDate32(least(FirstHeld, FirstMade)) AS FirstDay,
    (
        SELECT count() > 0 FROM iot.Channels AS c
        WHERE
            c.ChannelID = {channel_id:Int64}
            AND (c.ArchivedBefore IS NULL OR c.ArchivedBefore <= toDateTime64(CheckDate, 6, 'UTC'))
    ) AS IsAsked,
    toUnixTimestamp64Nano(now64(9)) AS Version;

SELECT
    throwIf(
        {FirstDay:Nullable(Date32)} IS NULL AND {check_date:Nullable(Date32)} IS NOT NULL,
        concat('ConfigurationError: channel ', toString({channel_id:Int64}), ' has no reading yet')
    ),
    throwIf(
        ifNull({FirstDay:Nullable(Date32)} > {CheckDate:Date32}, FALSE),
        concat(
            'ConfigurationError: channel ', toString({channel_id:Int64}), ' has nothing to judge on ',
            toString({CheckDate:Date32}), ': its first reading is of ', ifNull(toString({FirstDay:Nullable(Date32)}), '')
        )
    );

-- if IsAsked
INSERT INTO iot.Judgements (
-- include judged_columns
    , Version
)
WITH
{AsOf:DateTime64(6, 'UTC')} AS instant, {CheckDate:Date32} AS asked_from, {CheckDate:Date32} AS asked_to,
asked AS (
    SELECT {channel_id:Int64} AS ChannelID, {CheckDate:Date32} AS CheckDate
),
-- include quality
SELECT
-- include judged_columns
    , {Version:UInt64}
FROM quality;

SELECT q.* FROM iot.DataQuality AS q WHERE q.ChannelID = {channel_id:Int64} AND q.CheckDate = {CheckDate:Date32};
