-- usp_SupersedeBetween: of the readings that epochs older than this one have in a span, both ends included, those
-- count that no newer epoch has taken the place of; what changed goes to #touched. Called by usp_JudgeEpoch.
CREATE OR ALTER PROCEDURE iot.usp_SupersedeBetween
    @ChannelID INT,
    @Epoch INT,
    @FirstAt DATETIME2(6),
    @LastAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    IF @FirstAt IS NULL
        RETURN 0;
    SELECT g.Epoch, g.FirstEntryID, g.LastEntryID
    INTO #theirs
    FROM iot.Gaps AS g WITH (FORCESEEK)
    WHERE g.ChannelID = @ChannelID AND g.State = N'older';
    INSERT INTO #touched (ReadingID, ChannelID, CreatedAt, Superseded)
    SELECT j.ReadingID, @ChannelID, j.CreatedAt, j.IsReplaced
    FROM (
        SELECT
            r.ReadingID,
            r.CreatedAt,
            r.Superseded,
            CASE
                WHEN EXISTS (
                    SELECT 1
                    FROM iot.Reimports AS m
                    WHERE m.ChannelID = @ChannelID
                        AND m.Epoch > r.Epoch
                        AND m.OlderEpoch = r.Epoch
                        AND r.CreatedAt BETWEEN m.SpanStart AND m.SpanEnd
                        AND NOT EXISTS (
                            SELECT 1
                            FROM #theirs AS g
                            WHERE g.Epoch = m.Epoch AND r.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
                        )
                )
                OR EXISTS (
                    SELECT 1
                    FROM iot.AllReadings AS n
                    WHERE n.ChannelID = @ChannelID
                        AND n.Epoch > r.Epoch
                        AND n.CreatedAt = r.CreatedAt
                        AND NOT EXISTS (
                            SELECT 1
                            FROM #theirs AS g
                            WHERE g.Epoch = n.Epoch AND r.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
                        )
                ) THEN 1
                ELSE 0
            END AS IsReplaced
        FROM iot.AllReadings AS r
        WHERE r.ChannelID = @ChannelID AND r.Epoch < @Epoch AND r.CreatedAt BETWEEN @FirstAt AND @LastAt
    ) AS j
    WHERE j.Superseded <> j.IsReplaced;
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
