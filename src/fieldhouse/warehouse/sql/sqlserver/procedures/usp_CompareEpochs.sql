-- usp_CompareEpochs: how many readings each older epoch has in the span of this one, and how many of them this one
-- shows again, to #spanned, from what each epoch shows, #content. Called by usp_JudgeEpoch.
CREATE OR ALTER PROCEDURE iot.usp_CompareEpochs @Epoch INT
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @first DATETIME2(6), @last DATETIME2(6);
    IF NOT EXISTS (SELECT 1 FROM #content AS c WHERE c.InEpoch = @Epoch AND c.Epoch = @Epoch)
        RETURN 0;
    SELECT @first = MIN(c.CreatedAt), @last = MAX(c.CreatedAt) FROM #content AS c WHERE c.InEpoch = @Epoch;
    CREATE TABLE #ours (
        CreatedAt DATETIME2(6) NOT NULL PRIMARY KEY CLUSTERED
    );
    INSERT INTO #ours (CreatedAt)
    SELECT DISTINCT c.CreatedAt FROM #content AS c WHERE c.InEpoch = @Epoch AND c.IsConfirmed = 1;

    INSERT INTO #spanned (OlderEpoch, FirstAt, LastAt, Readings, ShownAgain)
    SELECT o.InEpoch, @first, @last, COUNT_BIG(*), COUNT_BIG(n.CreatedAt)
    FROM #content AS o
    LEFT JOIN #ours AS n ON n.CreatedAt = o.CreatedAt
    LEFT JOIN #content AS b ON b.InEpoch = @Epoch AND b.ReadingID = o.ReadingID
    WHERE o.InEpoch < @Epoch
        AND o.IsWithdrawn = 0
        AND o.CreatedAt BETWEEN @first AND @last
        AND (b.IsConfirmed IS NULL OR b.IsConfirmed = 1)
    GROUP BY o.InEpoch;
    RETURN 0;
END;
