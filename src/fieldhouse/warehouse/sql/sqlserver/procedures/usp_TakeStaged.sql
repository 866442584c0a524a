-- usp_TakeStaged: what is staged under a number becomes #offered, if its sums are those that were sent; a bulk
-- copy that garbles is found out here, before anything of it is written. Each value counts times its row's weight,
-- so that one that slipped into another row shows, and a NULL as a number that nobody sends. Called by
-- usp_LoadReadings.
CREATE OR ALTER PROCEDURE iot.usp_TakeStaged @StagingID BIGINT, @Check NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @null DECIMAL(18, 6) = -987654321.123457;
    IF EXISTS (
           SELECT 1
           FROM (
               SELECT
                   COUNT_BIG(*) AS Readings,
                   SUM(w.Batch * w.Weight) AS Batch,
                   SUM(w.Turn * w.Weight) AS Turn,
                   SUM(w.ChannelID * w.Weight) AS ChannelID,
                   SUM(w.Epoch * w.Weight) AS Epoch,
                   SUM(w.EntryID * w.Weight) AS EntryID,
                   SUM(
                       CAST(DATEDIFF_BIG(MICROSECOND, '2000-01-01', w.CreatedAt) AS DECIMAL(19, 0)) * w.Weight
                   ) AS At,
                   SUM(COALESCE(w.Field1, @null) * w.Weight) AS Field1,
                   SUM(COALESCE(w.Field2, @null) * w.Weight) AS Field2,
                   SUM(COALESCE(w.Field3, @null) * w.Weight) AS Field3,
                   SUM(COALESCE(w.Field4, @null) * w.Weight) AS Field4,
                   SUM(COALESCE(w.Field5, @null) * w.Weight) AS Field5,
                   SUM(COALESCE(w.Field6, @null) * w.Weight) AS Field6,
                   SUM(COALESCE(w.Field7, @null) * w.Weight) AS Field7,
                   SUM(COALESCE(w.Field8, @null) * w.Weight) AS Field8,
                   SUM(COALESCE(w.Latitude, @null) * w.Weight) AS Latitude,
                   SUM(COALESCE(w.Longitude, @null) * w.Weight) AS Longitude,
                   SUM(COALESCE(w.Elevation, @null) * w.Weight) AS Elevation,
                   SUM(
                       CASE
                           WHEN w.Status IS NULL THEN 0
                           ELSE CAST(SUBSTRING(HASHBYTES(N'SHA2_256', w.Status), 1, 7) AS BIGINT)
                       END *
                       w.Weight
                   ) AS TextHashes
               FROM (
                   SELECT s.*, CAST(s.EntryID % 1009 + 1 AS DECIMAL(5, 0)) AS Weight
                   FROM iot.StagedReadings AS s WITH (FORCESEEK)
                   WHERE s.StagingID = @StagingID
               ) AS w
           ) AS f
           CROSS APPLY (VALUES
               (N'Readings', CAST(f.Readings AS DECIMAL(38, 6))),
               (N'Batch', CAST(f.Batch AS DECIMAL(38, 6))),
               (N'Turn', CAST(f.Turn AS DECIMAL(38, 6))),
               (N'ChannelID', CAST(f.ChannelID AS DECIMAL(38, 6))),
               (N'Epoch', CAST(f.Epoch AS DECIMAL(38, 6))),
               (N'EntryID', CAST(f.EntryID AS DECIMAL(38, 6))),
               (N'At', CAST(f.At AS DECIMAL(38, 6))),
               (N'Field1', CAST(f.Field1 AS DECIMAL(38, 6))),
               (N'Field2', CAST(f.Field2 AS DECIMAL(38, 6))),
               (N'Field3', CAST(f.Field3 AS DECIMAL(38, 6))),
               (N'Field4', CAST(f.Field4 AS DECIMAL(38, 6))),
               (N'Field5', CAST(f.Field5 AS DECIMAL(38, 6))),
               (N'Field6', CAST(f.Field6 AS DECIMAL(38, 6))),
               (N'Field7', CAST(f.Field7 AS DECIMAL(38, 6))),
               (N'Field8', CAST(f.Field8 AS DECIMAL(38, 6))),
               (N'Latitude', CAST(f.Latitude AS DECIMAL(38, 6))),
               (N'Longitude', CAST(f.Longitude AS DECIMAL(38, 6))),
               (N'Elevation', CAST(f.Elevation AS DECIMAL(38, 6))),
               (N'TextHashes', CAST(f.TextHashes AS DECIMAL(38, 6)))
           ) AS v (Name, Total)
           WHERE NOT EXISTS (
                   -- a text is hashed as the server keeps it
                   SELECT 1
                   FROM OPENJSON(@Check) AS c
                   WHERE c.[key] IN (v.Name, CONCAT(v.Name, N'UTF8'))
                       AND CAST(c.value AS DECIMAL(38, 6)) = v.Total
               )
       )
        THROW 51005, N'what was staged is not what was sent', 1;

    INSERT INTO #offered (
        ChannelID,
        Epoch,
        EntryID,
        Turn,
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
        Elevation
    )
    SELECT
        s.ChannelID,
        s.Epoch,
        s.EntryID,
        s.Turn,
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
        s.Elevation
    FROM iot.StagedReadings AS s WITH (FORCESEEK)
    JOIN #batches AS b ON b.Batch = s.Batch
    WHERE s.StagingID = @StagingID AND b.IsFresh = 1;
    -- long texts come afterwards, so that they are not sorted with the rest
    UPDATE o
    SET Status = s.Status
    FROM iot.StagedReadings AS s WITH (FORCESEEK)
    JOIN #offered AS o
        ON o.ChannelID = s.ChannelID AND o.Epoch = s.Epoch AND o.EntryID = s.EntryID AND o.Turn = s.Turn
    WHERE s.StagingID = @StagingID AND s.Status IS NOT NULL;
    RETURN 0;
END;
