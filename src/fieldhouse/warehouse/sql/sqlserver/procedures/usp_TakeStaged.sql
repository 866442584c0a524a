-- usp_TakeStaged: what is staged under a number becomes #offered, if its sums are those that were sent;
-- a bulk copy that garbles is found out here, before anything of it is written. Called by usp_LoadReadings.
CREATE OR ALTER PROCEDURE iot.usp_TakeStaged @StagingID BIGINT, @Check NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        COUNT_BIG(*) AS Readings,
        COUNT_BIG(s.Status) AS Statuses,
        SUM(CAST(s.ChannelID AS DECIMAL(38, 0))) AS ChannelIDs,
        SUM(CAST(s.EntryID AS DECIMAL(38, 0))) AS EntryIDs,
        SUM(CAST(s.Batch AS DECIMAL(38, 0)) + s.Turn) AS Places,
        SUM(CAST(DATEDIFF_BIG(SECOND, '2000-01-01', s.CreatedAt) AS DECIMAL(38, 0))) AS Seconds,
        SUM(s.Field1) AS Field1,
        SUM(s.Field2) AS Field2,
        SUM(s.Field3) AS Field3,
        SUM(s.Field4) AS Field4,
        SUM(s.Field5) AS Field5,
        SUM(s.Field6) AS Field6,
        SUM(s.Field7) AS Field7,
        SUM(s.Field8) AS Field8,
        SUM(s.Latitude) AS Latitude,
        SUM(s.Longitude) AS Longitude,
        SUM(s.Elevation) AS Elevation
    INTO #sums
    FROM iot.StagedReadings AS s
    WHERE s.StagingID = @StagingID;
    IF EXISTS (
           SELECT 1
           FROM #sums AS s
           CROSS JOIN OPENJSON(@Check) WITH (
               Readings BIGINT '$.Readings',
               Statuses BIGINT '$.Statuses',
               ChannelIDs DECIMAL(38, 0) '$.ChannelIDs',
               EntryIDs DECIMAL(38, 0) '$.EntryIDs',
               Places DECIMAL(38, 0) '$.Places',
               Seconds DECIMAL(38, 0) '$.Seconds',
               Field1 DECIMAL(38, 6) '$.Field1',
               Field2 DECIMAL(38, 6) '$.Field2',
               Field3 DECIMAL(38, 6) '$.Field3',
               Field4 DECIMAL(38, 6) '$.Field4',
               Field5 DECIMAL(38, 6) '$.Field5',
               Field6 DECIMAL(38, 6) '$.Field6',
               Field7 DECIMAL(38, 6) '$.Field7',
               Field8 DECIMAL(38, 6) '$.Field8',
               Latitude DECIMAL(38, 6) '$.Latitude',
               Longitude DECIMAL(38, 6) '$.Longitude',
               Elevation DECIMAL(38, 6) '$.Elevation'
           ) AS c
           WHERE s.Readings <> c.Readings
               OR s.Statuses <> c.Statuses
               OR COALESCE(s.ChannelIDs, 0) <> c.ChannelIDs
               OR COALESCE(s.EntryIDs, 0) <> c.EntryIDs
               OR COALESCE(s.Places, 0) <> c.Places
               OR COALESCE(s.Seconds, 0) <> c.Seconds
               OR COALESCE(s.Field1, 0) <> COALESCE(c.Field1, 0)
               OR COALESCE(s.Field2, 0) <> COALESCE(c.Field2, 0)
               OR COALESCE(s.Field3, 0) <> COALESCE(c.Field3, 0)
               OR COALESCE(s.Field4, 0) <> COALESCE(c.Field4, 0)
               OR COALESCE(s.Field5, 0) <> COALESCE(c.Field5, 0)
               OR COALESCE(s.Field6, 0) <> COALESCE(c.Field6, 0)
               OR COALESCE(s.Field7, 0) <> COALESCE(c.Field7, 0)
               OR COALESCE(s.Field8, 0) <> COALESCE(c.Field8, 0)
               OR COALESCE(s.Latitude, 0) <> COALESCE(c.Latitude, 0)
               OR COALESCE(s.Longitude, 0) <> COALESCE(c.Longitude, 0)
               OR COALESCE(s.Elevation, 0) <> COALESCE(c.Elevation, 0)
       )
        THROW 51005, N'what was staged is not what was sent', 1;

    INSERT INTO #offered (
        Turn,
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
        Status
    )
    SELECT
        s.Turn,
        s.ChannelID,
        s.Epoch,
        s.EntryID,
        s.CreatedAt,
        s.Field1,
        s.Field2,
        s.Field3,
        s.Field4,
        s.Field5,
        s.Field6,
        s.Field7,
        s.Field8,
        s.Latitude,
        s.Longitude,
        s.Elevation,
        s.Status
    FROM iot.StagedReadings AS s
    JOIN #batches AS b ON b.Batch = s.Batch
    WHERE s.StagingID = @StagingID AND b.IsFresh = 1;
    RETURN 0;
END;
