-- usp_QualityDimensions(channel_id, start_at, end_at, as_of): how good the readings of a span are in each of six ways,
-- a row for the channel (field 0) and, where fields are judged by themselves, one for each that has values; a span that
-- is NULL begins with the first reading and ends with as-of.
-- Of what is checked so many are broken; the worst span is, of absent readings, the longest gap, else the time in
-- which most broken ones follow one another within six hours. Readings are counted by hours (from the first of all
-- days) and by which fields (bits: 1 is field 1, 128 is field 8) are what; all else is made of these counts.
CREATE OR ALTER PROCEDURE iot.usp_QualityDimensions
    @ChannelID INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @base DATETIME2(6) = '0001-01-01', @before DATETIME2(6), @followed DATETIME2(6);
    DECLARE @ranged INT, @valued INT, @usual FLOAT;
    DECLARE @first INT = @ChannelID, @last INT = @ChannelID, @from DATE, @to DATE;
    SET @AsOfTime = COALESCE(@AsOfTime, SYSUTCDATETIME());
    IF @EndAt IS NULL OR @EndAt > @AsOfTime
        SET @EndAt = @AsOfTime;
    IF @StartAt IS NULL
        SELECT @StartAt = MIN(r.CreatedAt) FROM iot.CountedReadings AS r WHERE r.ChannelID = @ChannelID;
    SET @StartAt = COALESCE(@StartAt, @EndAt);
    SELECT @from = CAST(@StartAt AS DATE), @to = CAST(@EndAt AS DATE);
    -- the last reading before the span is not of it: what is absent may begin with it
    IF @StartAt < @EndAt
        SELECT @before = MAX(r.CreatedAt)
        FROM iot.CountedReadings AS r
        WHERE r.ChannelID = @ChannelID AND r.CreatedAt < @StartAt
        OPTION (RECOMPILE);
    -- what was loaded before the channel was followed has not come late
    SELECT @followed = MIN(f.Since)
    FROM (
        SELECT MIN(r.ImportedAt) AS Since
        FROM iot.CountedReadings AS r
        WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @StartAt AND r.CreatedAt < @EndAt
        UNION ALL
        SELECT MIN(p.StartedAt)
        FROM iot.PipelineRuns AS p
        WHERE p.ChannelID = @ChannelID AND p.Source IS NULL AND p.Outcome = N'success'
    ) AS f
    OPTION (RECOMPILE);

    -- twice the usual distance: a median of whole seconds has halves
    SELECT DATEDIFF(DAY, @base, q.CheckDate) AS Day, CAST(2 * q.CadenceSeconds AS BIGINT) AS Twice
    INTO #cadences
    FROM iot.DataQuality AS q
    WHERE q.ChannelID = @ChannelID AND q.CadenceSeconds IS NOT NULL;
    SELECT TOP (1) @usual = c.Twice / 2.0E0
    FROM #cadences AS c
    WHERE c.Day <= DATEDIFF(DAY, @base, @EndAt)
    ORDER BY c.Day DESC;
    -- a bound that is NULL is open, and so are both of a field without a range
    SELECT
        -- each field
        MAX(CASE WHEN f.FieldNumber = # THEN f.MinValue END) AS Low#,
        MAX(CASE WHEN f.FieldNumber = # THEN f.MaxValue END) AS High#,
        -- end
        COALESCE(
            SUM(
                CASE WHEN COALESCE(f.MinValue, f.MaxValue) IS NULL THEN 0 ELSE POWER(2, f.FieldNumber - 1) END
            ),
            0
        ) AS Ranged
    INTO #ranges
    FROM iot.FieldRanges AS f
    WHERE f.ChannelID = @ChannelID;
    SELECT @ranged = g.Ranged FROM #ranges AS g;
    SELECT t.Epoch, t.EntryID, SUM(t.IsUntyped * t.Bit) AS Untyped, SUM((1 - t.IsUntyped) * t.Bit) AS Rounded
    INTO #texts
    FROM (
        SELECT DISTINCT
            v.Epoch,
            v.EntryID,
            CASE WHEN v.Reason = N'rounded' THEN 0 ELSE 1 END AS IsUntyped,
            POWER(2, TRY_CAST(RIGHT(v.ColumnName, 1) AS INT) - 1) AS Bit
        FROM iot.RawValues AS v
        WHERE v.ChannelID = @ChannelID
            AND v.Reason IN (N'unparseable', N'out of range', N'rounded')
            AND v.ColumnName IN (
                -- each field, comma between
                N'Field#'
                -- end
            )
    ) AS t
    GROUP BY t.Epoch, t.EntryID;

    SELECT
        m.Hour,
        m.Present,
        m.Outside,
        m.Untyped & ~m.Present AS Untyped,
        m.Rounded & m.Present AS Rounded,
        m.IsLate,
        COUNT_BIG(*) AS Readings,
        MIN(m.CreatedAt) AS FirstAt,
        MAX(m.CreatedAt) AS LastAt
    INTO #parts
    FROM (
        SELECT
            r.CreatedAt,
            DATEDIFF(HOUR, @base, r.CreatedAt) AS Hour,
            -- each field
            CASE WHEN r.Field# IS NULL THEN 0 ELSE POWER(2, # - 1) END +
            -- end
            0 AS Present,
            -- each field
            CASE WHEN r.Field# < g.Low# OR r.Field# > g.High# THEN POWER(2, # - 1) ELSE 0 END +
            -- end
            0 AS Outside,
            COALESCE(t.Untyped, 0) AS Untyped,
            COALESCE(t.Rounded, 0) AS Rounded,
            CASE
                WHEN r.CreatedAt < @followed OR c.Twice IS NULL THEN NULL
                WHEN DATEDIFF_BIG(MICROSECOND, r.CreatedAt, r.ImportedAt) <= 600000000 THEN 0
                WHEN DATEDIFF_BIG(MICROSECOND, r.CreatedAt, r.ImportedAt) <= 1500000 * c.Twice THEN 0
                ELSE 1
            END AS IsLate
        FROM iot.CountedReadings AS r
        CROSS JOIN #ranges AS g
        LEFT JOIN #cadences AS c ON c.Day = DATEDIFF(DAY, @base, r.CreatedAt)
        LEFT JOIN #texts AS t ON t.Epoch = r.Epoch AND t.EntryID = r.EntryID
        WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @StartAt AND r.CreatedAt < @EndAt
    ) AS m
    GROUP BY m.Hour, m.Present, m.Outside, m.Untyped & ~m.Present, m.Rounded & m.Present, m.IsLate
    OPTION (RECOMPILE);

    -- from each reading to the next one
    SELECT s.CreatedAt, LEAD(s.CreatedAt) OVER (ORDER BY s.CreatedAt) AS NextAt
    INTO #steps
    FROM (
        SELECT r.CreatedAt
        FROM iot.CountedReadings AS r
        WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @StartAt AND r.CreatedAt < @EndAt
        UNION ALL
        SELECT @before WHERE @before IS NOT NULL
    ) AS s
    OPTION (RECOMPILE);
    SELECT a.FirstAt, a.LastAt, a.IsThere, CASE WHEN a.Absent < 0 THEN 0 ELSE a.Absent END AS Absent
    INTO #gaps
    FROM (
        SELECT
            n.FirstAt,
            n.LastAt,
            n.IsThere,
            (4 * DATEDIFF_BIG(SECOND, n.FirstAt, n.LastAt) + n.Twice) / (2 * n.Twice) - 1 AS Absent
        FROM (
            SELECT
                CASE WHEN s.CreatedAt < @StartAt THEN @StartAt ELSE s.CreatedAt END AS FirstAt,
                COALESCE(s.NextAt, @EndAt) AS LastAt,
                CASE WHEN s.CreatedAt < @StartAt THEN 0 ELSE 1 END AS IsThere,
                c.Twice
            FROM #steps AS s
            JOIN #cadences AS c ON c.Day = DATEDIFF(DAY, @base, s.CreatedAt)
            -- of a second that has several readings, the last one is followed by other seconds
            WHERE s.NextAt IS NULL OR DATEDIFF_BIG(SECOND, s.CreatedAt, s.NextAt) > 0
        ) AS n
    ) AS a;
    SELECT e.CreatedAt, SUM(e.Readings - 1) AS Repeats
    INTO #repeats
    FROM (
        SELECT r.CreatedAt, COUNT_BIG(*) AS Readings
        FROM iot.CountedReadings AS r
        JOIN (
            SELECT DISTINCT s.CreatedAt FROM #steps AS s WHERE s.NextAt = s.CreatedAt
        ) AS d ON d.CreatedAt = r.CreatedAt
        WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @StartAt AND r.CreatedAt < @EndAt
        GROUP BY
            r.CreatedAt,
            -- each field, comma between
            r.Field#
        -- end
        HAVING COUNT_BIG(*) > 1
    ) AS e
    GROUP BY e.CreatedAt
    OPTION (RECOMPILE);

    -- a field is known after fourteen days with values; what is unusual is found up to the newest day that was judged
    SELECT k.FieldNumber, DATEADD(DAY, 1, k.Day) AS FirstAt, DATEADD(DAY, 1, k.NewestAt) AS EndAt
    INTO #known
    FROM (
        SELECT
            f.FieldNumber,
            g.PeriodStart AS Day,
            CAST(n.NewestDay AS DATETIME2(6)) AS NewestAt,
            ROW_NUMBER() OVER (PARTITION BY f.FieldNumber ORDER BY g.PeriodStart) AS Place
        FROM iot.AnomalyChannels AS n
        JOIN iot.AggregatedData AS g ON g.ChannelID = n.ChannelID AND g.PeriodStart >= n.FirstDay
        CROSS APPLY ( VALUES
            (#, g.Field#Count), -- each field
            (0, 0)
        ) AS f (FieldNumber, Amount)
        WHERE n.ChannelID = @ChannelID AND g.AggregationType = N'DAILY' AND f.Amount > 0
    ) AS k
    WHERE k.Place = 14;
    -- include unusual
    SELECT o.FieldNumber, COUNT_BIG(*) AS Readings, MIN(o.CreatedAt) AS FirstAt, MAX(o.CreatedAt) AS LastAt
    INTO #odd
    FROM (
        SELECT DISTINCT u.FieldNumber, r.Epoch, r.EntryID, r.CreatedAt
        FROM #unusual AS u
        JOIN #known AS k ON k.FieldNumber = u.FieldNumber
        JOIN iot.CountedReadings AS r ON r.CreatedAt >= u.StartedAt AND r.CreatedAt <= u.EndedAt
        WHERE r.ChannelID = @ChannelID
            AND r.CreatedAt >= @StartAt
            AND r.CreatedAt < @EndAt
            AND r.CreatedAt >= k.FirstAt
            AND r.CreatedAt < k.EndAt
            AND CASE u.FieldNumber
                -- each field
                WHEN # THEN r.Field#
                -- end
            END IS NOT NULL
    ) AS o
    GROUP BY o.FieldNumber, DATEDIFF(HOUR, @base, o.CreatedAt)
    OPTION (RECOMPILE);

    SELECT f.FieldNumber, POWER(2, f.FieldNumber - 1) AS Bit
    INTO #fields
    FROM ( VALUES
        (1),
        (2),
        (3),
        (4),
        (5),
        (6),
        (7),
        (8)
    ) AS f (FieldNumber);
    -- a field comes with another one where on most days nine of ten readings of that one have it
    SELECT p.FieldNumber, SUM(p.OtherBit) AS Others
    INTO #partners
    FROM (
        SELECT d.FieldNumber, d.OtherBit
        FROM (
            SELECT
                f.FieldNumber,
                o.Bit AS OtherBit,
                h.Hour / 24 AS Day,
                SUM(h.Readings) AS Readings,
                SUM(CASE WHEN h.Present & f.Bit > 0 THEN h.Readings ELSE 0 END) AS Shared
            FROM #parts AS h
            JOIN #fields AS o ON h.Present & o.Bit > 0
            JOIN #fields AS f ON f.FieldNumber <> o.FieldNumber
            GROUP BY f.FieldNumber, o.Bit, h.Hour / 24
        ) AS d
        GROUP BY d.FieldNumber, d.OtherBit
        HAVING 2 * SUM(CASE WHEN 10 * d.Shared >= 9 * d.Readings THEN 1 ELSE 0 END) > COUNT(*)
    ) AS p
    GROUP BY p.FieldNumber;

    -- 1 completeness, 2 validity, 3 timeliness, 4 uniqueness, 5 consistency, 6 plausibility
    CREATE TABLE #items (
        Place INT NOT NULL,
        FieldNumber INT NOT NULL,
        FirstAt DATETIME2(6) NOT NULL,
        LastAt DATETIME2(6) NOT NULL,
        Checked BIGINT NOT NULL,
        Broken BIGINT NOT NULL,
        OutOfRange BIGINT NOT NULL,
        Untyped BIGINT NOT NULL,
        Rounded BIGINT NOT NULL
    );
    INSERT INTO #items (Place, FieldNumber, FirstAt, LastAt, Checked, Broken, OutOfRange, Untyped, Rounded)
    SELECT
        2,
        f.FieldNumber,
        h.FirstAt,
        h.LastAt,
        h.Readings,
        CASE WHEN (h.Outside | h.Untyped | h.Rounded) & f.Bit > 0 THEN h.Readings ELSE 0 END,
        CASE WHEN h.Outside & f.Bit > 0 THEN h.Readings ELSE 0 END,
        CASE WHEN h.Untyped & f.Bit > 0 THEN h.Readings ELSE 0 END,
        CASE WHEN h.Rounded & f.Bit > 0 THEN h.Readings ELSE 0 END
    FROM #parts AS h
    JOIN #fields AS f ON (h.Present | h.Untyped) & f.Bit > 0
    UNION ALL
    SELECT 3, 0, h.FirstAt, h.LastAt, h.Readings, h.IsLate * h.Readings, 0, 0, 0
    FROM #parts AS h
    WHERE h.IsLate IS NOT NULL
    UNION ALL
    SELECT 4, 0, h.FirstAt, h.LastAt, h.Readings, 0, 0, 0, 0 FROM #parts AS h
    UNION ALL
    SELECT 4, 0, r.CreatedAt, r.CreatedAt, 0, r.Repeats, 0, 0, 0 FROM #repeats AS r
    UNION ALL
    SELECT
        5,
        f.FieldNumber,
        h.FirstAt,
        h.LastAt,
        h.Readings,
        CASE WHEN h.Present & f.Bit = 0 THEN h.Readings ELSE 0 END,
        0,
        0,
        0
    FROM #partners AS p
    JOIN #fields AS f ON f.FieldNumber = p.FieldNumber
    JOIN #parts AS h ON h.Present & p.Others > 0
    UNION ALL
    SELECT 6, k.FieldNumber, h.FirstAt, h.LastAt, h.Readings, 0, 0, 0, 0
    FROM #known AS k
    JOIN #fields AS f ON f.FieldNumber = k.FieldNumber
    JOIN #parts AS h ON h.Present & f.Bit > 0 AND h.FirstAt >= k.FirstAt AND h.FirstAt < k.EndAt
    UNION ALL
    SELECT 6, o.FieldNumber, o.FirstAt, o.LastAt, 0, o.Readings, 0, 0, 0 FROM #odd AS o;
    SELECT
        i.Place,
        i.FieldNumber,
        DATEDIFF(HOUR, @base, i.FirstAt) AS Hour,
        SUM(i.Checked) AS Checked,
        SUM(i.Broken) AS Broken,
        SUM(i.OutOfRange) AS OutOfRange,
        SUM(i.Untyped) AS Untyped,
        SUM(i.Rounded) AS Rounded,
        MIN(CASE WHEN i.Broken > 0 THEN i.FirstAt END) AS FirstAt,
        MAX(CASE WHEN i.Broken > 0 THEN i.LastAt END) AS LastAt
    INTO #hourly
    FROM #items AS i
    GROUP BY i.Place, i.FieldNumber, DATEDIFF(HOUR, @base, i.FirstAt);

    -- broken ones that follow one another, with all that is checked up to the next ones
    SELECT
        s.Place,
        s.FieldNumber,
        CAST(SUM(s.Checked) AS BIGINT) AS Checked,
        CAST(SUM(s.Broken) AS BIGINT) AS Broken,
        CAST(SUM(s.OutOfRange) AS BIGINT) AS OutOfRange,
        CAST(SUM(s.Untyped) AS BIGINT) AS Untyped,
        CAST(SUM(s.Rounded) AS BIGINT) AS Rounded,
        MIN(s.FirstAt) AS WorstFrom,
        MAX(s.LastAt) AS WorstTo,
        CAST(SUM(s.Broken) AS BIGINT) AS WorstBroken
    INTO #spells
    FROM (
        SELECT
            b.*,
            SUM(CASE WHEN DATEADD(HOUR, 6, b.BeforeAt) < b.FirstAt THEN 1 ELSE 0 END) OVER (
                PARTITION BY b.Place, b.FieldNumber
                ORDER BY b.Hour
                ROWS UNBOUNDED PRECEDING
            ) AS Number
        FROM (
            SELECT
                h.*,
                MAX(h.LastAt) OVER (
                    PARTITION BY h.Place, h.FieldNumber
                    ORDER BY h.Hour
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS BeforeAt
            FROM #hourly AS h
        ) AS b
    ) AS s
    GROUP BY s.Place, s.FieldNumber, s.Number;
    INSERT INTO #spells (
        Place,
        FieldNumber,
        Checked,
        Broken,
        OutOfRange,
        Untyped,
        Rounded,
        WorstFrom,
        WorstTo,
        WorstBroken
    )
    SELECT TOP (1)
        1,
        0,
        SUM(g.IsThere + g.Absent) OVER (),
        SUM(g.Absent) OVER (),
        0,
        0,
        0,
        g.FirstAt,
        g.LastAt,
        g.Absent
    FROM #gaps AS g
    ORDER BY g.Absent DESC, g.FirstAt;

    SELECT @valued = COALESCE(SUM(f.Bit), 0)
    FROM #fields AS f
    WHERE EXISTS (SELECT 1 FROM #parts AS h WHERE (h.Present | h.Untyped) & f.Bit > 0);
    -- the channel has what its fields have together, and the worst of their spells
    SELECT
        n.Dimension,
        w.FieldNumber,
        COALESCE(j.Checked, 0) AS Checked,
        COALESCE(j.Broken, 0) AS Broken,
        CAST(j.Checked - j.Broken AS FLOAT) / NULLIF(j.Checked, 0) AS Share,
        x.WorstFrom,
        x.WorstTo,
        COALESCE(x.WorstBroken, 0) AS WorstBroken,
        CASE WHEN n.Place IN (1, 3) THEN @usual END AS UsualSeconds,
        CASE WHEN n.Place = 2 THEN COALESCE(j.OutOfRange, 0) END AS OutOfRange,
        CASE WHEN n.Place = 2 THEN COALESCE(j.Untyped, 0) END AS Untyped,
        CASE WHEN n.Place = 2 THEN COALESCE(j.Rounded, 0) END AS Rounded,
        CAST(
            CASE
                WHEN n.Place <> 2 THEN NULL
                WHEN w.FieldNumber = 0 AND @valued & ~@ranged = 0 THEN 1
                WHEN @ranged & w.Bit > 0 THEN 1
                ELSE 0
            END AS BIT
        ) AS IsRanged
    FROM ( VALUES
        (1, N'COMPLETENESS'),
        (2, N'VALIDITY'),
        (3, N'TIMELINESS'),
        (4, N'UNIQUENESS'),
        (5, N'CONSISTENCY'),
        (6, N'PLAUSIBILITY')
    ) AS n (Place, Dimension)
    JOIN (
        SELECT 0 AS FieldNumber, 0 AS Bit
        UNION ALL
        SELECT f.FieldNumber, f.Bit FROM #fields AS f WHERE @valued & f.Bit > 0
    ) AS w ON w.FieldNumber = 0 OR n.Place IN (2, 5, 6)
    OUTER APPLY (
        SELECT
            SUM(s.Checked) AS Checked,
            SUM(s.Broken) AS Broken,
            SUM(s.OutOfRange) AS OutOfRange,
            SUM(s.Untyped) AS Untyped,
            SUM(s.Rounded) AS Rounded
        FROM #spells AS s
        WHERE s.Place = n.Place AND w.FieldNumber IN (0, s.FieldNumber)
    ) AS j
    OUTER APPLY (
        SELECT TOP (1) s.WorstFrom, s.WorstTo, s.WorstBroken
        FROM #spells AS s
        WHERE s.Place = n.Place AND w.FieldNumber IN (0, s.FieldNumber) AND s.WorstBroken > 0
        ORDER BY s.WorstBroken DESC, s.WorstFrom, s.FieldNumber
    ) AS x
    ORDER BY n.Place, w.FieldNumber;
    RETURN 0;
END;
