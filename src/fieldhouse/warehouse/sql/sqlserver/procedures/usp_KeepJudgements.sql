-- usp_KeepJudgements: what usp_JudgeDays has found, as rows of iot.DataQuality: one a channel and day, replaced.
CREATE OR ALTER PROCEDURE iot.usp_KeepJudgements @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        j.ChannelID,
        j.CheckDate,
        j.Readings AS TotalReadings,
        j.Missing AS MissingReadings,
        j.OutOfRange AS OutOfRangeReadings,
        j.Anomalies AS AnomaliesDetected,
        CASE
            WHEN j.Readings = 0 THEN 0.0E0
            WHEN 30 * j.Missing + 40 * j.OutOfRange + 30 * j.Anomalies >= 100 * j.Readings THEN 0.0E0
            ELSE 100 - CAST(30 * j.Missing + 40 * j.OutOfRange + 30 * j.Anomalies AS FLOAT) / j.Readings
        END AS QualityScore,
        j.Cadence AS CadenceSeconds,
        j.Expected AS ExpectedReadings,
        CASE
            WHEN j.Expected > j.Seconds THEN j.Expected - j.Seconds
            WHEN j.Expected IS NOT NULL THEN 0
        END AS AbsentReadings,
        CASE WHEN j.Fields IS NULL THEN 1 ELSE 0 END AS RangesConfigured,
        N'no range configured for field ' + j.Fields + N': nothing there counts as out of range' AS Notes
    INTO #judged
    FROM (
        SELECT
            w.ChannelID,
            w.CheckDate,
            COALESCE(c.Readings, 0) AS Readings,
            COALESCE(c.Missing, 0) AS Missing,
            COALESCE(c.OutOfRange, 0) AS OutOfRange,
            COALESCE(c.Anomalies, 0) AS Anomalies,
            g.Seconds AS Cadence,
            COALESCE(d.Seconds, 0) AS Seconds,
            CAST(FLOOR(w.Length / g.Seconds) AS BIGINT) AS Expected,
            u.Fields
        FROM #windows AS w
        LEFT JOIN #counted AS c ON c.Period = w.Period
        LEFT JOIN #cadences AS g ON g.Period = w.Period
        LEFT JOIN #seconds_of_days AS d ON d.ChannelID = w.ChannelID AND d.Day = w.Day
        LEFT JOIN #unranged AS u ON u.Period = w.Period
    ) AS j;

    UPDATE q
    SET
        TotalReadings = j.TotalReadings,
        MissingReadings = j.MissingReadings,
        OutOfRangeReadings = j.OutOfRangeReadings,
        AnomaliesDetected = j.AnomaliesDetected,
        QualityScore = j.QualityScore,
        CadenceSeconds = j.CadenceSeconds,
        ExpectedReadings = j.ExpectedReadings,
        AbsentReadings = j.AbsentReadings,
        RangesConfigured = j.RangesConfigured,
        Notes = j.Notes,
        AsOfTime = @AsOfTime,
        CreatedAt = SYSUTCDATETIME()
    FROM iot.DataQuality AS q WITH (ROWLOCK, FORCESEEK)
    JOIN #judged AS j ON j.ChannelID = q.ChannelID AND j.CheckDate = q.CheckDate;
    INSERT INTO iot.DataQuality (
        ChannelID,
        CheckDate,
        TotalReadings,
        MissingReadings,
        OutOfRangeReadings,
        AnomaliesDetected,
        QualityScore,
        CadenceSeconds,
        ExpectedReadings,
        AbsentReadings,
        RangesConfigured,
        Notes,
        AsOfTime
    )
    SELECT
        j.ChannelID,
        j.CheckDate,
        j.TotalReadings,
        j.MissingReadings,
        j.OutOfRangeReadings,
        j.AnomaliesDetected,
        j.QualityScore,
        j.CadenceSeconds,
        j.ExpectedReadings,
        j.AbsentReadings,
        j.RangesConfigured,
        j.Notes,
        @AsOfTime
    FROM #judged AS j
    WHERE NOT EXISTS (
            SELECT 1
            FROM iot.DataQuality AS q WITH (FORCESEEK)
            WHERE q.ChannelID = j.ChannelID AND q.CheckDate = j.CheckDate
        )
    OPTION (LOOP JOIN);
    RETURN 0;
END;
