-- usp_CompareEpochs: how many readings each older epoch has in the span of this one, and how many of them this one
-- shows again, to #spanned. Called by usp_JudgeEpoch.
CREATE OR ALTER PROCEDURE iot.usp_CompareEpochs @ChannelID INT, @Epoch INT
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @first DATETIME2(6), @last DATETIME2(6);
    CREATE TABLE #own (
        CreatedAt DATETIME2(6) NOT NULL PRIMARY KEY CLUSTERED
    );
    INSERT INTO #own (CreatedAt)
    SELECT DISTINCT r.CreatedAt FROM iot.AllReadings AS r WHERE r.ChannelID = @ChannelID AND r.Epoch = @Epoch;
    IF NOT EXISTS (SELECT 1 FROM #own)
        RETURN 0;

    SELECT
        r.Epoch,
        r.CreatedAt,
        CASE
            WHEN EXISTS (
                SELECT 1
                FROM iot.Gaps AS g
                WHERE g.ChannelID = @ChannelID
                    AND g.Epoch = @Epoch
                    AND g.State = N'older'
                    AND r.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
            ) THEN 1
            ELSE 0
        END AS IsTheirs,
        CASE
            WHEN EXISTS (
                SELECT 1
                FROM iot.Gaps AS g
                WHERE g.ChannelID = @ChannelID
                    AND g.Epoch = @Epoch
                    AND g.State = N'older'
                    AND g.DueAt IS NULL
                    AND r.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
            ) THEN 1
            ELSE 0
        END AS IsConfirmed,
        CASE WHEN EXISTS (SELECT 1 FROM #own AS n WHERE n.CreatedAt = r.CreatedAt) THEN 1 ELSE 0 END AS IsOurs
    INTO #older
    FROM iot.AllReadings AS r
    WHERE r.ChannelID = @ChannelID AND r.Epoch < @Epoch AND r.WithdrawnAt IS NULL;
    SELECT @first = MIN(s.CreatedAt), @last = MAX(s.CreatedAt)
    FROM (
        SELECT n.CreatedAt FROM #own AS n
        UNION ALL
        SELECT o.CreatedAt FROM #older AS o WHERE o.IsTheirs = 1
    ) AS s;

    INSERT INTO #spanned (OlderEpoch, FirstAt, LastAt, Readings, ShownAgain)
    SELECT
        o.Epoch,
        @first,
        @last,
        COUNT_BIG(*),
        COUNT_BIG(CASE WHEN o.IsConfirmed = 1 OR o.IsOurs = 1 THEN 1 END)
    FROM #older AS o
    WHERE o.CreatedAt BETWEEN @first AND @last AND (o.IsConfirmed = 1 OR o.IsTheirs = 0)
    GROUP BY o.Epoch;
    RETURN 0;
END;
