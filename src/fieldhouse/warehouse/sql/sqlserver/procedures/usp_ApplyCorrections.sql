-- usp_ApplyCorrections: the readings at the instants of #instants(ChannelID, CreatedAt), as rules leave them now: into
-- CorrectedReadings, and the periods marked that those which changed were in, or are. Rules apply one after the
-- other, in the order of their ids, each to what the ones before left. How many readings changed; how many of these
-- have a value beyond what one can be. Called under the channels' load locks.
CREATE OR ALTER PROCEDURE iot.usp_ApplyCorrections @Readings BIGINT OUTPUT, @Beyond BIGINT OUTPUT
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @now DATETIME2(6) = SYSUTCDATETIME(), @rule BIGINT = 0, @most DECIMAL(38, 18) = 2000000000000;
    CREATE TABLE #covered (
        ReadingID BIGINT NOT NULL PRIMARY KEY CLUSTERED,
        ChannelID INT NOT NULL,
        OriginalAt DATETIME2(6) NOT NULL,
        Field# DECIMAL(18, 6), -- each field
        Hit# BIT NOT NULL, -- each field
        Changed# BIT NOT NULL, -- each field
        CorrectedAt DATETIME2(6),
        IsArchived BIT NOT NULL,
        IsHeldToCount BIT NOT NULL,
        ShiftSeconds BIGINT NOT NULL,
        IsTaken BIT NOT NULL,
        IsOut BIT NOT NULL,
        IsBeyond BIT NOT NULL
    );
    INSERT INTO #covered (
        ReadingID,
        ChannelID,
        OriginalAt,
        Field#, -- each field
        Hit#, -- each field
        Changed#, -- each field
        CorrectedAt,
        IsArchived,
        IsHeldToCount,
        ShiftSeconds,
        IsTaken,
        IsOut,
        IsBeyond
    )
    SELECT
        r.ReadingID,
        r.ChannelID,
        r.CreatedAt,
        r.Field#, -- each field
        CAST(# * 0 AS BIT), -- each field
        CAST(# * 0 AS BIT), -- each field
        r.CorrectedAt,
        CASE
            WHEN EXISTS (
                SELECT 1
                FROM iot.SensorReadings_Archive AS a
                WHERE a.ReadingID = r.ReadingID AND a.CreatedAt = r.CreatedAt
            ) THEN 1
            ELSE 0
        END,
        CASE WHEN r.Superseded = 0 AND r.WithdrawnAt IS NULL THEN 1 ELSE 0 END,
        0,
        0,
        0,
        0
    FROM #instants AS t
    JOIN iot.AllReadings AS r WITH (FORCESEEK) ON r.ChannelID = t.ChannelID AND r.CreatedAt = t.CreatedAt
    WHERE r.CorrectedAt IS NOT NULL
        OR EXISTS (
            SELECT 1
            FROM iot.Corrections AS k
            WHERE k.ChannelID = r.ChannelID
                AND k.RemovedAt IS NULL
                AND r.CreatedAt >= k.SpanStart
                AND r.CreatedAt < k.SpanEnd
        )
    OPTION (LOOP JOIN);

    -- what counted before
    SELECT
        c.ReadingID,
        c.ChannelID,
        c.CreatedAt,
        c.Field# -- each field, comma between
    INTO #was
    FROM #covered AS t
    JOIN iot.CorrectedReadings AS c ON c.ReadingID = t.ReadingID
    UNION ALL
    SELECT
        t.ReadingID,
        t.ChannelID,
        t.OriginalAt,
        t.Field# -- each field, comma between
    FROM #covered AS t
    WHERE t.CorrectedAt IS NULL AND t.IsHeldToCount = 1;

    WHILE 1 = 1
    BEGIN
        SET @rule = (
                SELECT MIN(k.CorrectionID)
                FROM iot.Corrections AS k
                WHERE k.CorrectionID > @rule
                    AND k.RemovedAt IS NULL
                    AND k.ChannelID IN (SELECT c.ChannelID FROM #covered AS c)
            );
        IF @rule IS NULL
            BREAK;
        -- the values that the rule takes or scales
        UPDATE c
        SET
            -- each field, comma between
            Hit# = CASE
                WHEN k.Kind <> N'SHIFT'
                AND COALESCE(k.FieldNumber, #) = #
                AND (
                    (k.IsOutside = 0 AND c.Field# BETWEEN k.LowValue AND k.HighValue)
                    OR (k.IsOutside = 1 AND (c.Field# < k.LowValue OR c.Field# > k.HighValue))
                ) THEN 1
                ELSE 0
            END
        -- end
        FROM #covered AS c
        JOIN iot.Corrections AS k
            ON k.ChannelID = c.ChannelID AND c.OriginalAt >= k.SpanStart AND c.OriginalAt < k.SpanEnd
        WHERE k.CorrectionID = @rule;
        UPDATE c
        SET
            -- each field
            Field# = CASE
                WHEN c.Hit# = 0 THEN c.Field#
                WHEN k.Kind = N'SCALE' THEN TRY_CAST(
                    ROUND(
                        -- beyond twice what values are, nothing that can be added brings a product back
                        CAST(
                            CASE
                                WHEN ABS(c.Field# * k.ScaleFactor) > @most THEN @most
                                ELSE c.Field# * k.ScaleFactor
                            END AS DECIMAL(32, 18)
                        ) +
                        k.OffsetValue,
                        6
                    ) AS DECIMAL(18, 6)
                )
            END,
            Changed# = CASE
                WHEN c.Hit# = 1
                OR (k.Kind = N'EXCLUDE' AND k.Condition IS NULL AND COALESCE(k.FieldNumber, #) = #) THEN 1
                ELSE c.Changed#
            END,
            -- end
            IsTaken = CASE
                WHEN k.Kind = N'EXCLUDE'
                AND (
                    c.Hit# = 1 -- each field, OR between
                ) THEN 1
                ELSE c.IsTaken
            END,
            IsOut = CASE
                WHEN k.Kind = N'EXCLUDE' AND k.FieldNumber IS NULL AND k.Condition IS NULL THEN 1
                ELSE c.IsOut
            END,
            ShiftSeconds = c.ShiftSeconds + COALESCE(k.ShiftSeconds, 0)
        FROM #covered AS c
        JOIN iot.Corrections AS k
            ON k.ChannelID = c.ChannelID AND c.OriginalAt >= k.SpanStart AND c.OriginalAt < k.SpanEnd
        WHERE k.CorrectionID = @rule;
        UPDATE c
        SET IsBeyond = 1
        FROM #covered AS c
        JOIN iot.Corrections AS k
            ON k.ChannelID = c.ChannelID AND c.OriginalAt >= k.SpanStart AND c.OriginalAt < k.SpanEnd
        WHERE k.CorrectionID = @rule
            AND k.Kind = N'SCALE'
            AND (
                -- each field, OR between
                (c.Hit# = 1 AND c.Field# IS NULL)
                -- end
            );
    END;

    SELECT
        j.ReadingID,
        j.ChannelID,
        j.OriginalAt,
        j.CreatedAt,
        j.Field#, -- each field
        j.ChangedFields,
        j.IsArchived,
        j.IsBeyond,
        COALESCE(j.CorrectedAt, @now) AS CorrectedAt,
        CASE WHEN j.CorrectedAt IS NULL THEN 0 ELSE 1 END AS WasCorrected,
        CASE
            WHEN j.IsExcluded = 1 OR j.ChangedFields <> N'' OR j.CreatedAt <> j.OriginalAt THEN 1
            ELSE 0
        END AS IsCorrected,
        CASE WHEN j.IsHeldToCount = 1 AND j.IsExcluded = 0 THEN 1 ELSE 0 END AS Counts
    INTO #corrected
    FROM (
        SELECT
            c.ReadingID,
            c.ChannelID,
            c.OriginalAt,
            -- a reading that would leave the years that there are keeps its time
            CASE
                WHEN c.ShiftSeconds = 0 THEN c.OriginalAt
                WHEN c.ShiftSeconds +
                DATEDIFF_BIG(SECOND, CAST('0001-01-08' AS DATETIME2(6)), c.OriginalAt) >= 0
                AND c.ShiftSeconds +
                DATEDIFF_BIG(SECOND, CAST('9999-12-24' AS DATETIME2(6)), c.OriginalAt) < 0 THEN DATEADD(
                    SECOND,
                    c.ShiftSeconds % 86400,
                    DATEADD(DAY, c.ShiftSeconds / 86400, c.OriginalAt)
                )
                ELSE c.OriginalAt
            END AS CreatedAt,
            c.Field#, -- each field
            CONCAT_WS(
                N', ',
                CASE WHEN c.Changed# = 1 THEN N'Field#' END -- each field, comma between
            ) AS ChangedFields,
            c.CorrectedAt,
            c.IsArchived,
            c.IsBeyond,
            c.IsHeldToCount,
            CASE
                WHEN c.IsOut = 1 THEN 1
                WHEN c.IsTaken = 1
                AND (
                    -- each field, AND between
                    c.Field# IS NULL
                    -- end
                ) THEN 1
                ELSE 0
            END AS IsExcluded
        FROM #covered AS c
    ) AS j;

    SELECT
        c.ReadingID,
        c.ChannelID,
        c.CreatedAt,
        c.Field# -- each field, comma between
    INTO #becomes
    FROM #corrected AS c
    WHERE c.Counts = 1;
    SELECT m.ReadingID, m.ChannelID, m.CreatedAt
    INTO #moved
    FROM (
        SELECT w.* FROM #was AS w
        EXCEPT
        SELECT b.* FROM #becomes AS b
    ) AS m;
    INSERT INTO #moved (ReadingID, ChannelID, CreatedAt)
    SELECT m.ReadingID, m.ChannelID, m.CreatedAt
    FROM (
        SELECT b.* FROM #becomes AS b
        EXCEPT
        SELECT w.* FROM #was AS w
    ) AS m;
    SELECT @Readings = COUNT_BIG(*), @Beyond = SUM(CAST(c.IsBeyond AS BIGINT))
    FROM #corrected AS c
    WHERE c.ReadingID IN (SELECT m.ReadingID FROM #moved AS m);

    DELETE c
    FROM #covered AS t
    JOIN iot.CorrectedReadings AS c WITH (ROWLOCK, FORCESEEK) ON c.ReadingID = t.ReadingID
    OPTION (LOOP JOIN);
    UPDATE r
    SET CorrectedAt = CASE WHEN n.IsCorrected = 1 THEN @now END
    FROM #corrected AS n
    JOIN iot.SensorReadings AS r WITH (ROWLOCK, FORCESEEK)
        ON r.ReadingID = n.ReadingID AND r.CreatedAt = n.OriginalAt
    WHERE n.WasCorrected <> n.IsCorrected
    OPTION (LOOP JOIN);
    UPDATE r
    SET CorrectedAt = CASE WHEN n.IsCorrected = 1 THEN @now END
    FROM #corrected AS n
    JOIN iot.SensorReadings_Archive AS r WITH (ROWLOCK, FORCESEEK)
        ON r.ReadingID = n.ReadingID AND r.CreatedAt = n.OriginalAt
    WHERE n.WasCorrected <> n.IsCorrected AND n.IsArchived = 1
    OPTION (LOOP JOIN);
    INSERT INTO iot.CorrectedReadings (
        ReadingID,
        ChannelID,
        Epoch,
        EntryID,
        CreatedAt,
        OriginalAt,
        Field#, -- each field
        ChangedFields,
        Latitude,
        Longitude,
        Elevation,
        Status,
        ImportedAt,
        CorrectedAt,
        IsArchived
    )
    SELECT
        c.ReadingID,
        c.ChannelID,
        r.Epoch,
        r.EntryID,
        c.CreatedAt,
        c.OriginalAt,
        c.Field#, -- each field
        c.ChangedFields,
        r.Latitude,
        r.Longitude,
        r.Elevation,
        r.Status,
        r.ImportedAt,
        c.CorrectedAt,
        c.IsArchived
    FROM #corrected AS c
    JOIN iot.AllReadings AS r WITH (FORCESEEK) ON r.ReadingID = c.ReadingID AND r.CreatedAt = c.OriginalAt
    WHERE c.IsCorrected = 1 AND c.Counts = 1
    OPTION (LOOP JOIN);

    SELECT DISTINCT m.ChannelID, DATEDIFF(HOUR, CAST('0001-01-01' AS DATETIME2(6)), m.CreatedAt) AS Hour
    INTO #hours
    FROM #moved AS m;
    -- include mark_hours
    -- a day to which only a shift had brought readings is as it was before: not judged
    SELECT d.ChannelID, d.StartAt
    INTO #left
    FROM (
        SELECT DISTINCT h.ChannelID, DATEADD(DAY, h.Hour / 24, CAST('0001-01-01' AS DATETIME2(6))) AS StartAt
        FROM #hours AS h
    ) AS d
    WHERE NOT EXISTS (
            SELECT 1
            FROM iot.AllReadings AS r
            WHERE r.ChannelID = d.ChannelID
                AND r.CreatedAt >= d.StartAt
                AND r.CreatedAt < DATEADD(DAY, 1, d.StartAt)
        )
        AND NOT EXISTS (
            SELECT 1
            FROM iot.CorrectedReadings AS c
            WHERE c.ChannelID = d.ChannelID
                AND c.CreatedAt >= d.StartAt
                AND c.CreatedAt < DATEADD(DAY, 1, d.StartAt)
        );
    DELETE q
    FROM #left AS l
    JOIN iot.DataQuality AS q WITH (ROWLOCK, FORCESEEK)
        ON q.ChannelID = l.ChannelID AND q.CheckDate = CAST(l.StartAt AS DATE)
    OPTION (LOOP JOIN);
    DELETE m
    FROM #left AS l
    JOIN iot.PeriodMarks AS m WITH (ROWLOCK, FORCESEEK)
        ON m.AggregationType = N'QUALITY' AND m.ChannelID = l.ChannelID AND m.PeriodStart = l.StartAt
    OPTION (LOOP JOIN);
    RETURN 0;
END;
