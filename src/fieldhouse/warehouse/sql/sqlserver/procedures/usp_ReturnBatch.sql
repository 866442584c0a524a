-- usp_ReturnBatch: moves up to 20,000 readings back from the archive, under their own numbers; how many. By way of a
-- table of its own, since the readings have a foreign key. Called by usp_CompressArchive, as owner.
CREATE OR ALTER PROCEDURE iot.usp_ReturnBatch @Moved INT OUTPUT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT TOP (0)
        r.ReadingID,
        r.ChannelID,
        r.Epoch,
        r.EntryID,
        r.CreatedAt,
        r.Field#, -- each field
        r.Latitude,
        r.Longitude,
        r.Elevation,
        r.Status,
        r.Superseded,
        r.ImportedAt,
        r.WithdrawnAt,
        r.CorrectedAt
    INTO #returned
    FROM iot.SensorReadings_Archive AS r;
    DELETE TOP (20000) FROM iot.SensorReadings_Archive
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
    INTO #returned (
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
    );
    SET @Moved = @@ROWCOUNT;
    SET IDENTITY_INSERT iot.SensorReadings ON;
    INSERT INTO iot.SensorReadings (
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
    SELECT
        r.ReadingID,
        r.ChannelID,
        r.Epoch,
        r.EntryID,
        r.CreatedAt,
        r.Field#, -- each field
        r.Latitude,
        r.Longitude,
        r.Elevation,
        r.Status,
        r.Superseded,
        r.ImportedAt,
        r.WithdrawnAt,
        r.CorrectedAt
    FROM #returned AS r;
    SET IDENTITY_INSERT iot.SensorReadings OFF;
    RETURN 0;
END;
