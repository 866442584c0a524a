-- usp_MarkPeriods: the periods of #touched(ChannelID, CreatedAt) are to be recomputed, and rules applied to the
-- readings of these instants. Called by usp_TakePlace, usp_SettleEntries and usp_JudgeEpoch.
CREATE OR ALTER PROCEDURE iot.usp_MarkPeriods
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @readings BIGINT, @beyond BIGINT;
    IF EXISTS (
           SELECT 1
           FROM iot.Corrections AS k
           WHERE k.RemovedAt IS NULL AND k.ChannelID IN (SELECT t.ChannelID FROM #touched AS t)
       )
    BEGIN
        SELECT DISTINCT t.ChannelID, t.CreatedAt INTO #instants FROM #touched AS t;
        EXEC iot.usp_ApplyCorrections @Readings = @readings OUTPUT, @Beyond = @beyond OUTPUT;
    END;
    SELECT DISTINCT s.ChannelID, DATEDIFF(HOUR, CAST('0001-01-01' AS DATETIME2(6)), s.CreatedAt) AS Hour
    INTO #hours
    FROM #touched AS s;
    -- include mark_hours
    RETURN 0;
END;
