-- usp_AlarmGaps(channel_ids, as_of): channels with entry ids that are missing and not explained, and how many;
-- SinceAt is as_of where nothing tells the time.
CREATE OR ALTER PROCEDURE iot.usp_AlarmGaps @ChannelIDs NVARCHAR(MAX), @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        CAST(g.ChannelID AS BIGINT) AS ChannelID,
        CAST(0 AS INT) AS FieldNumber,
        COALESCE(MIN(g.AtSecond), @AsOfTime) AS SinceAt,
        CAST(SUM(g.LastEntryID - g.FirstEntryID + 1) AS FLOAT) AS Figure
    FROM iot.Gaps AS g
    JOIN (
        SELECT e.ChannelID, MAX(e.Epoch) AS Epoch FROM iot.Epochs AS e GROUP BY e.ChannelID
    ) AS n ON n.ChannelID = g.ChannelID AND n.Epoch = g.Epoch
    WHERE g.State IN (N'open', N'unreachable')
        AND g.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
    GROUP BY g.ChannelID
    ORDER BY g.ChannelID;
    RETURN 0;
END;
