-- usp_KeepProgress: what the fresh batches prove, of each channel's epoch; NULL leaves what is held, ids only
-- grow, spans are joined, gaps replaced. Called by usp_LoadReadings.
CREATE OR ALTER PROCEDURE iot.usp_KeepProgress @Spans NVARCHAR(MAX), @Gaps NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        b.ChannelID,
        b.Epoch,
        MIN(b.LowestEntryID) AS LowestEntryID,
        MAX(b.HighestEntryID) AS HighestEntryID,
        MAX(b.NewestCreatedAt) AS NewestCreatedAt,
        MAX(CASE WHEN b.HasGaps = 1 THEN b.Batch END) AS GapsOf,
        (
            SELECT TOP (1) x.LastEntryID
            FROM #batches AS x
            WHERE x.ChannelID = b.ChannelID AND x.IsFresh = 1 AND x.LastEntryID IS NOT NULL
            ORDER BY x.Batch DESC
        ) AS LastEntryID,
        (
            SELECT TOP (1) x.IDsCheckedTo
            FROM #batches AS x
            WHERE x.ChannelID = b.ChannelID AND x.IsFresh = 1 AND x.IDsCheckedTo IS NOT NULL
            ORDER BY x.Batch DESC
        ) AS IDsCheckedTo,
        (
            SELECT TOP (1) x.FutureCheckedAt
            FROM #batches AS x
            WHERE x.ChannelID = b.ChannelID AND x.IsFresh = 1 AND x.FutureCheckedAt IS NOT NULL
            ORDER BY x.Batch DESC
        ) AS FutureCheckedAt
    INTO #proven
    FROM #batches AS b
    WHERE b.IsFresh = 1
    GROUP BY b.ChannelID, b.Epoch;

    UPDATE e
    SET
        LastEntryID = COALESCE(p.LastEntryID, e.LastEntryID),
        LowestEntryID = CASE
            WHEN p.LowestEntryID < e.LowestEntryID OR e.LowestEntryID IS NULL THEN p.LowestEntryID
            ELSE e.LowestEntryID
        END,
        HighestEntryID = CASE
            WHEN p.HighestEntryID > e.HighestEntryID OR e.HighestEntryID IS NULL THEN p.HighestEntryID
            ELSE e.HighestEntryID
        END,
        NewestEntryID = CASE
            WHEN p.NewestCreatedAt > e.NewestCreatedAt OR e.NewestCreatedAt IS NULL THEN p.NewestEntryID
            WHEN p.NewestCreatedAt = e.NewestCreatedAt
            AND p.NewestEntryID > e.NewestEntryID THEN p.NewestEntryID
            ELSE e.NewestEntryID
        END,
        NewestCreatedAt = CASE
            WHEN p.NewestCreatedAt > e.NewestCreatedAt OR e.NewestCreatedAt IS NULL THEN p.NewestCreatedAt
            ELSE e.NewestCreatedAt
        END,
        IDsCheckedTo = COALESCE(p.IDsCheckedTo, e.IDsCheckedTo),
        FutureCheckedAt = COALESCE(p.FutureCheckedAt, e.FutureCheckedAt)
    FROM iot.Epochs AS e WITH (ROWLOCK, FORCESEEK)
    JOIN (
        SELECT
            n.*,
            (
                SELECT MAX(x.NewestEntryID)
                FROM #batches AS x
                WHERE x.ChannelID = n.ChannelID AND x.IsFresh = 1 AND x.NewestCreatedAt = n.NewestCreatedAt
            ) AS NewestEntryID
        FROM #proven AS n
    ) AS p ON p.ChannelID = e.ChannelID AND p.Epoch = e.Epoch;

    IF @Spans IS NOT NULL
        EXEC iot.usp_JoinSpans @Spans = @Spans;

    IF EXISTS (SELECT 1 FROM #proven AS p WHERE p.GapsOf IS NOT NULL)
    BEGIN
        DELETE g
        FROM iot.Gaps AS g WITH (ROWLOCK, FORCESEEK)
        JOIN #proven AS p ON p.ChannelID = g.ChannelID AND p.Epoch = g.Epoch
        WHERE p.GapsOf IS NOT NULL;
        INSERT INTO iot.Gaps (ChannelID, Epoch, FirstEntryID, LastEntryID, State, AtSecond)
        SELECT p.ChannelID, p.Epoch, j.FirstEntryID, j.LastEntryID, j.State, j.AtSecond
        FROM OPENJSON(@Gaps) WITH (
            Batch INT '$.Batch',
            FirstEntryID BIGINT '$.FirstEntryID',
            LastEntryID BIGINT '$.LastEntryID',
            State NVARCHAR(20) '$.State',
            AtSecond DATETIME2(6) '$.AtSecond'
        ) AS j
        JOIN #proven AS p ON p.GapsOf = j.Batch;
    END;
    RETURN 0;
END;
