-- usp_CountLoad: what a load did, a row a channel, for the caller and the audit trail. Called by usp_LoadReadings.
CREATE OR ALTER PROCEDURE iot.usp_CountLoad @LoadID BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        c.ChannelID,
        COALESCE(o.Offered, 0) - COALESCE(h.Held, 0) AS Inserted,
        COALESCE(h.Changed, 0) AS Updated,
        c.Stale + COALESCE(h.Held, 0) - COALESCE(h.Changed, 0) AS Duplicates,
        COALESCE(k.Kept, 0) AS Raw,
        COALESCE(f.Refused, 0) AS Rejected
    INTO #counts
    FROM (
        SELECT b.ChannelID, SUM(CASE WHEN b.IsFresh = 1 THEN 0 ELSE b.Readings END) AS Stale
        FROM #batches AS b
        GROUP BY b.ChannelID
    ) AS c
    LEFT JOIN (
        SELECT s.ChannelID, COUNT_BIG(*) AS Offered FROM #offered AS s GROUP BY s.ChannelID
    ) AS o ON o.ChannelID = c.ChannelID
    LEFT JOIN (
        SELECT s.ChannelID, COUNT_BIG(*) AS Held, SUM(CAST(s.IsChanged AS BIGINT)) AS Changed
        FROM #held AS s
        GROUP BY s.ChannelID
    ) AS h ON h.ChannelID = c.ChannelID
    LEFT JOIN (
        SELECT s.ChannelID, COUNT_BIG(*) AS Kept FROM #kept AS s GROUP BY s.ChannelID
    ) AS k ON k.ChannelID = c.ChannelID
    LEFT JOIN (
        SELECT s.ChannelID, COUNT_BIG(*) AS Refused FROM #refused AS s GROUP BY s.ChannelID
    ) AS f ON f.ChannelID = c.ChannelID;

    -- a load that was written, and whose answer was lost on the way, tells again what it did
    SELECT
        c.ChannelID,
        COALESCE(a.Inserted, c.Inserted) AS Inserted,
        COALESCE(a.Updated, c.Updated) AS Updated,
        COALESCE(a.Duplicates, c.Duplicates) AS Duplicates,
        COALESCE(a.RawTexts, c.Raw) AS Raw,
        COALESCE(a.Rejected, c.Rejected) AS Rejected
    FROM #counts AS c
    LEFT JOIN iot.AuditTrail AS a ON a.LoadID = @LoadID AND a.ChannelID = c.ChannelID
    ORDER BY c.ChannelID;

    INSERT INTO iot.AuditTrail (LoadID, Action, ChannelID, Inserted, Updated, Duplicates, RawTexts, Rejected)
    SELECT @LoadID, N'usp_LoadReadings', c.ChannelID, c.Inserted, c.Updated, c.Duplicates, c.Raw, c.Rejected
    FROM #counts AS c
    WHERE c.Inserted + c.Updated + c.Raw + c.Rejected > 0;
    RETURN 0;
END;
