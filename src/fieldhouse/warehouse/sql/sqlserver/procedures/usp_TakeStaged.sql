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
                   SUM(COALESCE(w.Field#, @null) * w.Weight) AS Field#, -- each field
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
               (N'Field#', CAST(f.Field# AS DECIMAL(38, 6))), -- each field
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
        IsShown,
        CreatedAt,
        Field#, -- each field
        Latitude,
        Longitude,
        Elevation
    )
    SELECT
        s.ChannelID,
        s.Epoch,
        s.EntryID,
        s.Turn,
        b.IsShown,
        s.CreatedAt,
        s.Field#, -- each field
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
