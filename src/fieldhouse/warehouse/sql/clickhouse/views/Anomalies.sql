-- What is unusual, an incident a row: spells of a field that follow one another within six hours. Of a channel as a
-- whole, FieldNumber is 0. Expected and Spread are what such hours have (of a counter: its rises); of STUCK the longest
-- that a value stayed before, of SILENCE the usual distance of two values, in seconds; of COUNTER LOST the value before,
-- of DRIFT what the three weeks before the last had. Jumps are hits by their step alone: where all are,
-- Expected is the value before, and Spread the usual greatest step. IsYoung: not yet known for two
-- weeks. IsReal is what a person says of it.
CREATE OR REPLACE VIEW iot.Anomalies AS
WITH
spells AS (
-- include spells
),
placed AS (
    SELECT
        s.*,
        toUnixTimestamp64Micro(s.StartedAt) - max(toNullable(toUnixTimestamp64Micro(s.EndedAt))) OVER (
            PARTITION BY s.ChannelID, s.FieldNumber, s.Family ORDER BY s.StartedAt
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) > 21600000000 AS IsApart
    FROM spells AS s
),
numbered AS (
    SELECT
        a.*,
        countIf(a.IsApart) OVER (PARTITION BY a.ChannelID, a.FieldNumber, a.Family ORDER BY a.StartedAt) AS Incident
    FROM placed AS a
),
incidents AS (
    SELECT
        n.ChannelID, n.FieldNumber, n.Family, n.Incident, min(n.StartedAt) AS FirstAt, max(n.EndedAt) AS LastAt,
        sum(n.Hits) AS AllHits, sum(n.HitsAbove) AS AllAbove,
        sum(n.Jumps) AS AllJumps, max(n.Score) AS TopScore,
        argMax(
            (n.PeakAt, n.Value, n.Expected, n.Spread),
            (n.Hits > n.Jumps, n.Score, -toUnixTimestamp64Micro(n.StartedAt))
        ) AS Peak,
        argMin((n.Least, n.Greatest), n.EndedAt) AS Known, min(n.DaysKnown) AS LeastKnown
    FROM numbered AS n
    GROUP BY n.ChannelID, n.FieldNumber, n.Family, n.Incident
)
SELECT
    concat(
        toString(i.ChannelID), '-', toString(i.FieldNumber), '-', if(i.Family = 'SILENCE', 'q', lower(substring(i.Family, 1, 1))),
        toString(toInt64(round(toUnixTimestamp64Micro(i.FirstAt) / 1000000)))
    ) AS AnomalyID,
    i.ChannelID AS ChannelID, i.FieldNumber AS FieldNumber, i.Family AS Family,
    multiIf(
        i.Family = 'FALL', 'COUNTER LOST',
        i.Family <> 'VALUE', i.Family,
        i.Peak.2 < r.MinValue OR i.Peak.2 > r.MaxValue
        OR toFloat64(i.Peak.2) < 2 * i.Known.1 - i.Known.2 OR toFloat64(i.Peak.2) > 2 * i.Known.2 - i.Known.1,
        'OUT OF RANGE',
        i.AllHits = 1 AND i.AllJumps = 1, 'IMPOSSIBLE RATE',
        i.AllHits <= 3 OR toUnixTimestamp64Micro(i.LastAt) - toUnixTimestamp64Micro(i.FirstAt) < 3600000000, 'SPIKE',
        i.AllJumps >= 4, 'NOISE GROWN',
        i.AllAbove = 0 OR i.AllAbove = i.AllHits - i.AllJumps, 'SHIFT',
        'RHYTHM BROKEN'
    ) AS Kind,
    i.FirstAt AS StartedAt, i.LastAt AS EndedAt, i.AllHits AS Hits, i.AllJumps AS Jumps, i.TopScore AS Score, i.Peak.1 AS PeakAt,
    i.Peak.2 AS Value, i.Peak.3 AS Expected, i.Peak.4 AS Spread, i.Known.1 AS Least, i.Known.2 AS Greatest,
    i.LeastKnown AS DaysKnown, i.LeastKnown < 14 AS IsYoung, l.IsReal AS IsReal
FROM incidents AS i
LEFT JOIN (
-- include field_ranges
) AS r ON r.ChannelID = i.ChannelID AND r.FieldNumber = i.FieldNumber
LEFT JOIN (
-- include anomaly_labels
) AS l
    ON l.ChannelID = i.ChannelID AND l.FieldNumber = i.FieldNumber AND l.Family = i.Family
    AND l.StartedAt = i.FirstAt;
