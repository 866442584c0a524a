-- usp_AlarmAnomalies(channel_ids, as_of, seconds): fields in which something is unusual, or was in the last while: the
-- strongest of each, since when, its score, and what it is held against. Not what is young, nor a silence, nor what a
-- person called ok.
CREATE OR ALTER PROCEDURE iot.usp_AlarmAnomalies
    @ChannelIDs NVARCHAR(MAX),
    @AsOfTime DATETIME2(6),
    @Seconds FLOAT
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @first INT, @last INT;
    SELECT @first = MIN(CAST(j.value AS INT)), @last = MAX(CAST(j.value AS INT))
    FROM OPENJSON(@ChannelIDs) AS j;
    SELECT
        CAST(s.ChannelID AS BIGINT) AS ChannelID,
        s.FieldNumber,
        s.StartedAt AS SinceAt,
        s.Score AS Figure,
        s.Kind,
        s.EndedAt,
        s.Hits,
        s.Jumps,
        s.PeakAt,
        s.Value,
        s.Expected,
        s.Spread,
        s.Least,
        s.Greatest
    FROM (
        SELECT
            a.*,
            ROW_NUMBER() OVER (
                PARTITION BY a.ChannelID, a.FieldNumber
                ORDER BY a.Score DESC, a.StartedAt
            ) AS Place
        FROM iot.Anomalies AS a
        WHERE a.Family <> N'SILENCE'
            AND a.IsYoung = 0
            AND COALESCE(a.IsReal, 1) = 1
            AND a.EndedAt > DATEADD(SECOND, -CAST(@Seconds AS INT), @AsOfTime)
            AND a.StartedAt <= @AsOfTime
            AND a.ChannelID >= @first
            AND a.ChannelID <= @last
            AND a.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
    ) AS s
    WHERE s.Place = 1
    ORDER BY s.ChannelID, s.FieldNumber
    -- the bounds as they are: of other channels nothing is read
    OPTION (RECOMPILE);
    RETURN 0;
END;
