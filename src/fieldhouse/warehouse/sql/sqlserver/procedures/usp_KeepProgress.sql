-- usp_KeepProgress: what the fresh batches prove, of each epoch that grows; NULL leaves what is held, ids only
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
        MIN(b.FirstCreatedAt) AS FirstCreatedAt,
        MAX(b.LastCreatedAt) AS LastCreatedAt,
        MAX(CASE WHEN b.HasGaps = 1 THEN b.Batch END) AS GapsOf,
        MAX(CASE WHEN b.BeganWith IS NOT NULL THEN b.Batch END) AS BeganOf,
        MAX(CASE WHEN b.IsJudged IS NOT NULL THEN b.Batch END) AS JudgedOf,
        MAX(CASE WHEN b.SweptAt IS NOT NULL THEN b.Batch END) AS SweptOf,
        MAX(CASE WHEN b.AgainStart IS NOT NULL THEN b.Batch END) AS AgainOf,
        COUNT_BIG(*) AS Batches,
        (
            SELECT TOP (1) x.LastEntryID
            FROM #batches AS x
            WHERE x.ChannelID = b.ChannelID
                AND x.Epoch = b.Epoch
                AND x.IsFresh = 1
                AND x.LastEntryID IS NOT NULL
            ORDER BY x.Batch DESC
        ) AS LastEntryID,
        (
            SELECT TOP (1) x.IDsCheckedTo
            FROM #batches AS x
            WHERE x.ChannelID = b.ChannelID
                AND x.Epoch = b.Epoch
                AND x.IsFresh = 1
                AND x.IDsCheckedTo IS NOT NULL
            ORDER BY x.Batch DESC
        ) AS IDsCheckedTo,
        (
            SELECT TOP (1) x.FutureCheckedAt
            FROM #batches AS x
            WHERE x.ChannelID = b.ChannelID
                AND x.Epoch = b.Epoch
                AND x.IsFresh = 1
                AND x.FutureCheckedAt IS NOT NULL
            ORDER BY x.Batch DESC
        ) AS FutureCheckedAt
    INTO #proven
    FROM #batches AS b
    WHERE b.IsFresh = 1 AND (b.Grows = 1 OR b.IsShown = 0)
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
        FutureCheckedAt = COALESCE(p.FutureCheckedAt, e.FutureCheckedAt),
        FirstCreatedAt = CASE
            WHEN p.FirstCreatedAt < e.FirstCreatedAt OR e.FirstCreatedAt IS NULL THEN p.FirstCreatedAt
            ELSE e.FirstCreatedAt
        END,
        LastCreatedAt = CASE
            WHEN p.LastCreatedAt > e.LastCreatedAt OR e.LastCreatedAt IS NULL THEN p.LastCreatedAt
            ELSE e.LastCreatedAt
        END,
        BeganWith = CASE
            WHEN p.BeganWith < e.BeganWith THEN p.BeganWith
            ELSE COALESCE(e.BeganWith, p.BeganWith)
        END,
        IsJudged = COALESCE(p.IsJudged, e.IsJudged),
        SweptAt = COALESCE(p.SweptAt, e.SweptAt),
        SweptTo = CASE WHEN p.SweptAt IS NOT NULL THEN p.SweptTo ELSE e.SweptTo END,
        -- an empty span: nothing is left to be read again
        AgainStart = CASE
            WHEN p.AgainStart = p.AgainEnd THEN NULL
            ELSE COALESCE(p.AgainStart, e.AgainStart)
        END,
        AgainEnd = CASE WHEN p.AgainStart = p.AgainEnd THEN NULL ELSE COALESCE(p.AgainEnd, e.AgainEnd) END,
        Version = e.Version + p.Batches
    FROM iot.Epochs AS e WITH (ROWLOCK, FORCESEEK)
    JOIN (
        SELECT
            n.*,
            c.BeganWith,
            d.IsJudged,
            s.SweptAt,
            s.SweptTo,
            a.AgainStart,
            a.AgainEnd,
            (
                SELECT MAX(x.NewestEntryID)
                FROM #batches AS x
                WHERE x.ChannelID = n.ChannelID
                    AND x.Epoch = n.Epoch
                    AND x.IsFresh = 1
                    AND x.NewestCreatedAt = n.NewestCreatedAt
            ) AS NewestEntryID
        FROM #proven AS n
        LEFT JOIN #batches AS c ON c.Batch = n.BeganOf
        LEFT JOIN #batches AS d ON d.Batch = n.JudgedOf
        LEFT JOIN #batches AS s ON s.Batch = n.SweptOf
        LEFT JOIN #batches AS a ON a.Batch = n.AgainOf
    ) AS p ON p.ChannelID = e.ChannelID AND p.Epoch = e.Epoch;

    IF @Spans IS NOT NULL
        EXEC iot.usp_JoinSpans @Spans = @Spans;

    IF EXISTS (SELECT 1 FROM #proven AS p WHERE p.GapsOf IS NOT NULL)
    BEGIN
        DELETE g
        FROM iot.Gaps AS g WITH (ROWLOCK, FORCESEEK)
        JOIN #proven AS p ON p.ChannelID = g.ChannelID AND p.Epoch = g.Epoch
        WHERE p.GapsOf IS NOT NULL;
        INSERT INTO iot.Gaps (ChannelID, Epoch, FirstEntryID, LastEntryID, State, AtSecond, DueAt, OlderEpoch)
        SELECT p.ChannelID, p.Epoch, j.FirstEntryID, j.LastEntryID, j.State, j.AtSecond, j.DueAt, j.OlderEpoch
        FROM OPENJSON(@Gaps) WITH (
            Batch INT '$.Batch',
            FirstEntryID BIGINT '$.FirstEntryID',
            LastEntryID BIGINT '$.LastEntryID',
            State NVARCHAR(20) '$.State',
            AtSecond DATETIME2(6) '$.AtSecond',
            DueAt DATETIME2(6) '$.DueAt',
            OlderEpoch INT '$.OlderEpoch'
        ) AS j
        JOIN #proven AS p ON p.GapsOf = j.Batch;
    END;
    RETURN 0;
END;
