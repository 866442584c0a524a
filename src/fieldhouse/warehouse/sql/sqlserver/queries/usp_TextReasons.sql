-- usp_TextReasons(channel_id): how many texts are kept beside a channel's numbers, by their columns and reasons.
CREATE OR ALTER PROCEDURE iot.usp_TextReasons @ChannelID INT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT v.ColumnName, v.Reason, COUNT_BIG(*) AS Texts
    FROM iot.RawValues AS v
    WHERE v.ChannelID = @ChannelID
    GROUP BY v.ColumnName, v.Reason
    ORDER BY v.ColumnName, v.Reason;
    RETURN 0;
END;
