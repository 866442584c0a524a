-- usp_DetectAnomalies: the readings of one field that lie far from the rest, over [as-of - days, as-of).
-- ZSCORE: |x - mean| > threshold * sample deviation; MAD: 0.6745 * |x - median| / MAD > threshold.
CREATE OR ALTER PROCEDURE iot.usp_DetectAnomalies
    @ChannelID INT,
    @FieldNumber INT,
    @ThresholdStdDev FLOAT = 3.0,
    @LookbackDays INT = 30,
    @Method NVARCHAR(10) = N'ZSCORE',
    @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    -- include check_field
    IF @Method IS NULL OR UPPER(@Method) NOT IN (N'ZSCORE', N'MAD')
        THROW 51001, N'the methods are ZSCORE and MAD', 1;
    IF @ThresholdStdDev IS NULL OR @LookbackDays IS NULL OR @LookbackDays < 0
        THROW 51001, N'the threshold is a number, and the days are 0 or more', 1;
    IF @LookbackDays <= DATEDIFF(DAY, @from, @a)
        SET @from = DATEADD(DAY, -@LookbackDays, @a);

    SELECT
        r.ReadingID,
        r.Epoch,
        r.EntryID,
        r.CreatedAt,
        -- no text is put together, so that a right to execute is all one needs
        CASE @FieldNumber
            WHEN # THEN r.Field# -- each field
        END AS Value
    INTO #sourced
    FROM iot.CurrentReadings AS r
    WHERE r.ChannelID = @ChannelID AND r.CreatedAt >= @from AND r.CreatedAt < @a
    -- the bounds as they are, not as they might be: a guess would read the whole table
    OPTION (RECOMPILE);

    -- around the least value, subtracted exactly, so that far-off levels cost no digits
    DECLARE @least DECIMAL(19, 6) = (SELECT MIN(s.Value) FROM #sourced AS s);
    SELECT
        s.ReadingID,
        s.Epoch,
        s.EntryID,
        s.CreatedAt,
        s.Value,
        CAST(CAST(s.Value AS DECIMAL(19, 6)) - @least AS FLOAT) AS Shifted
    INTO #shifted
    FROM #sourced AS s
    WHERE s.Value IS NOT NULL;

    DECLARE @centre FLOAT, @spread FLOAT;
    IF UPPER(@Method) = N'ZSCORE'
        SELECT
            @centre = CAST(SUM(CAST(s.Value AS DECIMAL(38, 6)) - @least) AS FLOAT) / NULLIF(COUNT_BIG(*), 0),
            @spread = STDEV(CAST(CAST(s.Value AS DECIMAL(19, 6)) - @least AS FLOAT))
        FROM #shifted AS s;
    ELSE
    BEGIN
        -- the median is the mean of the one or two in the middle
        SET @centre = (
                SELECT AVG(m.Shifted)
                FROM (
                    SELECT
                        s.Shifted,
                        ROW_NUMBER() OVER (ORDER BY s.Shifted) AS Place,
                        COUNT_BIG(*) OVER () AS Places
                    FROM #shifted AS s
                ) AS m
                WHERE m.Place IN ((m.Places + 1) / 2, (m.Places + 2) / 2)
            );
        SET @spread = (
                SELECT AVG(m.Distance) / 0.6745E0
                FROM (
                    SELECT
                        ABS(s.Shifted - @centre) AS Distance,
                        ROW_NUMBER() OVER (ORDER BY ABS(s.Shifted - @centre)) AS Place,
                        COUNT_BIG(*) OVER () AS Places
                    FROM #shifted AS s
                ) AS m
                WHERE m.Place IN ((m.Places + 1) / 2, (m.Places + 2) / 2)
            );
    END;

    SELECT 1 AS Period, @FieldNumber AS Field, @centre AS Centre, @spread AS Spread INTO #spreads;
    -- include reaches
    SELECT
        s.ReadingID,
        s.Epoch,
        s.EntryID,
        s.CreatedAt,
        s.Value,
        CAST(@least AS FLOAT) + r.Centre AS Centre,
        @spread AS Spread,
        (s.Shifted - r.Centre) / NULLIF(@spread, 0) AS Score
    FROM #shifted AS s
    JOIN #reaches AS r ON ABS(s.Shifted - r.Centre) > r.Reach
    ORDER BY s.CreatedAt, s.Epoch, s.EntryID;
    RETURN 0;
END;
