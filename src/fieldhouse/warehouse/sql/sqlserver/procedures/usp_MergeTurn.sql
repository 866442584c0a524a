-- usp_MergeTurn: writes those of #offered that have one turn; no key stands there twice. What is held goes to
-- #held, the values that are replaced to #texts. Called by usp_LoadReadings, under the channels' locks.
CREATE OR ALTER PROCEDURE iot.usp_MergeTurn @Turn INT
AS
BEGIN
    SET NOCOUNT ON;
    -- an entry is looked up with its time, which in partitions is one look-up instead of one in each; ids beyond
    -- all that are held need none, but what an earlier turn has just inserted is not in the bounds yet
    INSERT INTO #held (ChannelID, Epoch, EntryID, Turn, ReadingID, CreatedAt, IsWithdrawn, IsChanged)
    SELECT
        o.ChannelID,
        o.Epoch,
        o.EntryID,
        o.Turn,
        r.ReadingID,
        r.CreatedAt,
        CASE WHEN r.WithdrawnAt IS NULL OR o.IsShown = 0 THEN 0 ELSE 1 END,
        CASE
            WHEN o.Field1 <> r.Field1
            OR (o.Field1 IS NOT NULL AND r.Field1 IS NULL)
            OR o.Field2 <> r.Field2
            OR (o.Field2 IS NOT NULL AND r.Field2 IS NULL)
            OR o.Field3 <> r.Field3
            OR (o.Field3 IS NOT NULL AND r.Field3 IS NULL)
            OR o.Field4 <> r.Field4
            OR (o.Field4 IS NOT NULL AND r.Field4 IS NULL)
            OR o.Field5 <> r.Field5
            OR (o.Field5 IS NOT NULL AND r.Field5 IS NULL)
            OR o.Field6 <> r.Field6
            OR (o.Field6 IS NOT NULL AND r.Field6 IS NULL)
            OR o.Field7 <> r.Field7
            OR (o.Field7 IS NOT NULL AND r.Field7 IS NULL)
            OR o.Field8 <> r.Field8
            OR (o.Field8 IS NOT NULL AND r.Field8 IS NULL)
            OR o.Latitude <> r.Latitude
            OR (o.Latitude IS NOT NULL AND r.Latitude IS NULL)
            OR o.Longitude <> r.Longitude
            OR (o.Longitude IS NOT NULL AND r.Longitude IS NULL)
            OR o.Elevation <> r.Elevation
            OR (o.Elevation IS NOT NULL AND r.Elevation IS NULL)
            OR o.Status COLLATE Latin1_General_BIN2 <> r.Status COLLATE Latin1_General_BIN2
            OR DATALENGTH(o.Status) <> DATALENGTH(r.Status)
            OR (o.Status IS NOT NULL AND r.Status IS NULL)
            OR (o.IsShown = 1 AND (r.Superseded = 1 OR r.WithdrawnAt IS NOT NULL)) THEN 1
            ELSE 0
        END
    FROM #offered AS o
    JOIN iot.Epochs AS e WITH (FORCESEEK)
        ON e.ChannelID = o.ChannelID
            AND e.Epoch = o.Epoch
            AND (@Turn > 0 OR o.EntryID BETWEEN e.LowestEntryID AND e.HighestEntryID)
    JOIN iot.AllReadings AS r WITH (FORCESEEK)
        ON r.ChannelID = o.ChannelID
            AND r.Epoch = o.Epoch
            AND r.EntryID = o.EntryID
            AND r.CreatedAt = o.CreatedAt
    WHERE o.Turn = @Turn
    OPTION (LOOP JOIN);

    DECLARE @held INT = @@ROWCOUNT;
    IF @held = (SELECT COUNT(*) FROM #offered AS o WHERE o.Turn = @Turn)
    BEGIN
        EXEC iot.usp_UpdateHeld @Turn = @Turn;
        RETURN 0;
    END;

    -- those not found may be held with another time
    SELECT o.ChannelID, o.EntryID, o.CreatedAt, r.CreatedAt AS HeldAt
    INTO #moved
    FROM #offered AS o
    JOIN iot.Epochs AS e WITH (FORCESEEK)
        ON e.ChannelID = o.ChannelID
            AND e.Epoch = o.Epoch
            AND (@Turn > 0 OR o.EntryID BETWEEN e.LowestEntryID AND e.HighestEntryID)
    JOIN iot.AllReadings AS r WITH (FORCESEEK)
        ON r.ChannelID = o.ChannelID AND r.Epoch = o.Epoch AND r.EntryID = o.EntryID
    WHERE o.Turn = @Turn
        AND NOT EXISTS (
            SELECT 1
            FROM #held AS h
            WHERE h.ChannelID = o.ChannelID
                AND h.Epoch = o.Epoch
                AND h.EntryID = o.EntryID
                AND h.Turn = o.Turn
        )
    OPTION (LOOP JOIN);
    IF EXISTS (SELECT 1 FROM #moved)
        EXEC iot.usp_RefuseMoved;

    EXEC iot.usp_UpdateHeld @Turn = @Turn;

    INSERT INTO iot.SensorReadings (
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
        o.ChannelID,
        o.Epoch,
        o.EntryID,
        o.CreatedAt,
        o.Field#, -- each field
        o.Latitude,
        o.Longitude,
        o.Elevation,
        o.Status
    FROM #offered AS o
    WHERE o.Turn = @Turn
        AND NOT EXISTS (
            SELECT 1
            FROM #held AS h
            WHERE h.ChannelID = o.ChannelID
                AND h.Epoch = o.Epoch
                AND h.EntryID = o.EntryID
                AND h.Turn = o.Turn
        )
    -- as #offered has them, so that nothing is sorted
    ORDER BY o.ChannelID, o.Epoch, o.EntryID
    -- the foreign key is checked row by row: a scan of Channels would wait for other loads' new channels
    OPTION (LOOP JOIN);
    RETURN 0;
END;
