-- usp_Supersede: what older epochs have at the times of #touched no longer counts, unless the source showed it
-- beside the newer one, or later on. It is found first, by seeks, and then changed by its keys. Called by
-- usp_TakePlace.
CREATE OR ALTER PROCEDURE iot.usp_Supersede
AS
BEGIN
    SET NOCOUNT ON;
    SELECT DISTINCT r.ReadingID, r.CreatedAt
    INTO #superseded
    FROM #touched AS t
    JOIN iot.AllReadings AS r WITH (FORCESEEK)
        ON r.ChannelID = t.ChannelID AND r.CreatedAt = t.CreatedAt AND r.Epoch < t.Epoch
    WHERE r.Superseded = 0
        AND NOT EXISTS (
            SELECT 1
            FROM iot.Gaps AS g WITH (FORCESEEK)
            WHERE g.ChannelID = t.ChannelID
                AND g.Epoch >= t.Epoch
                AND g.State = N'older'
                AND g.OlderEpoch = r.Epoch
                AND r.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
        )
    OPTION (LOOP JOIN);
    UPDATE r
    SET Superseded = 1
    FROM #superseded AS s
    JOIN iot.SensorReadings AS r WITH (ROWLOCK, FORCESEEK)
        ON r.ReadingID = s.ReadingID AND r.CreatedAt = s.CreatedAt
    OPTION (LOOP JOIN);
    UPDATE r
    SET Superseded = 1
    FROM #superseded AS s
    JOIN iot.SensorReadings_Archive AS r WITH (ROWLOCK, FORCESEEK)
        ON r.ReadingID = s.ReadingID AND r.CreatedAt = s.CreatedAt
    OPTION (LOOP JOIN);
    RETURN 0;
END;
