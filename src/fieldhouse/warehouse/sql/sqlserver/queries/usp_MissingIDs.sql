-- usp_MissingIDs(channel_id, epoch, above, upto): runs of entry ids above one and up to another, not held.
CREATE OR ALTER PROCEDURE iot.usp_MissingIDs @ChannelID INT, @Epoch INT, @Above BIGINT, @UpTo BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT p.EntryID + 1 AS FirstEntryID, p.NextID - 1 AS LastEntryID
    FROM (
        SELECT e.EntryID, LEAD(e.EntryID) OVER (ORDER BY e.EntryID) AS NextID
        FROM (
            SELECT r.EntryID
            FROM iot.AllReadings AS r
            WHERE r.ChannelID = @ChannelID AND r.Epoch = @Epoch AND r.EntryID > @Above AND r.EntryID <= @UpTo
            UNION ALL
            SELECT v.EntryID
            FROM (VALUES
                (@Above),
                (@UpTo + 1)
            ) AS v (EntryID)
        ) AS e
    ) AS p
    WHERE p.NextID > p.EntryID + 1 AND @UpTo > @Above
    ORDER BY p.EntryID;
    RETURN 0;
END;
