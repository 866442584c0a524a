-- usp_Lives(channel_id): the epochs of a channel, what proved each, their spans, and what of them counts.
CREATE OR ALTER PROCEDURE iot.usp_Lives @ChannelID INT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        e.Epoch,
        e.StartedAt,
        e.Evidence,
        e.FirstCreatedAt,
        e.LastCreatedAt,
        e.LastEntryID,
        e.HighestEntryID,
        COALESCE(h.Readings, 0) AS Readings,
        COALESCE(h.Superseded, 0) AS Superseded,
        COALESCE(h.Withdrawn, 0) AS Withdrawn,
        COALESCE(d.Disputed, 0) AS Disputed,
        COALESCE(d.Kept, 0) AS Kept,
        COALESCE(m.OpenIDs, 0) AS OpenIDs,
        COALESCE(m.AbsentIDs, 0) AS AbsentIDs,
        COALESCE(m.OlderIDs, 0) AS OlderIDs
    FROM iot.Epochs AS e
    LEFT JOIN (
        SELECT
            r.Epoch,
            COUNT_BIG(*) AS Readings,
            COUNT_BIG(CASE WHEN r.Superseded = 1 THEN 1 END) AS Superseded,
            COUNT_BIG(r.WithdrawnAt) AS Withdrawn
        FROM iot.AllReadings AS r
        WHERE r.ChannelID = @ChannelID
        GROUP BY r.Epoch
    ) AS h ON h.Epoch = e.Epoch
    LEFT JOIN (
        SELECT
            s.Epoch,
            COUNT_BIG(CASE WHEN s.State = N'open' THEN 1 END) AS Disputed,
            COUNT_BIG(CASE WHEN s.State = N'kept' THEN 1 END) AS Kept
        FROM iot.Disputes AS s
        WHERE s.ChannelID = @ChannelID
        GROUP BY s.Epoch
    ) AS d ON d.Epoch = e.Epoch
    LEFT JOIN (
        SELECT
            g.Epoch,
            SUM(CASE WHEN g.State = N'open' THEN g.LastEntryID - g.FirstEntryID + 1 END) AS OpenIDs,
            SUM(CASE WHEN g.State = N'absent' THEN g.LastEntryID - g.FirstEntryID + 1 END) AS AbsentIDs,
            SUM(CASE WHEN g.State = N'older' THEN g.LastEntryID - g.FirstEntryID + 1 END) AS OlderIDs
        FROM iot.Gaps AS g
        WHERE g.ChannelID = @ChannelID
        GROUP BY g.Epoch
    ) AS m ON m.Epoch = e.Epoch
    WHERE e.ChannelID = @ChannelID
    ORDER BY e.Epoch;
    RETURN 0;
END;
