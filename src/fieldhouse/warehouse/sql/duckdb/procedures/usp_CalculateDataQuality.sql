-- usp_CalculateDataQuality: how good one channel's day is, as it is to be stored; here it only reads.
-- A NULL date is the day of as-of; one before the channel's first reading is refused.
CREATE OR REPLACE MACRO iot.usp_CalculateDataQuality(ChannelID, CheckDate := NULL, AsOfTime := NULL) AS TABLE
WITH
instant AS (
    SELECT coalesce(AsOfTime::TIMESTAMP, make_timestamp(epoch_us(now()))) AS A
),
held AS (
    SELECT min(r.CreatedAt) AS FirstAt FROM iot.SensorReadings AS r WHERE r.ChannelID = ChannelID
    UNION ALL
    SELECT min(r.CreatedAt) FROM iot.SensorReadings_Archive AS r WHERE r.ChannelID = ChannelID
),
first AS (
    SELECT min(h.FirstAt)::DATE AS FirstDay FROM held AS h
),
asked AS (
    SELECT
        ChannelID::BIGINT AS ChannelID,
        CASE
            WHEN f.FirstDay IS NULL AND CheckDate::DATE IS NOT NULL
            THEN error('ConfigurationError: channel ' || ChannelID || ' has no reading yet')
            WHEN f.FirstDay > coalesce(CheckDate::DATE, i.A::DATE)
            THEN error(
                'ConfigurationError: channel ' || ChannelID || ' has nothing to judge on '
                || coalesce(CheckDate::DATE, i.A::DATE) || ': its first reading is of ' || f.FirstDay
            )
            ELSE coalesce(CheckDate::DATE, i.A::DATE)
        END::DATE AS CheckDate
    FROM instant AS i
    CROSS JOIN first AS f
),
times AS NOT MATERIALIZED (
    SELECT r.ChannelID, r.CreatedAt
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = ChannelID
        AND r.CreatedAt >= (SELECT least(a.CheckDate, i.A::DATE) - 31 FROM asked AS a CROSS JOIN instant AS i)
        AND r.CreatedAt < (SELECT least(i.A, (a.CheckDate + 1)::TIMESTAMP) FROM asked AS a CROSS JOIN instant AS i)
),
readings AS NOT MATERIALIZED (
    SELECT r.ChannelID, r.CreatedAt, r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = ChannelID
        AND r.CreatedAt >= (SELECT a.CheckDate FROM asked AS a)
        AND r.CreatedAt < (SELECT least(i.A, (a.CheckDate + 1)::TIMESTAMP) FROM asked AS a CROSS JOIN instant AS i)
),
unusual AS (
-- include unusual
        AND a.ChannelID = ChannelID
),
-- include quality
SELECT * FROM quality;
