-- usp_Leases(): which worker has which channel, since when and for how long.
CREATE OR ALTER PROCEDURE iot.usp_Leases
AS
BEGIN
    SET NOCOUNT ON;
    SELECT l.ChannelID, l.WorkerName, l.TakenAt, l.ExpiresAt
    FROM iot.Leases AS l
    WHERE l.ExpiresAt >= SYSUTCDATETIME()
    ORDER BY l.ChannelID;
    RETURN 0;
END;
