-- usp_UpdateHeld: offered values fill and replace those held, here or in the archive; an offered NULL never
-- erases, and what is replaced goes to #texts. What the source shows is there, and counts. Called by usp_MergeTurn.
CREATE OR ALTER PROCEDURE iot.usp_UpdateHeld @Turn INT
AS
BEGIN
    SET NOCOUNT ON;
    IF NOT EXISTS (SELECT 1 FROM #held AS h WHERE h.Turn = @Turn AND h.IsChanged = 1)
        RETURN 0;
    INSERT INTO #texts (ChannelID, Epoch, EntryID, ColumnName, RawValue, Reason)
    SELECT o.ChannelID, o.Epoch, o.EntryID, v.ColumnName, v.Held, N'replaced'
    FROM #held AS h
    JOIN #offered AS o
        ON o.ChannelID = h.ChannelID AND o.Epoch = h.Epoch AND o.EntryID = h.EntryID AND o.Turn = h.Turn
    JOIN iot.AllReadings AS r WITH (FORCESEEK) ON r.ReadingID = h.ReadingID AND r.CreatedAt = h.CreatedAt
    CROSS APPLY (VALUES
        (N'Field#', CAST(r.Field# AS NVARCHAR(MAX)), CAST(o.Field# AS NVARCHAR(MAX))), -- each field
        (N'Latitude', CAST(r.Latitude AS NVARCHAR(MAX)), CAST(o.Latitude AS NVARCHAR(MAX))),
        (N'Longitude', CAST(r.Longitude AS NVARCHAR(MAX)), CAST(o.Longitude AS NVARCHAR(MAX))),
        (N'Elevation', CAST(r.Elevation AS NVARCHAR(MAX)), CAST(o.Elevation AS NVARCHAR(MAX))),
        (N'Status', r.Status, o.Status)
    ) AS v (ColumnName, Held, Offered)
    WHERE h.Turn = @Turn
        AND h.IsChanged = 1
        AND (
            v.Held COLLATE Latin1_General_BIN2 <> v.Offered COLLATE Latin1_General_BIN2
            OR DATALENGTH(v.Held) <> DATALENGTH(v.Offered)
        )
    OPTION (LOOP JOIN);

    IF EXISTS (SELECT 1 FROM #held AS h WHERE h.Turn = @Turn AND h.IsWithdrawn = 1)
        UPDATE k
        SET Withdrawn = k.Withdrawn - w.Readings
        FROM (
            SELECT h.ChannelID, COUNT_BIG(*) AS Readings
            FROM #held AS h
            WHERE h.Turn = @Turn AND h.IsWithdrawn = 1
            GROUP BY h.ChannelID
        ) AS w
        JOIN iot.ReadingCounts AS k WITH (ROWLOCK, FORCESEEK) ON k.ChannelID = w.ChannelID
        OPTION (LOOP JOIN);

    -- by the keys that were found: no row of another channel is looked at
    UPDATE r
    SET
        Field# = COALESCE(o.Field#, r.Field#), -- each field
        Latitude = COALESCE(o.Latitude, r.Latitude),
        Longitude = COALESCE(o.Longitude, r.Longitude),
        Elevation = COALESCE(o.Elevation, r.Elevation),
        Status = COALESCE(o.Status, r.Status),
        WithdrawnAt = CASE WHEN o.IsShown = 0 THEN r.WithdrawnAt END,
        Superseded = CASE WHEN o.IsShown = 0 THEN r.Superseded ELSE 0 END
    FROM #held AS h
    JOIN #offered AS o
        ON o.ChannelID = h.ChannelID AND o.Epoch = h.Epoch AND o.EntryID = h.EntryID AND o.Turn = h.Turn
    JOIN iot.SensorReadings AS r WITH (ROWLOCK, FORCESEEK)
        ON r.ReadingID = h.ReadingID AND r.CreatedAt = h.CreatedAt
    WHERE h.Turn = @Turn AND h.IsChanged = 1
    OPTION (LOOP JOIN);

    DECLARE @updated INT = @@ROWCOUNT;
    IF @updated = (SELECT COUNT(*) FROM #held AS h WHERE h.Turn = @Turn AND h.IsChanged = 1)
        RETURN 0;
    UPDATE r
    SET
        Field# = COALESCE(o.Field#, r.Field#), -- each field
        Latitude = COALESCE(o.Latitude, r.Latitude),
        Longitude = COALESCE(o.Longitude, r.Longitude),
        Elevation = COALESCE(o.Elevation, r.Elevation),
        Status = COALESCE(o.Status, r.Status),
        WithdrawnAt = CASE WHEN o.IsShown = 0 THEN r.WithdrawnAt END,
        Superseded = CASE WHEN o.IsShown = 0 THEN r.Superseded ELSE 0 END
    FROM #held AS h
    JOIN #offered AS o
        ON o.ChannelID = h.ChannelID AND o.Epoch = h.Epoch AND o.EntryID = h.EntryID AND o.Turn = h.Turn
    JOIN iot.SensorReadings_Archive AS r WITH (ROWLOCK, FORCESEEK)
        ON r.ReadingID = h.ReadingID AND r.CreatedAt = h.CreatedAt
    WHERE h.Turn = @Turn AND h.IsChanged = 1
    OPTION (LOOP JOIN);
    RETURN 0;
END;
