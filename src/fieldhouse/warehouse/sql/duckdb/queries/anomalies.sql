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
whole AS (
    SELECT
        -- each field
        min(s.Field#) AS Least#, count(s.Field#) AS Count#,
        (sum(s.Field#) - count(s.Field#) * min(s.Field#)::DECIMAL(38, 6))::DOUBLE / count(s.Field#) AS Centre#,
        -- end
        count(*) AS Readings
    FROM sourced AS s
),
-- around the least value, subtracted exactly, so that far-off levels cost no digits
measures AS (
    SELECT
        -- each field
        any_value(w.Least#) AS Least#, any_value(w.Centre#) AS Centre#,
        stddev_samp((s.Field#::DECIMAL(38, 6) - w.Least#)::DOUBLE) AS Spread#,
        -- end
        coalesce($threshold_stddev, 3.0)::DOUBLE AS Threshold
    FROM sourced AS s
    CROSS JOIN whole AS w
),
-- those that may lie far off, by floats and with some room; then exactly
reaches AS (
    SELECT
        m.*,
        -- each field
        m.Least#::DOUBLE + m.Centre# AS Middle#,
        CASE WHEN m.Spread# > 0
            THEN m.Threshold * m.Spread# * (1 - 1e-9) - 1e-9 * (abs(m.Least#::DOUBLE) + m.Centre#)
        END AS Reach#,
        -- end
        TRUE AS IsKnown
    FROM measures AS m
),
flagged AS (
    SELECT s.*, m.* FROM sourced AS s
    CROSS JOIN reaches AS m
    WHERE
        FALSE
        OR abs(s.Field#::DOUBLE - m.Middle#) > m.Reach# -- each field
),
told AS (
    SELECT f.Epoch, f.EntryID, f.CreatedAt, f.Threshold, unnest([
        -- each field
        {
            'n': #, 'v': f.Field#, 'd': (f.Field#::DECIMAL(38, 6) - f.Least#)::DOUBLE - f.Centre#, 's': f.Spread#,
            'c': f.Middle#
        },
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
