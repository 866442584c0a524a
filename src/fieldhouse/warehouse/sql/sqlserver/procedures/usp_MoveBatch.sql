-- usp_MoveBatch: moves up to 20,000 readings before an instant, and before their channel's ArchivedBefore, to the
-- archive; how many. A channel that has come meanwhile is left to the next archiving, since what its readings add up
-- to is not computed yet. Called by usp_ArchiveReadings and usp_CompressArchive.
CREATE OR ALTER PROCEDURE iot.usp_MoveBatch @Before DATETIME2(6), @Moved INT OUTPUT
AS
BEGIN
    SET NOCOUNT ON;
    DELETE TOP (20000) r
    OUTPUT
        deleted.ReadingID,
        deleted.ChannelID,
        deleted.Epoch,
        deleted.EntryID,
        deleted.CreatedAt,
        deleted.Field#, -- each field
        deleted.Latitude,
        deleted.Longitude,
        deleted.Elevation,
        deleted.Status,
        deleted.Superseded,
        deleted.ImportedAt,
        deleted.WithdrawnAt,
        deleted.CorrectedAt
    INTO iot.SensorReadings_Archive (
        ReadingID,
        ChannelID,
        Epoch,
        EntryID,
        CreatedAt,
        Field#, -- each field
        Latitude,
        Longitude,
        Elevation,
        Status,
        Superseded,
        ImportedAt,
        WithdrawnAt,
        CorrectedAt
    )
    FROM iot.SensorReadings AS r
    WHERE r.CreatedAt < @Before
        AND EXISTS (
            SELECT 1 FROM iot.Channels AS c WHERE c.ChannelID = r.ChannelID AND r.CreatedAt < c.ArchivedBefore
        );
    SET @Moved = @@ROWCOUNT;
    IF @Moved > 0
        EXEC iot.usp_ArchiveCorrected @Before = @Before;
    RETURN 0;
END;
