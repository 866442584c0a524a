-- usp_Supersede: of readings at the times of #touched only those of the newest epoch there count from now on.
-- The others are found first, by seeks, and then changed by their keys. Called by usp_MergeOffered.
CREATE OR ALTER PROCEDURE iot.usp_Supersede
AS
BEGIN
    SET NOCOUNT ON;
    SELECT DISTINCT r.ReadingID, r.CreatedAt
    INTO #superseded
    FROM #touched AS t
    JOIN iot.AllReadings AS r WITH (FORCESEEK) ON r.ChannelID = t.ChannelID AND r.CreatedAt = t.CreatedAt
    JOIN iot.AllReadings AS n WITH (FORCESEEK)
        ON n.ChannelID = t.ChannelID AND n.CreatedAt = t.CreatedAt AND n.Epoch > r.Epoch
    WHERE r.Superseded = 0
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
