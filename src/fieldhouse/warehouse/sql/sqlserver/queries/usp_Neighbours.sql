-- usp_Neighbours(channel_id, epoch, first_at, last_at, distance): the readings of an epoch around a span, the
-- distance-th and the one beyond it on each side; of those that are neither withdrawn nor in dispute. Where
-- there are fewer, the farthest two.
CREATE OR ALTER PROCEDURE iot.usp_Neighbours
    @ChannelID INT,
    @Epoch INT,
    @FirstAt DATETIME2(6),
    @LastAt DATETIME2(6),
    @Distance BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    CREATE TABLE #near (
        Side NVARCHAR(6) COLLATE DATABASE_DEFAULT NOT NULL,
        EntryID BIGINT NOT NULL,
        CreatedAt DATETIME2(6) NOT NULL,
        Place BIGINT NOT NULL
    );
    INSERT INTO #near (Side, EntryID, CreatedAt, Place)
    SELECT N'before', b.EntryID, b.CreatedAt, ROW_NUMBER() OVER (ORDER BY b.CreatedAt DESC, b.EntryID DESC)
    FROM (
        SELECT TOP (@Distance + 1) r.EntryID, r.CreatedAt
        FROM iot.AllReadings AS r
        WHERE r.ChannelID = @ChannelID
            AND r.Epoch = @Epoch
            AND r.WithdrawnAt IS NULL
            AND r.CreatedAt < @FirstAt
            AND NOT EXISTS (
                SELECT 1
                FROM iot.Disputes AS d
                WHERE d.ChannelID = @ChannelID AND d.Epoch = @Epoch AND d.EntryID = r.EntryID
            )
        ORDER BY r.CreatedAt DESC, r.EntryID DESC
    ) AS b;
    INSERT INTO #near (Side, EntryID, CreatedAt, Place)
    SELECT N'after', a.EntryID, a.CreatedAt, ROW_NUMBER() OVER (ORDER BY a.CreatedAt, a.EntryID)
    FROM (
        SELECT TOP (@Distance + 1) r.EntryID, r.CreatedAt
        FROM iot.AllReadings AS r
        WHERE r.ChannelID = @ChannelID
            AND r.Epoch = @Epoch
            AND r.WithdrawnAt IS NULL
            AND r.CreatedAt > @LastAt
            AND NOT EXISTS (
                SELECT 1
                FROM iot.Disputes AS d
                WHERE d.ChannelID = @ChannelID AND d.Epoch = @Epoch AND d.EntryID = r.EntryID
            )
        ORDER BY r.CreatedAt, r.EntryID
    ) AS a;

    SELECT n.Side, n.EntryID, n.CreatedAt, n.Place
    FROM #near AS n
    WHERE n.Place >= (SELECT MAX(m.Place) - 1 FROM #near AS m WHERE m.Side = n.Side)
    ORDER BY n.Side, n.Place;
    RETURN 0;
END;
