-- usp_FindAnomalies: judges the days of #asked_days(ChannelID, Day) by their models, or, where those are no longer
-- kept, by that of the last day before that is, of the same weekday if there is one: their spells.
CREATE OR ALTER PROCEDURE iot.usp_FindAnomalies
AS
BEGIN
    SET NOCOUNT ON;
    -- a day before all models that are kept has none, and nothing is found in it
    SELECT a.ChannelID, a.Day, CASE WHEN a.Day = n.NewestDay THEN a.Day END AS ModelDay
    INTO #judged
    FROM #asked_days AS a
    JOIN iot.AnomalyChannels AS n ON n.ChannelID = a.ChannelID;
    UPDATE j
    SET ModelDay = k.ModelDay
    FROM #judged AS j
    JOIN (
        SELECT
            l.ChannelID,
            l.Day,
            m.Day AS ModelDay,
            ROW_NUMBER() OVER (
                PARTITION BY l.ChannelID, l.Day
                ORDER BY CASE WHEN DATEDIFF(DAY, m.Day, l.Day) % 7 = 0 THEN 0 ELSE 1 END, m.Day DESC
            ) AS Place
        FROM #judged AS l
        JOIN (
            SELECT DISTINCT n.ChannelID, n.Day
            FROM iot.AnomalyModelsKept AS n
            WHERE n.ChannelID IN (SELECT x.ChannelID FROM #judged AS x WHERE x.ModelDay IS NULL)
        ) AS m ON m.ChannelID = l.ChannelID AND m.Day <= l.Day
        WHERE l.ModelDay IS NULL
    ) AS k ON k.ChannelID = j.ChannelID AND k.Day = j.Day AND k.Place = 1;
    SELECT
        j.ChannelID,
        j.Day,
        CASE WHEN j.Day = j.ModelDay THEN 1 ELSE 0 END AS IsOwn,
        m.Measure,
        m.Item,
        v.FieldNumber,
        v.Amount
    INTO #model
    FROM #judged AS j
    JOIN (
        SELECT n.* FROM iot.AnomalyModels AS n
        UNION ALL
        SELECT n.* FROM iot.AnomalyModelsKept AS n
    ) AS m ON m.ChannelID = j.ChannelID AND m.Day = j.ModelDay
    CROSS APPLY ( VALUES
        (#, m.Field#), -- each field
        (0, NULL)
    ) AS v (FieldNumber, Amount)
    WHERE v.Amount IS NOT NULL;
    SELECT
        m.ChannelID,
        m.Day,
        m.FieldNumber,
        MAX(CASE WHEN m.Item = 0 THEN m.Amount END) AS Least,
        MAX(CASE WHEN m.Item = 1 THEN m.Amount END) AS Greatest,
        MAX(CASE WHEN m.Item = 2 THEN m.Amount END) AS Days,
        MAX(CASE WHEN m.Item = 3 THEN m.Amount END) AS Readings,
        MAX(CASE WHEN m.Item = 5 THEN m.Amount END) AS Downs,
        MAX(CASE WHEN m.Item = 6 THEN m.Amount END) AS LongestRun,
        MAX(CASE WHEN m.Item = 7 THEN m.Amount END) AS Silences,
        MAX(CASE WHEN m.Item = 8 AND m.IsOwn = 1 THEN m.Amount END) AS LastValue,
        MAX(CASE WHEN m.Item = 9 AND m.IsOwn = 1 THEN m.Amount END) AS LastAt,
        MAX(CASE WHEN m.Item = 10 AND m.IsOwn = 1 THEN m.Amount END) AS LastRunAt,
        MAX(CASE WHEN m.Item = 11 THEN m.Amount END) AS Nature,
        MAX(CASE WHEN m.Item = 12 THEN m.Amount END) AS GreatestRise,
        MAX(CASE WHEN m.Item = 13 THEN m.Amount END) AS LongestOther,
        MAX(CASE WHEN m.Item = 14 THEN m.Amount END) AS Zeros,
        MAX(CASE WHEN m.Item = 20 THEN m.Amount END) AS UsualStep,
        MAX(CASE WHEN m.Item = 23 AND m.IsOwn = 1 THEN m.Amount END) AS Week,
        MAX(CASE WHEN m.Item = 24 THEN m.Amount END) AS Older,
        MAX(CASE WHEN m.Item = 25 THEN m.Amount END) AS OlderSpread,
        MAX(CASE WHEN m.Item = 26 THEN m.Amount END) AS RightLow,
        MAX(CASE WHEN m.Item = 27 THEN m.Amount END) AS RightHigh,
        MAX(CASE WHEN m.Item = 29 THEN m.Amount END) AS RightSilence,
        MAX(CASE WHEN m.Item = 30 THEN m.Amount END) AS FallLow,
        MAX(CASE WHEN m.Item = 31 THEN m.Amount END) AS FallHigh,
        MAX(CASE WHEN m.Item = 32 THEN m.Amount END) AS WeekLow,
        MAX(CASE WHEN m.Item = 33 THEN m.Amount END) AS WeekHigh
    INTO #known
    FROM #model AS m
    WHERE m.Measure = N'KNOWN'
    GROUP BY m.ChannelID, m.Day, m.FieldNumber;
    SELECT
        m.ChannelID,
        m.Day,
        m.FieldNumber,
        m.Item AS Hour,
        MAX(CASE WHEN m.Measure = N'LEVEL' THEN m.Amount END) AS Level,
        MAX(CASE WHEN m.Measure = N'SPREAD' THEN m.Amount END) AS Spread
    INTO #profiles
    FROM #model AS m
    WHERE m.Measure IN (N'LEVEL', N'SPREAD')
    GROUP BY m.ChannelID, m.Day, m.FieldNumber, m.Item;
    SELECT
        m.ChannelID,
        m.Day,
        m.FieldNumber,
        m.Measure,
        m.Item AS Bin,
        LAG(m.Item, 1, -1) OVER (
            PARTITION BY m.ChannelID, m.Day, m.FieldNumber, m.Measure
            ORDER BY m.Item
        ) AS BinBefore,
        SUM(m.Amount) OVER (
            PARTITION BY m.ChannelID, m.Day, m.FieldNumber, m.Measure
            ORDER BY m.Item DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS AtLeast,
        SUM(m.Amount) OVER (PARTITION BY m.ChannelID, m.Day, m.FieldNumber, m.Measure) AS Total
    INTO #tails
    FROM #model AS m
    WHERE m.Measure IN (N'FAR', N'LEAN');

    SELECT
        j.ChannelID,
        j.Day,
        r.CreatedAt,
        r.Epoch,
        r.EntryID,
        LAG(r.CreatedAt) OVER (
            PARTITION BY j.ChannelID, j.Day
            ORDER BY r.CreatedAt, r.Epoch, r.EntryID
        ) AS RowBeforeAt,
        r.Field# -- each field, comma between
    INTO #rows
    FROM #judged AS j
    JOIN iot.CurrentReadings AS r WITH (FORCESEEK)
        ON r.ChannelID = j.ChannelID
            AND r.CreatedAt >= CAST(j.Day AS DATETIME2(6))
            AND r.CreatedAt <= DATEADD(
                MICROSECOND,
                999999,
                DATEADD(SECOND, 86399, CAST(j.Day AS DATETIME2(6)))
            )
    OPTION (LOOP JOIN, FORCE ORDER);
    SELECT
        m.ChannelID,
        m.Day,
        v.FieldNumber,
        m.CreatedAt,
        CAST(v.Amount AS FLOAT) AS Amount,
        CAST(DATEDIFF_BIG(MICROSECOND, '19700101', m.CreatedAt) / 1000000.0 AS FLOAT) AS At,
        CAST(DATEDIFF_BIG(MICROSECOND, '19700101', m.RowBeforeAt) / 1000000.0 AS FLOAT) AS RowBeforeAt,
        k.Least,
        k.Greatest,
        k.Days,
        k.Readings,
        k.Downs,
        k.LongestRun,
        k.LongestOther,
        k.Silences,
        k.LastValue,
        k.LastAt,
        k.LastRunAt,
        k.Nature,
        k.GreatestRise,
        k.Zeros,
        k.UsualStep,
        k.Week,
        k.Older,
        k.OlderSpread,
        k.RightLow,
        k.RightHigh,
        k.RightSilence,
        k.FallLow,
        k.FallHigh,
        k.WeekLow,
        k.WeekHigh,
        86400 * k.Days / NULLIF(k.Readings, 0) AS Usual,
        ROW_NUMBER() OVER (
            PARTITION BY m.ChannelID, m.Day, v.FieldNumber
            ORDER BY m.CreatedAt, m.Epoch, m.EntryID
        ) AS Place
    INTO #given
    FROM #rows AS m
    CROSS APPLY ( VALUES
        (#, m.Field#), -- each field
        (0, NULL)
    ) AS v (FieldNumber, Amount)
    JOIN #known AS k ON k.ChannelID = m.ChannelID AND k.Day = m.Day AND k.FieldNumber = v.FieldNumber
    WHERE v.Amount IS NOT NULL;
    SELECT
        g.*,
        COALESCE(
            LAG(g.Amount) OVER (PARTITION BY g.ChannelID, g.Day, g.FieldNumber ORDER BY g.Place),
            g.LastValue
        ) AS Before,
        COALESCE(
            LAG(g.At) OVER (PARTITION BY g.ChannelID, g.Day, g.FieldNumber ORDER BY g.Place),
            g.LastAt
        ) AS BeforeAt
    INTO #before
    FROM #given AS g;
    SELECT
        f.*,
        -- the value before, where it is not much older than usual
        CASE WHEN f.At - f.BeforeAt <= 3 * f.Usual THEN f.Before END AS Near
    INTO #followed
    FROM #before AS f;
    SELECT
        f.*,
        p.Level,
        p.Spread,
        CASE
            WHEN f.Nature = 1 THEN CASE WHEN f.Amount >= f.Near THEN f.Amount - f.Near END
            WHEN f.Nature = 5 AND f.Amount >= 0 AND f.Amount <= 360 THEN f.Amount -
            360 * FLOOR((f.Amount - p.Level + 180) / 360)
            ELSE f.Amount
        END AS Judged,
        CASE WHEN f.Nature = 1 THEN 0 ELSE f.Least END AS FromValue,
        CASE WHEN f.Nature = 1 THEN f.GreatestRise ELSE f.Greatest END AS ToValue,
        COALESCE(
            MAX(CASE WHEN f.Before <> f.Amount THEN f.At END) OVER (
                PARTITION BY f.ChannelID, f.Day, f.FieldNumber
                ORDER BY f.Place
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ),
            f.LastRunAt
        ) AS RunAt
    INTO #levelled
    FROM #followed AS f
    LEFT JOIN #profiles AS p
        ON p.ChannelID = f.ChannelID
            AND p.Day = f.Day
            AND p.FieldNumber = f.FieldNumber
            AND p.Hour = DATEPART(HOUR, f.CreatedAt);
    SELECT
        x.*,
        CASE
            WHEN x.Bounded < x.FromValue THEN x.FromValue - x.Bounded
            WHEN x.Bounded > x.ToValue THEN x.Bounded - x.ToValue
            ELSE 0
        END AS OffBy
    INTO #measured
    FROM (
        SELECT
            l.*,
            CASE WHEN l.Nature = 5 THEN l.Amount ELSE l.Judged END AS Bounded,
            l.ToValue - l.FromValue AS Known,
            l.Readings - l.Zeros AS Others,
            (l.Judged - l.Level) /
            CASE WHEN l.Spread > 0.000000001 THEN l.Spread ELSE 0.000000001 END AS Deviation
        FROM #levelled AS l
    ) AS x;
    SELECT
        m.ChannelID,
        m.Day,
        m.FieldNumber,
        m.Place,
        ABS(
            AVG(CASE WHEN ABS(m.Deviation) > 6 THEN 6 * SIGN(m.Deviation) ELSE m.Deviation END) OVER (
                PARTITION BY m.Day, m.ChannelID, m.FieldNumber
                ORDER BY m.Place
                ROWS BETWEEN 23 PRECEDING AND CURRENT ROW
            )
        ) AS Lean
    INTO #leant
    FROM (
        SELECT x.ChannelID, x.Day, x.FieldNumber, x.Place, x.Deviation FROM #measured AS x
        UNION ALL
        SELECT x.ChannelID, x.Day, x.FieldNumber, -x.Item, x.Amount
        FROM #model AS x
        WHERE x.Measure = N'LAST' AND x.IsOwn = 1
    ) AS m;
    SELECT
        m.*,
        CASE
            WHEN m.Deviation IS NOT NULL THEN ROUND(
                -LOG10((COALESCE(a.AtLeast, 0) + 1) / (t.Total + 1)) -
                LOG10((COALESCE(b.AtLeast, 0) + 1) / (t.Total + 1)),
                9
            )
        END AS Rareness,
        ROUND(4.6 + CASE WHEN m.Usual < 300 THEN LOG10(300 / m.Usual) ELSE 0 END, 9) +
        CASE WHEN m.Nature = 2 THEN 1 ELSE 0 END AS Threshold,
        -- outside of all that was known by a quarter of its range, or by a twentieth where that is five spreads off its
        -- level; a switch by half; by all of it a counter's rise, and what is sparse, when twenty other than zero are
        -- known; in a light's dark hours six spreads off
        CASE
            WHEN m.Nature = 4 AND m.Level = 0 AND m.Deviation >= 6 THEN 1
            WHEN m.Nature = 1 AND m.OffBy > m.Known THEN 1
            WHEN m.Nature = 2 AND m.OffBy > m.Known AND m.Others >= 20 THEN 1
            WHEN m.Nature = 3 AND m.OffBy > 0.5 * m.Known THEN 1
            WHEN m.Nature IN (0, 4, 5) AND m.OffBy > 0.25 * m.Known THEN 1
            WHEN m.Nature IN (0, 4, 5) AND m.OffBy > 0.05 * m.Known AND ABS(m.Deviation) >= 5 THEN 1
            ELSE 0
        END AS IsBeyond,
        -- a step twice as great as those of all days but three; three times where most are zero, when a hundred others
        -- are known
        CASE
            WHEN m.Nature IN (0, 4) AND ABS(m.Amount - m.Near) > 2 * m.UsualStep THEN 1
            WHEN m.Nature = 2 AND ABS(m.Amount - m.Near) > 3 * m.UsualStep AND m.Others >= 100 THEN 1
            ELSE 0
        END AS IsJump,
        CASE WHEN m.Amount = 0 THEN m.LongestRun ELSE m.LongestOther END AS Longest
    INTO #weighed
    FROM #measured AS m
    JOIN #leant AS l
        ON l.ChannelID = m.ChannelID AND l.Day = m.Day AND l.FieldNumber = m.FieldNumber AND l.Place = m.Place
    LEFT JOIN (
        SELECT DISTINCT o.ChannelID, o.Day, o.FieldNumber, o.Total FROM #tails AS o WHERE o.Measure = N'FAR'
    ) AS t ON t.ChannelID = m.ChannelID AND t.Day = m.Day AND t.FieldNumber = m.FieldNumber
    LEFT JOIN #tails AS a
        ON a.ChannelID = m.ChannelID
            AND a.Day = m.Day
            AND a.FieldNumber = m.FieldNumber
            AND a.Measure = N'FAR'
            AND CASE
                WHEN ABS(m.Deviation) > 65000 THEN 63
                ELSE CAST(FLOOR(ROUND(4 * LOG(1 + ABS(m.Deviation)) / LOG(2), 9)) AS INT)
            END BETWEEN a.BinBefore + 1 AND a.Bin
    LEFT JOIN #tails AS b
        ON b.ChannelID = m.ChannelID
            AND b.Day = m.Day
            AND b.FieldNumber = m.FieldNumber
            AND b.Measure = N'LEAN'
            AND CASE
                WHEN l.Lean > 65000 THEN 63
                ELSE CAST(FLOOR(ROUND(4 * LOG(1 + l.Lean) / LOG(2), 9)) AS INT)
            END BETWEEN b.BinBefore + 1 AND b.Bin
    WHERE m.Days > 0;

    SELECT
        w.*,
        CASE
            WHEN w.IsBeyond = 1 THEN 1
            WHEN w.Nature <> 3 AND w.Rareness >= w.Threshold AND ABS(w.Deviation) >= 4 THEN 1
            ELSE 0
        END AS IsOdd
    INTO #odd
    FROM #weighed AS w;
    -- what lies where people said that such is right, or a twentieth of that span beside it, is none
    UPDATE #odd
    SET IsOdd = 0, IsJump = 0
    WHERE (IsOdd = 1 OR IsJump = 1)
        AND CASE WHEN IsOdd = 1 THEN Judged ELSE Amount END >= RightLow - 0.05 * (RightHigh - RightLow)
        AND CASE WHEN IsOdd = 1 THEN Judged ELSE Amount END <= RightHigh + 0.05 * (RightHigh - RightLow);
    SELECT
        w.ChannelID,
        w.FieldNumber,
        w.Day,
        CAST(N'VALUE' AS NVARCHAR(10)) AS Family,
        w.At AS Since,
        w.At,
        CASE WHEN w.IsOdd = 1 THEN w.Judged ELSE w.Amount END AS Value,
        CASE WHEN w.IsOdd = 1 THEN w.Level ELSE w.Before END AS Expected,
        CASE WHEN w.IsOdd = 1 THEN w.Spread ELSE w.UsualStep END AS Spread,
        CASE
            WHEN w.IsOdd = 1 AND (w.Deviation > 0 OR (w.Deviation IS NULL AND w.Judged > w.ToValue)) THEN 1
            ELSE 0
        END AS IsAbove,
        w.IsBeyond,
        1 - w.IsOdd AS IsJump,
        CASE WHEN w.Rareness > w.Threshold THEN w.Rareness ELSE w.Threshold END AS Score,
        w.FromValue AS Least,
        w.ToValue AS Greatest,
        w.Days
    INTO #hits
    FROM #odd AS w
    WHERE w.IsOdd = 1 OR w.IsJump = 1
    UNION ALL
    -- the same for twice as long as ever, and three hours; what rests at zero may do so longer, and rain for ever
    SELECT
        w.ChannelID,
        w.FieldNumber,
        w.Day,
        N'STUCK',
        w.RunAt,
        w.At,
        w.Amount,
        w.Longest,
        NULL,
        0,
        0,
        0,
        (w.At - w.RunAt) / CASE WHEN w.Longest > 3600 THEN w.Longest ELSE 3600 END,
        w.Least,
        w.Greatest,
        w.Days
    FROM #odd AS w
    WHERE w.At - w.RunAt > 2 * w.Longest AND w.At - w.RunAt > 10800 AND NOT (w.Nature = 2 AND w.Amount = 0)
    UNION ALL
    -- no value for an hour, and twenty times as long as usual, which was not so once a week; of all fields: field 0
    SELECT
        w.ChannelID,
        CASE WHEN w.RowBeforeAt <> w.BeforeAt THEN w.FieldNumber ELSE 0 END,
        w.Day,
        N'SILENCE',
        w.BeforeAt,
        w.At,
        NULL,
        w.Usual,
        NULL,
        0,
        0,
        0,
        (w.At - w.BeforeAt) / w.Usual,
        NULL,
        NULL,
        w.Days
    FROM #odd AS w
    WHERE w.At - w.BeforeAt > 3600
        AND w.At - w.BeforeAt > 20 * w.Usual
        AND 7 * w.Silences <= w.Days
        AND (w.RightSilence IS NULL OR w.At - w.BeforeAt > 1.05 * w.RightSilence)
    UNION ALL
    -- a counter that falls, which it did not once a week
    SELECT
        w.ChannelID,
        w.FieldNumber,
        w.Day,
        N'FALL',
        w.At,
        w.At,
        w.Amount,
        w.Before,
        NULL,
        0,
        0,
        0,
        w.Days / (w.Downs + 1),
        w.Least,
        w.Greatest,
        w.Days
    FROM #odd AS w
    WHERE w.Nature = 1
        AND w.Amount < w.Before
        AND 7 * w.Downs <= w.Days
        AND (
            w.FallLow IS NULL
            OR w.Amount < w.FallLow - 0.05 * (w.FallHigh - w.FallLow)
            OR w.Amount > w.FallHigh + 0.05 * (w.FallHigh - w.FallLow)
        )
    UNION ALL
    -- a week that lies three spreads off the three before it, and half a usual greatest step
    SELECT
        w.ChannelID,
        w.FieldNumber,
        w.Day,
        N'DRIFT',
        w.At,
        w.At,
        w.Week,
        w.Older,
        w.OlderSpread,
        CASE WHEN w.Week > w.Older THEN 1 ELSE 0 END,
        0,
        0,
        ABS(w.Week - w.Older) / NULLIF(w.OlderSpread, 0),
        w.Least,
        w.Greatest,
        w.Days
    FROM #odd AS w
    WHERE w.OlderSpread > 0
        AND ABS(w.Week - w.Older) > 3 * w.OlderSpread
        AND ABS(w.Week - w.Older) > 0.5 * COALESCE(w.UsualStep, 0)
        AND (
            w.WeekLow IS NULL
            OR w.Week < w.WeekLow - 0.05 * (w.WeekHigh - w.WeekLow)
            OR w.Week > w.WeekHigh + 0.05 * (w.WeekHigh - w.WeekLow)
        );

    SELECT
        i.*,
        CASE
            WHEN i.Since -
            LAG(i.At) OVER (
                PARTITION BY i.ChannelID, i.FieldNumber, i.Family, i.Day
                ORDER BY i.At
            ) > 21600 THEN 1
            ELSE 0
        END AS IsApart
    INTO #parted
    FROM #hits AS i;
    SELECT
        h.*,
        SUM(h.IsApart) OVER (
            PARTITION BY h.ChannelID, h.FieldNumber, h.Family, h.Day
            ORDER BY h.At
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS Spell
    INTO #opened
    FROM #parted AS h;
    DELETE s
    FROM iot.AnomalySpells AS s
    JOIN #asked_days AS a ON a.ChannelID = s.ChannelID AND a.Day = s.Day;
    INSERT INTO iot.AnomalySpells (
        ChannelID,
        FieldNumber,
        Family,
        Day,
        StartedAt,
        EndedAt,
        Hits,
        HitsAbove,
        Beyond,
        Jumps,
        Score,
        PeakAt,
        Value,
        Expected,
        Spread,
        Least,
        Greatest,
        DaysKnown
    )
    SELECT
        o.ChannelID,
        o.FieldNumber,
        o.Family,
        o.Day,
        iot.ufn_AtSeconds(MIN(o.Since)),
        iot.ufn_AtSeconds(MAX(o.At)),
        COUNT_BIG(*),
        SUM(o.IsAbove),
        SUM(o.IsBeyond),
        SUM(o.IsJump),
        MAX(o.Score),
        iot.ufn_AtSeconds(MAX(CASE WHEN o.Rank = 1 THEN o.At END)),
        -- as a float the largest numbers are more than their column holds
        CAST(
            MAX(
                CASE
                    WHEN o.Rank = 1 THEN CASE
                        WHEN ABS(o.Value) < 999999999999.5 THEN o.Value
                        ELSE SIGN(o.Value) * 999999999999.5
                    END
                END
            ) AS DECIMAL(18, 6)
        ),
        MAX(CASE WHEN o.Rank = 1 THEN o.Expected END),
        MAX(CASE WHEN o.Rank = 1 THEN o.Spread END),
        MAX(o.Least),
        MAX(o.Greatest),
        MAX(o.Days)
    FROM (
        SELECT
            x.*,
            ROW_NUMBER() OVER (
                PARTITION BY x.ChannelID, x.FieldNumber, x.Family, x.Day, x.Spell
                ORDER BY x.IsJump, x.Score DESC, x.At
            ) AS Rank
        FROM #opened AS x
    ) AS o
    GROUP BY o.ChannelID, o.FieldNumber, o.Family, o.Day, o.Spell;
    RETURN 0;
END;
