-- usp_CompareEpochs: how many readings each older epoch has in the span of a newer one, up to this epoch, and how
-- many of them the newer one shows again, one for one where many share an instant, to #spanned, from what each epoch
-- shows, #content. Called by usp_JudgeEpoch.
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
        Readings BIGINT NOT NULL,
        PRIMARY KEY CLUSTERED (InEpoch, CreatedAt)
    );
    INSERT INTO #shown (InEpoch, CreatedAt, Readings)
    SELECT c.InEpoch, c.CreatedAt, COUNT_BIG(*)
    FROM #content AS c
    WHERE c.IsConfirmed = 1
    GROUP BY c.InEpoch, c.CreatedAt;

    INSERT INTO #spanned (Epoch, OlderEpoch, FirstAt, LastAt, Readings, ShownAgain)
    SELECT
        o.InEpoch,
        o.OlderEpoch,
        o.FirstAt,
        o.LastAt,
        SUM(o.Readings),
        SUM(
            CASE
                WHEN n.Readings IS NULL THEN 0
                WHEN n.Readings < o.Readings THEN n.Readings
                ELSE o.Readings
            END
        )
    FROM (
        SELECT s.InEpoch, r.InEpoch AS OlderEpoch, r.CreatedAt, s.FirstAt, s.LastAt, COUNT_BIG(*) AS Readings
        FROM #content AS r
        JOIN #spans AS s ON s.InEpoch > r.InEpoch AND r.CreatedAt BETWEEN s.FirstAt AND s.LastAt
        LEFT JOIN #content AS b ON b.InEpoch = s.InEpoch AND b.ReadingID = r.ReadingID
        WHERE r.IsWithdrawn = 0 AND (b.IsConfirmed IS NULL OR b.IsConfirmed = 1)
        GROUP BY s.InEpoch, r.InEpoch, r.CreatedAt, s.FirstAt, s.LastAt
    ) AS o
    LEFT JOIN #shown AS n ON n.InEpoch = o.InEpoch AND n.CreatedAt = o.CreatedAt
    GROUP BY o.InEpoch, o.OlderEpoch, o.FirstAt, o.LastAt;
    RETURN 0;
END;
