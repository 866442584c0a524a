-- usp_CompareEpochs: how many readings each older epoch has in the span of a newer one, up to this epoch, and how
-- many of them the newer one shows again, to #spanned, from what each epoch shows, #content. Called by
-- usp_JudgeEpoch.
CREATE OR ALTER PROCEDURE iot.usp_CompareEpochs @Epoch INT
AS
BEGIN
    SET NOCOUNT ON;
    CREATE TABLE #spans (
        InEpoch INT NOT NULL PRIMARY KEY CLUSTERED,
        FirstAt DATETIME2(6) NOT NULL,
        LastAt DATETIME2(6) NOT NULL
    );
    INSERT INTO #spans (InEpoch, FirstAt, LastAt)
    SELECT c.InEpoch, MIN(c.CreatedAt), MAX(c.CreatedAt)
    FROM #content AS c
    WHERE c.InEpoch <= @Epoch
    GROUP BY c.InEpoch
    HAVING MAX(CASE WHEN c.Epoch = c.InEpoch THEN 1 ELSE 0 END) = 1;
    CREATE TABLE #shown (
        InEpoch INT NOT NULL,
        CreatedAt DATETIME2(6) NOT NULL,
        PRIMARY KEY CLUSTERED (InEpoch, CreatedAt)
    );
    INSERT INTO #shown (InEpoch, CreatedAt)
    SELECT DISTINCT c.InEpoch, c.CreatedAt FROM #content AS c WHERE c.IsConfirmed = 1;

    INSERT INTO #spanned (Epoch, OlderEpoch, FirstAt, LastAt, Readings, ShownAgain)
    SELECT s.InEpoch, o.InEpoch, s.FirstAt, s.LastAt, COUNT_BIG(*), COUNT_BIG(n.CreatedAt)
    FROM #content AS o
    JOIN #spans AS s ON s.InEpoch > o.InEpoch AND o.CreatedAt BETWEEN s.FirstAt AND s.LastAt
    LEFT JOIN #shown AS n ON n.InEpoch = s.InEpoch AND n.CreatedAt = o.CreatedAt
    LEFT JOIN #content AS b ON b.InEpoch = s.InEpoch AND b.ReadingID = o.ReadingID
    WHERE o.IsWithdrawn = 0 AND (b.IsConfirmed IS NULL OR b.IsConfirmed = 1)
    GROUP BY s.InEpoch, o.InEpoch, s.FirstAt, s.LastAt;
    RETURN 0;
END;
