-- What is unusual, an incident a row: spells of a field that follow one another within six hours. Of a channel as a
-- whole, FieldNumber is 0. Expected and Spread are what such hours have (of a counter: its rises); of STUCK the longest
-- that a value stayed before, of SILENCE the usual distance of two values, in seconds; of COUNTER LOST the value
-- before, of DRIFT what the three weeks before the last had. Jumps are hits by their step alone: where all are,
-- Expected is the value before, and Spread the usual greatest step. IsYoung: not yet known for two weeks.
-- IsReal is what a person says of it.
CREATE OR REPLACE VIEW iot.Anomalies AS
WITH
numbered AS (
    SELECT
        a.*, {'IsOdd': a.Hits > a.Jumps, 'Score': a.Score, 'Before': -epoch_us(a.StartedAt)} AS Weight,
        count(*) FILTER (a.IsApart) OVER (
            PARTITION BY a.ChannelID, a.FieldNumber, a.Family ORDER BY a.StartedAt
        ) AS Incident
    FROM (
        SELECT
            s.*,
            s.StartedAt - max(s.EndedAt) OVER (
                PARTITION BY s.ChannelID, s.FieldNumber, s.Family ORDER BY s.StartedAt
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) > INTERVAL 6 HOUR AS IsApart
        FROM iot.AnomalySpells AS s
    ) AS a
),
incidents AS (
    SELECT
        n.ChannelID, n.FieldNumber, n.Family, min(n.StartedAt) AS StartedAt, max(n.EndedAt) AS EndedAt,
        sum(n.Hits)::BIGINT AS Hits, sum(n.HitsAbove)::BIGINT AS HitsAbove,
        sum(n.Jumps)::BIGINT AS Jumps, max(n.Score) AS Score,
        arg_max(n.PeakAt, n.Weight) AS PeakAt, arg_max_null(n.Value, n.Weight) AS Value,
        arg_max_null(n.Expected, n.Weight) AS Expected, arg_max_null(n.Spread, n.Weight) AS Spread,
        arg_min_null(n.Least, n.EndedAt) AS Least, arg_min_null(n.Greatest, n.EndedAt) AS Greatest,
        min(n.DaysKnown) AS DaysKnown
    FROM numbered AS n
    GROUP BY n.ChannelID, n.FieldNumber, n.Family, n.Incident
)
SELECT
    i.ChannelID || '-' || i.FieldNumber || '-'
    || CASE i.Family WHEN 'SILENCE' THEN 'q' ELSE lower(i.Family[1]) END || epoch(i.StartedAt)::BIGINT AS AnomalyID,
    i.ChannelID, i.FieldNumber, i.Family,
    CASE
        WHEN i.Family = 'FALL' THEN 'COUNTER LOST'
        WHEN i.Family <> 'VALUE' THEN i.Family
        WHEN
            i.Value < r.MinValue OR i.Value > r.MaxValue
            OR i.Value::DOUBLE NOT BETWEEN 2 * i.Least - i.Greatest AND 2 * i.Greatest - i.Least
            THEN 'OUT OF RANGE'
        WHEN i.Hits = 1 AND i.Jumps = 1 THEN 'IMPOSSIBLE RATE'
        WHEN i.Hits <= 3 OR i.EndedAt - i.StartedAt < INTERVAL 1 HOUR THEN 'SPIKE'
        WHEN i.Jumps >= 4 THEN 'NOISE GROWN'
        WHEN i.HitsAbove = 0 OR i.HitsAbove = i.Hits - i.Jumps THEN 'SHIFT'
        ELSE 'RHYTHM BROKEN'
    END AS Kind,
    i.StartedAt, i.EndedAt, i.Hits, i.Jumps, i.Score, i.PeakAt, i.Value, i.Expected, i.Spread, i.Least, i.Greatest,
    i.DaysKnown, i.DaysKnown < 14 AS IsYoung, l.IsReal
FROM incidents AS i
LEFT JOIN iot.FieldRanges AS r ON r.ChannelID = i.ChannelID AND r.FieldNumber = i.FieldNumber
LEFT JOIN iot.AnomalyLabels AS l
    ON l.ChannelID = i.ChannelID AND l.FieldNumber = i.FieldNumber AND l.Family = i.Family
    AND l.StartedAt = i.StartedAt;
