-- usp_Workers(): the workers that are there, and how many channels each has.
CREATE OR ALTER PROCEDURE iot.usp_Workers
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        w.WorkerName,
        w.StartedAt,
        w.SeenAt,
        w.ExpiresAt,
        (
            SELECT COUNT_BIG(*)
            FROM iot.Leases AS l
            WHERE l.WorkerName = w.WorkerName AND l.ExpiresAt >= SYSUTCDATETIME()
        ) AS Channels
    FROM iot.Workers AS w
    WHERE w.ExpiresAt >= SYSUTCDATETIME()
    ORDER BY w.WorkerName;
    RETURN 0;
END;
