-- usp_ArchivableMonths(before): the months before an instant with readings that are not archived yet, and how
-- many readings each has, archived ones included.
CREATE OR ALTER PROCEDURE iot.usp_ArchivableMonths @Before DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT m.Month, COUNT_BIG(*) AS Readings
    FROM (
        SELECT DISTINCT DATEFROMPARTS(DATEPART(YEAR, r.CreatedAt), DATEPART(MONTH, r.CreatedAt), 1) AS Month
        FROM iot.SensorReadings AS r
        WHERE r.CreatedAt < @Before
    ) AS m
    JOIN iot.AllReadings AS r
        ON r.CreatedAt >= m.Month AND r.CreatedAt < DATEADD(MONTH, 1, m.Month) AND r.CreatedAt < @Before
    GROUP BY m.Month
    ORDER BY m.Month;
    RETURN 0;
END;
