-- usp_Anomalies(channel_id, threshold_stddev, lookback_days, as_of): the readings that lie far from the rest in any of
-- their fields, over [as-of - days, as-of), as usp_DetectAnomalies finds them in each (ZSCORE).
CREATE OR ALTER PROCEDURE iot.usp_Anomalies
    @ChannelID INT,
    @ThresholdStdDev FLOAT = 3.0,
    @LookbackDays INT = 30,
    @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @a DATETIME2(6) = COALESCE(@AsOfTime, SYSUTCDATETIME()), @from DATETIME2(6) = '0001-01-01';
    SET @ThresholdStdDev = COALESCE(@ThresholdStdDev, 3.0);
    IF COALESCE(@LookbackDays, 30) <= DATEDIFF(DAY, @from, @a)
        SET @from = DATEADD(DAY, -COALESCE(@LookbackDays, 30), @a);

    SELECT v.Field, r.Epoch, r.EntryID, r.CreatedAt, v.Value
    INTO #sourced
    FROM iot.CurrentReadings AS r
    CROSS APPLY ( VALUES
        (#, r.Field#), -- each field
        (0, NULL)
    ) AS v (Field, Value)
    WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @from AND r.CreatedAt < @a AND v.Value IS NOT NULL
    OPTION (RECOMPILE);

    -- around the least value, subtracted exactly, so that far-off levels cost no digits
    SELECT s.Field, CAST(MIN(s.Value) AS DECIMAL(19, 6)) AS Least
    INTO #least
    FROM #sourced AS s
    GROUP BY s.Field;
    SELECT
        1 AS Period,
        s.Field,
        CAST(SUM(CAST(s.Value AS DECIMAL(38, 6)) - l.Least) AS FLOAT) / COUNT_BIG(*) AS Centre,
        STDEV(CAST(CAST(s.Value AS DECIMAL(19, 6)) - l.Least AS FLOAT)) AS Spread
    INTO #spreads
    FROM #sourced AS s
    JOIN #least AS l ON l.Field = s.Field
    GROUP BY s.Field;
    -- include reaches
    SELECT
        s.Field AS FieldNumber,
        s.Epoch,
        s.EntryID,
        s.CreatedAt,
        s.Value,
        CAST(l.Least AS FLOAT) + r.Centre AS Centre,
        p.Spread,
        (CAST(CAST(s.Value AS DECIMAL(19, 6)) - l.Least AS FLOAT) - r.Centre) / NULLIF(p.Spread, 0) AS Score
    FROM #sourced AS s
    JOIN #least AS l ON l.Field = s.Field
    JOIN #spreads AS p ON p.Field = s.Field
    JOIN #reaches AS r
        ON r.Field = s.Field
            AND ABS(CAST(CAST(s.Value AS DECIMAL(19, 6)) - l.Least AS FLOAT) - r.Centre) > r.Reach
    ORDER BY s.Field, s.CreatedAt, s.Epoch, s.EntryID;
    RETURN 0;
END;
