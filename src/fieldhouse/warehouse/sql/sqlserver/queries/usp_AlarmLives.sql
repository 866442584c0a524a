-- usp_AlarmLives(channel_ids, as_of, seconds): channels that began a new life in the last while, when and which.
CREATE OR ALTER PROCEDURE iot.usp_AlarmLives @ChannelIDs NVARCHAR(MAX), @AsOfTime DATETIME2(6), @Seconds FLOAT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        CAST(e.ChannelID AS BIGINT) AS ChannelID,
        CAST(0 AS INT) AS FieldNumber,
        MAX(e.StartedAt) AS SinceAt,
        CAST(MAX(e.Epoch) AS FLOAT) AS Figure
    FROM iot.Epochs AS e
    WHERE e.Epoch > 1
        AND e.StartedAt > DATEADD(SECOND, -CAST(@Seconds AS INT), @AsOfTime)
        AND e.StartedAt <= @AsOfTime
        AND e.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
    GROUP BY e.ChannelID
    ORDER BY e.ChannelID;
    RETURN 0;
END;
