-- usp_LabelAnomaly(anomaly_id, is_real, labelled_by): a person says whether an incident is one, NULL takes it back;
-- how many bear that name: 1, or 0. Its days are marked, so that their quality is judged again.
CREATE OR ALTER PROCEDURE iot.usp_LabelAnomaly
    @AnomalyID NVARCHAR(MAX),
    @IsReal BIT = NULL,
    @LabelledBy NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT a.ChannelID, a.FieldNumber, a.Family, a.StartedAt, a.EndedAt
    INTO #labelled
    FROM iot.Anomalies AS a
    WHERE a.AnomalyID = @AnomalyID;
    DELETE l
    FROM iot.AnomalyLabels AS l
    JOIN #labelled AS a
        ON a.ChannelID = l.ChannelID
            AND a.FieldNumber = l.FieldNumber
            AND a.Family = l.Family
            AND a.StartedAt = l.StartedAt;
    INSERT INTO iot.AnomalyLabels (ChannelID, FieldNumber, Family, StartedAt, IsReal, LabelledBy, LabelledAt)
    SELECT
        a.ChannelID,
        a.FieldNumber,
        a.Family,
        a.StartedAt,
        @IsReal,
        LEFT(@LabelledBy, 200),
        SYSUTCDATETIME()
    FROM #labelled AS a
    WHERE @IsReal IS NOT NULL;
    INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
    SELECT q.ChannelID, N'QUALITY', CAST(q.CheckDate AS DATETIME2(6))
    FROM #labelled AS a
    JOIN iot.DataQuality AS q
        ON q.ChannelID = a.ChannelID
            AND q.CheckDate >= CAST(a.StartedAt AS DATE)
            AND q.CheckDate <= CAST(a.EndedAt AS DATE);
    SELECT COUNT_BIG(*) AS Labelled FROM #labelled;
    RETURN 0;
END;
