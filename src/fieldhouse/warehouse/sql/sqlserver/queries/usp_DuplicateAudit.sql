-- usp_DuplicateAudit(): keys of UQ_ChannelEntry that more than one reading has; none, if all is well.
CREATE OR ALTER PROCEDURE iot.usp_DuplicateAudit
AS
BEGIN
    SET NOCOUNT ON;
    SELECT r.ChannelID, r.Epoch, r.EntryID, COUNT_BIG(*) AS Readings
    FROM iot.AllReadings AS r
    GROUP BY r.ChannelID, r.Epoch, r.EntryID
    HAVING COUNT_BIG(*) > 1
    ORDER BY r.ChannelID, r.Epoch, r.EntryID;
    RETURN 0;
END;
