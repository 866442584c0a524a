-- usp_CalculateDataQuality: how good one channel's day is, as it is to be stored; here it only reads.
-- A NULL date is the day of as-of; one before the channel's first reading is refused.
CREATE OR REPLACE VIEW iot.usp_CalculateDataQuality AS
WITH
coalesce({AsOfTime:Nullable(DateTime64(6, 'UTC'))}, now64(6, 'UTC')) AS instant,
coalesce({CheckDate:Nullable(Date32)}, toDate32(instant)) AS check_date,
assumeNotNull(check_date) AS asked_from, assumeNotNull(check_date) AS asked_to,
(SELECT toDate32(minOrNull(r.CreatedAt)) FROM iot.AllReadings AS r WHERE r.ChannelID = {ChannelID:Int64}) AS first_day,
(
    SELECT
        throwIf(
            first_day IS NULL AND {CheckDate:Nullable(Date32)} IS NOT NULL,
            concat('ConfigurationError: channel ', toString({ChannelID:Int64}), ' has no reading yet')
        )
        OR throwIf(
            ifNull(first_day > check_date, FALSE),
            concat(
                'ConfigurationError: channel ', toString({ChannelID:Int64}), ' has nothing to judge on ',
                toString(check_date), ': its first reading is of ', ifNull(toString(first_day), '')
            )
        )
) AS refused,
asked AS (
    SELECT {ChannelID:Int64} AS ChannelID, assumeNotNull(check_date) AS CheckDate WHERE NOT refused
),
-- include quality
SELECT * FROM quality;
