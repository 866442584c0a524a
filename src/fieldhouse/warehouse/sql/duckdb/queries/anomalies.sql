-- anomalies(channel_id, threshold_stddev, lookback_days, as_of): the readings that lie far from the rest in any of
-- their fields, over [as-of - days, as-of), as usp_DetectAnomalies finds them in each (ZSCORE).
WITH
sourced AS (
    SELECT
        r.Field#, -- each field
        r.Epoch, r.EntryID, r.CreatedAt
    FROM iot.CurrentReadings AS r
    WHERE
        r.ChannelID = $channel_id
        AND r.CreatedAt >= coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
        - to_days(least(coalesce($lookback_days, 30), 700000)::INTEGER)
        AND r.CreatedAt < coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())))
),
least_ones AS (
    SELECT
        min(s.Field#) AS Least#, -- each field
        count(*) AS Readings
    FROM sourced AS s
),
-- around the least value, subtracted exactly, so that far-off levels cost no digits
measures AS (
    SELECT
        -- each field
        any_value(l.Least#) AS Least#, avg(s.Field#::DECIMAL(38, 6) - l.Least#) AS Centre#,
        stddev_samp((s.Field#::DECIMAL(38, 6) - l.Least#)::DOUBLE) AS Spread#,
        -- end
        count(*) AS Readings
    FROM sourced AS s
    CROSS JOIN least_ones AS l
),
distant AS (
    SELECT
        s.Epoch, s.EntryID, s.CreatedAt,
        -- each field
        s.Field#, (s.Field#::DECIMAL(38, 6) - m.Least#)::DOUBLE - m.Centre# AS Distance#, m.Spread#,
        m.Least#::DOUBLE + m.Centre# AS Centre#,
        -- end
        coalesce($threshold_stddev, 3.0)::DOUBLE AS Threshold
    FROM sourced AS s
    CROSS JOIN measures AS m
),
flagged AS (
    SELECT d.* FROM distant AS d
    WHERE
        FALSE
        OR iot.IsAnomaly(d.Distance#, d.Spread#, d.Threshold) -- each field
),
told AS (
    SELECT f.Epoch, f.EntryID, f.CreatedAt, f.Threshold, unnest([
        -- each field
        {'n': #, 'v': f.Field#, 'd': f.Distance#, 's': f.Spread#, 'c': f.Centre#},
        -- end
        NULL
    ]) AS One
    FROM flagged AS f
)
SELECT
    t.One.n::INTEGER AS FieldNumber, t.Epoch, t.EntryID, t.CreatedAt, t.One.v AS Value,
    t.One.c AS Centre, t.One.s AS Spread, t.One.d / t.One.s AS Score
FROM told AS t
WHERE iot.IsAnomaly(t.One.d, t.One.s, t.Threshold)
ORDER BY FieldNumber, t.CreatedAt, t.Epoch, t.EntryID;
