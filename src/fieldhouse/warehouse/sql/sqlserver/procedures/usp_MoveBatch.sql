-- usp_MoveBatch: moves up to 50,000 readings before an instant to the archive; how many. Called by
-- usp_ArchiveReadings.
CREATE OR ALTER PROCEDURE iot.usp_MoveBatch @Before DATETIME2(6), @Moved INT OUTPUT
AS
BEGIN
    SET NOCOUNT ON;
    DELETE TOP (50000) FROM iot.SensorReadings
    OUTPUT
        deleted.ReadingID,
        deleted.ChannelID,
        deleted.Epoch,
        deleted.EntryID,
        deleted.CreatedAt,
        deleted.Field1,
        deleted.Field2,
        deleted.Field3,
        deleted.Field4,
        deleted.Field5,
        deleted.Field6,
        deleted.Field7,
        deleted.Field8,
        deleted.Latitude,
        deleted.Longitude,
        deleted.Elevation,
        deleted.Status,
        deleted.Superseded,
        deleted.ImportedAt,
        deleted.WithdrawnAt
    INTO iot.SensorReadings_Archive (
        ReadingID,
        ChannelID,
        Epoch,
        EntryID,
        CreatedAt,
        Field1,
        Field2,
        Field3,
        Field4,
        Field5,
        Field6,
        Field7,
        Field8,
        Latitude,
        Longitude,
        Elevation,
        Status,
        Superseded,
        ImportedAt,
        WithdrawnAt
    )
    WHERE CreatedAt < @Before;
    SET @Moved = @@ROWCOUNT;
    RETURN 0;
END;
