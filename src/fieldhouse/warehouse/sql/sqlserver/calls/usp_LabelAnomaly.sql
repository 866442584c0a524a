-- usp_LabelAnomaly(anomaly_id, is_real, labelled_by): a person says whether an incident is one, NULL takes it back;
-- how many bear that name: 1, or 0. Its days are marked, so that their quality is judged again.
CREATE OR ALTER PROCEDURE iot.usp_LabelAnomaly
    @AnomalyID NVARCHAR(MAX),
    @IsReal BIT = NULL,
    @LabelledBy NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    -- an incident's name begins with its channel; no refresh may judge by models that are being taken back
    DECLARE @channel INT = TRY_CAST(LEFT(@AnomalyID, CHARINDEX(N'-', CONCAT(@AnomalyID, N'-')) - 1) AS INT);
    DECLARE @ids NVARCHAR(MAX) = CONCAT(N'[', @channel, N']'), @labelled BIGINT;
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_LockChannels @Name = N'refresh', @ChannelIDs = @ids;
        SELECT
            a.ChannelID,
            a.FieldNumber,
            a.Family,
            a.StartedAt,
            a.EndedAt,
            CAST(a.Value AS FLOAT) AS Value,
            COALESCE(a.Expected, CAST(a.Value AS FLOAT)) AS Expected,
            COALESCE(a.IsReal, 0) AS WasReal
        INTO #labelled
        FROM iot.Anomalies AS a
        WHERE a.ChannelID = @channel AND a.AnomalyID = @AnomalyID
        OPTION (RECOMPILE);
        SET @labelled = @@ROWCOUNT;
        -- what is real is kept out of the models, or comes back into them: they are made anew from the last one before it
        SELECT a.ChannelID, MAX(m.Day) AS Day
        INTO #newest
        FROM #labelled AS a
        JOIN iot.AnomalyChannels AS n ON n.ChannelID = a.ChannelID AND n.NewestDay > CAST(a.StartedAt AS DATE)
        JOIN iot.AnomalyModelsKept AS m ON m.ChannelID = a.ChannelID AND m.Day <= CAST(a.StartedAt AS DATE)
        WHERE COALESCE(@IsReal, 0) <> a.WasReal
        GROUP BY a.ChannelID;
        -- include take_models
        UPDATE n
        SET RewoundFrom = COALESCE(n.RewoundFrom, n.NewestDay), NewestDay = r.Day
        FROM iot.AnomalyChannels AS n
        JOIN #newest AS r ON r.ChannelID = n.ChannelID;
        DELETE l
        FROM iot.AnomalyLabels AS l
        JOIN #labelled AS a
            ON a.ChannelID = l.ChannelID
                AND a.FieldNumber = l.FieldNumber
                AND a.Family = l.Family
                AND a.StartedAt = l.StartedAt;
        INSERT INTO iot.AnomalyLabels (
            ChannelID,
            FieldNumber,
            Family,
            StartedAt,
            IsReal,
            LabelledBy,
            LabelledAt,
            EndedAt,
            Low,
            High
        )
        SELECT
            a.ChannelID,
            a.FieldNumber,
            a.Family,
            a.StartedAt,
            @IsReal,
            LEFT(@LabelledBy, 200),
            SYSUTCDATETIME(),
            a.EndedAt,
            CASE
                WHEN a.Family IN (N'STUCK', N'SILENCE') THEN 0
                WHEN a.Value < a.Expected THEN a.Value
                ELSE a.Expected
            END,
            CASE
                WHEN a.Family IN (N'STUCK', N'SILENCE') THEN DATEDIFF_BIG(
                    MICROSECOND,
                    a.StartedAt,
                    a.EndedAt
                ) /
                1000000.0E0
                WHEN a.Value < a.Expected THEN a.Expected
                ELSE a.Value
            END
        FROM #labelled AS a
        WHERE @IsReal IS NOT NULL;
        INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
        SELECT q.ChannelID, N'QUALITY', CAST(q.CheckDate AS DATETIME2(6))
        FROM #labelled AS a
        JOIN iot.DataQuality AS q
            ON q.ChannelID = a.ChannelID
                AND q.CheckDate >= CAST(a.StartedAt AS DATE)
                AND q.CheckDate <= CAST(a.EndedAt AS DATE);
        INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
        SELECT N'usp_LabelAnomaly', l.ChannelID, LEFT(@AnomalyID, 400) FROM #labelled AS l;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT @labelled AS Labelled;
    RETURN 0;
END;
