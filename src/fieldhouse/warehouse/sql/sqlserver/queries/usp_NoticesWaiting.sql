-- usp_NoticesWaiting(): each receiver's messages that are not sent, since when, and what the last attempt said.
CREATE OR ALTER PROCEDURE iot.usp_NoticesWaiting
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        n.Receiver,
        COUNT_BIG(*) AS Notices,
        MIN(n.MadeAt) AS MadeAt,
        SUM(CAST(n.Attempts AS BIGINT)) AS Attempts,
        MAX(n.Error) AS Error
    FROM iot.AlertNotices AS n
    WHERE n.SentAt IS NULL
    GROUP BY n.Receiver
    ORDER BY n.Receiver;
    RETURN 0;
END;
