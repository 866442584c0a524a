-- What is unusual, an incident a row: spells of a field that follow one another within six hours. Of a channel as a
-- whole, FieldNumber is 0. Expected and Spread are what such hours have (of a counter: its rises); of STUCK the longest
-- that a value stayed before, of SILENCE the usual distance of two values, in seconds; of COUNTER LOST the value before,
-- of DRIFT what the three weeks before the last had. Jumps are hits by their step alone: where all are,
-- Expected is the value before, and Spread the usual greatest step. IsYoung: not yet known for two
-- weeks. IsReal is what a person says of it.
CREATE OR ALTER VIEW iot.Anomalies
AS
SELECT
    CONCAT(
        i.ChannelID,
        N'-',
        i.FieldNumber,
        N'-',
        CASE i.Family WHEN N'SILENCE' THEN N'q' ELSE LOWER(LEFT(i.Family, 1)) END,
        DATEDIFF_BIG(SECOND, '19700101', i.StartedAt)
    ) AS AnomalyID,
    i.ChannelID,
    i.FieldNumber,
    i.Family,
    CASE
        WHEN i.Family = N'FALL' THEN N'COUNTER LOST'
        WHEN i.Family <> N'VALUE' THEN i.Family
        WHEN i.Value < r.MinValue
        OR i.Value > r.MaxValue
        OR CAST(i.Value AS FLOAT) < 2 * i.Least - i.Greatest
        OR CAST(i.Value AS FLOAT) > 2 * i.Greatest - i.Least THEN N'OUT OF RANGE'
        WHEN i.Hits = 1 AND i.Jumps = 1 THEN N'IMPOSSIBLE RATE'
        WHEN i.Hits <= 3 OR DATEDIFF_BIG(MICROSECOND, i.StartedAt, i.EndedAt) < 3600000000 THEN N'SPIKE'
        WHEN i.Jumps >= 4 THEN N'NOISE GROWN'
        WHEN i.HitsAbove = 0 OR i.HitsAbove = i.Hits - i.Jumps THEN N'SHIFT'
        ELSE N'RHYTHM BROKEN'
    END AS Kind,
    i.StartedAt,
    i.EndedAt,
    i.Hits,
    i.Jumps,
    i.Score,
    i.PeakAt,
    i.Value,
    i.Expected,
    i.Spread,
    i.Least,
    i.Greatest,
    i.DaysKnown,
    CAST(CASE WHEN i.DaysKnown < 14 THEN 1 ELSE 0 END AS BIT) AS IsYoung,
    l.IsReal
FROM (
    SELECT
        n.ChannelID,
        n.FieldNumber,
        n.Family,
        MIN(n.StartedAt) AS StartedAt,
        MAX(n.EndedAt) AS EndedAt,
        SUM(n.Hits) AS Hits,
        SUM(n.HitsAbove) AS HitsAbove,
        SUM(n.Jumps) AS Jumps,
        MAX(n.Score) AS Score,
        MAX(CASE WHEN n.PeakRank = 1 THEN n.PeakAt END) AS PeakAt,
        MAX(CASE WHEN n.PeakRank = 1 THEN n.Value END) AS Value,
        MAX(CASE WHEN n.PeakRank = 1 THEN n.Expected END) AS Expected,
        MAX(CASE WHEN n.PeakRank = 1 THEN n.Spread END) AS Spread,
        MAX(CASE WHEN n.StartRank = 1 THEN n.Least END) AS Least,
        MAX(CASE WHEN n.StartRank = 1 THEN n.Greatest END) AS Greatest,
        MIN(n.DaysKnown) AS DaysKnown
    FROM (
        SELECT
            b.*,
            ROW_NUMBER() OVER (
                PARTITION BY b.ChannelID, b.FieldNumber, b.Family, b.Incident
                ORDER BY CASE WHEN b.Hits > b.Jumps THEN 0 ELSE 1 END, b.Score DESC, b.StartedAt
            ) AS PeakRank,
            ROW_NUMBER() OVER (
                PARTITION BY b.ChannelID, b.FieldNumber, b.Family, b.Incident
                ORDER BY b.EndedAt
            ) AS StartRank
        FROM (
            SELECT
                a.*,
                SUM(a.IsApart) OVER (
                    PARTITION BY a.ChannelID, a.FieldNumber, a.Family
                    ORDER BY a.StartedAt
                    RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS Incident
            FROM (
                SELECT
                    s.*,
                    CASE
                        WHEN DATEDIFF_BIG(
                            MICROSECOND,
                            MAX(s.EndedAt) OVER (
                                PARTITION BY s.ChannelID, s.FieldNumber, s.Family
                                ORDER BY s.StartedAt
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                            ),
                            s.StartedAt
                        ) > 21600000000 THEN 1
                        ELSE 0
                    END AS IsApart
                FROM iot.AnomalySpells AS s
            ) AS a
        ) AS b
    ) AS n
    GROUP BY n.ChannelID, n.FieldNumber, n.Family, n.Incident
) AS i
LEFT JOIN iot.FieldRanges AS r ON r.ChannelID = i.ChannelID AND r.FieldNumber = i.FieldNumber
LEFT JOIN iot.AnomalyLabels AS l
    ON l.ChannelID = i.ChannelID
        AND l.FieldNumber = i.FieldNumber
        AND l.Family = i.Family
        AND l.StartedAt = i.StartedAt;
