-- usp_CalculateDataQuality: how good one channel's day is, as it is to be stored; here it only reads.
-- A NULL date is the day of as-of.
CREATE OR REPLACE MACRO iot.usp_CalculateDataQuality(ChannelID, CheckDate := NULL, AsOfTime := NULL) AS TABLE
WITH
instant AS (
    SELECT coalesce(AsOfTime::TIMESTAMP, make_timestamp(epoch_us(now()))) AS A
),
asked AS (
    SELECT ChannelID::BIGINT AS ChannelID, coalesce(CheckDate::DATE, i.A::DATE) AS CheckDate FROM instant AS i
),
sourced AS (
    SELECT r.ChannelID, r.CreatedAt, r.Field1, r.Field2, r.Field3, r.Field4, r.Field5, r.Field6, r.Field7, r.Field8
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = ChannelID
        AND r.CreatedAt >= (SELECT least(a.CheckDate, i.A::DATE) - 31 FROM asked AS a CROSS JOIN instant AS i)
        AND r.CreatedAt < (SELECT least(i.A, (a.CheckDate + 1)::TIMESTAMP) FROM asked AS a CROSS JOIN instant AS i)
),
-- include quality
SELECT * FROM quality;
