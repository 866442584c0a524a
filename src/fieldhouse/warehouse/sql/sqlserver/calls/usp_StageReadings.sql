-- usp_StageReadings(staging_id, readings): adds readings to those staged under a number; how many.
CREATE OR ALTER PROCEDURE iot.usp_StageReadings @StagingID BIGINT, @Readings NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    INSERT INTO iot.StagedReadings (
        StagingID,
        Batch,
        Turn,
        ChannelID,
        Epoch,
        EntryID,
        CreatedAt,
        Field#, -- each field
        Latitude,
        Longitude,
        Elevation,
        Status
    )
    SELECT
        @StagingID,
        j.Batch,
        COALESCE(j.Turn, 0),
        j.ChannelID,
        j.Epoch,
        j.EntryID,
        j.CreatedAt,
        j.Field#, -- each field
        j.Latitude,
        j.Longitude,
        j.Elevation,
        j.Status
    FROM OPENJSON(@Readings) WITH (
        ChannelID INT '$.c',
        Epoch INT '$.p',
        Batch INT '$.b',
        Turn INT '$.u',
        EntryID BIGINT '$.e',
        CreatedAt DATETIME2(6) '$.t',
        Field1 DECIMAL(18, 6) '$."1"',
        Field2 DECIMAL(18, 6) '$."2"',
        Field3 DECIMAL(18, 6) '$."3"',
        Field4 DECIMAL(18, 6) '$."4"',
        Field5 DECIMAL(18, 6) '$."5"',
        Field6 DECIMAL(18, 6) '$."6"',
        Field7 DECIMAL(18, 6) '$."7"',
        Field8 DECIMAL(18, 6) '$."8"',
        Latitude DECIMAL(18, 6) '$.y',
        Longitude DECIMAL(18, 6) '$.x',
        Elevation DECIMAL(18, 6) '$.z',
        Status NVARCHAR(MAX) '$.s'
    ) AS j;
    SELECT @@ROWCOUNT AS Readings;
    RETURN 0;
END;
