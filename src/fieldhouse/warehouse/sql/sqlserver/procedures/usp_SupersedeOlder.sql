-- usp_SupersedeOlder: of the readings of epochs older than this one, those count whose place no epoch has taken
-- after the one that showed them last, by #content; what changed goes to #touched. Called by usp_JudgeEpoch.
CREATE OR ALTER PROCEDURE iot.usp_SupersedeOlder @ChannelID INT, @Epoch INT
AS
BEGIN
    SET NOCOUNT ON;
    CREATE TABLE #newest (
        CreatedAt DATETIME2(6) NOT NULL PRIMARY KEY CLUSTERED,
        InEpoch INT NOT NULL
    );
    INSERT INTO #newest (CreatedAt, InEpoch)
    SELECT c.CreatedAt, MAX(c.InEpoch) FROM #content AS c GROUP BY c.CreatedAt;

    INSERT INTO #touched (ReadingID, ChannelID, CreatedAt, Superseded)
    SELECT j.ReadingID, @ChannelID, j.CreatedAt, j.IsReplaced
    FROM (
        SELECT
            l.ReadingID,
            l.CreatedAt,
            CASE
                WHEN n.InEpoch > l.InEpoch THEN 1
                WHEN EXISTS (
                    SELECT 1
                    FROM iot.Reimports AS m
                    WHERE m.ChannelID = @ChannelID
                        AND m.OlderEpoch = l.InEpoch
                        AND l.CreatedAt BETWEEN m.SpanStart AND m.SpanEnd
                ) THEN 1
                ELSE 0
            END AS IsReplaced
        FROM (
            SELECT c.ReadingID, c.CreatedAt, MAX(c.InEpoch) AS InEpoch
            FROM #content AS c
            WHERE c.Epoch < @Epoch
            GROUP BY c.ReadingID, c.CreatedAt
        ) AS l
        JOIN #newest AS n ON n.CreatedAt = l.CreatedAt
    ) AS j
    JOIN iot.AllReadings AS r ON r.ReadingID = j.ReadingID AND r.CreatedAt = j.CreatedAt
    WHERE r.ChannelID = @ChannelID AND r.Superseded <> j.IsReplaced;
    UPDATE r
    SET Superseded = t.Superseded
    FROM #touched AS t
    JOIN iot.SensorReadings AS r WITH (ROWLOCK, FORCESEEK)
        ON r.ReadingID = t.ReadingID AND r.CreatedAt = t.CreatedAt
    OPTION (LOOP JOIN);
    UPDATE r
    SET Superseded = t.Superseded
    FROM #touched AS t
    JOIN iot.SensorReadings_Archive AS r WITH (ROWLOCK, FORCESEEK)
        ON r.ReadingID = t.ReadingID AND r.CreatedAt = t.CreatedAt
    OPTION (LOOP JOIN);
    RETURN 0;
END;
