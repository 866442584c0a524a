-- usp_AlarmDisputes(channel_ids, as_of): channels with readings in dispute, since when and how many.
CREATE OR ALTER PROCEDURE iot.usp_AlarmDisputes @ChannelIDs NVARCHAR(MAX), @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        CAST(d.ChannelID AS BIGINT) AS ChannelID,
        CAST(0 AS INT) AS FieldNumber,
        MIN(d.RaisedAt) AS SinceAt,
        CAST(COUNT(*) AS FLOAT) AS Figure
    FROM iot.Disputes AS d
    WHERE d.State = N'open'
        AND d.RaisedAt <= @AsOfTime
        AND d.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
    GROUP BY d.ChannelID
    ORDER BY d.ChannelID;
    RETURN 0;
END;
