-- usp_ArchiveCorrected: what rules made of readings that have moved to the archive goes with them. Called where they
-- move, in the same transaction.
CREATE OR ALTER PROCEDURE iot.usp_ArchiveCorrected @Before DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    UPDATE c
    SET IsArchived = 1
    FROM iot.CorrectedReadings AS c
    WHERE c.IsArchived = 0
        AND c.OriginalAt < @Before
        AND EXISTS (
            SELECT 1
            FROM iot.SensorReadings_Archive AS a
            WHERE a.ReadingID = c.ReadingID AND a.CreatedAt = c.OriginalAt
        );
    RETURN 0;
END;
