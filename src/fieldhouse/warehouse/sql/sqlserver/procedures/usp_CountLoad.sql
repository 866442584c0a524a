-- usp_CountLoad: what a load did, a row a channel, for the caller and the audit trail; and how many readings each
-- channel has from then on. Called by usp_LoadReadings.
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
        COALESCE(f.Refused, 0) AS Rejected,
        o.FirstReading,
        o.LastReading
    INTO #counts
    FROM (
        SELECT b.ChannelID, SUM(CASE WHEN b.IsFresh = 1 THEN 0 ELSE b.Readings END) AS Stale
        FROM #batches AS b
        GROUP BY b.ChannelID
    ) AS c
    LEFT JOIN (
        SELECT
            s.ChannelID,
            COUNT_BIG(*) AS Offered,
            MIN(s.CreatedAt) AS FirstReading,
            MAX(s.CreatedAt) AS LastReading
        FROM #offered AS s
        GROUP BY s.ChannelID
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
    LEFT JOIN iot.AuditTrail AS a WITH (FORCESEEK) ON a.LoadID = @LoadID AND a.ChannelID = c.ChannelID
    ORDER BY c.ChannelID;

    INSERT INTO iot.AuditTrail (LoadID, Action, ChannelID, Inserted, Updated, Duplicates, RawTexts, Rejected)
    SELECT @LoadID, N'usp_LoadReadings', c.ChannelID, c.Inserted, c.Updated, c.Duplicates, c.Raw, c.Rejected
    FROM #counts AS c
    WHERE c.Inserted + c.Updated + c.Raw + c.Rejected > 0;

    UPDATE k
    SET
        Readings = k.Readings + c.Inserted,
        FirstReading = CASE WHEN c.FirstReading < k.FirstReading THEN c.FirstReading ELSE k.FirstReading END,
        LastReading = CASE WHEN c.LastReading > k.LastReading THEN c.LastReading ELSE k.LastReading END
    FROM #counts AS c
    JOIN iot.ReadingCounts AS k WITH (ROWLOCK, FORCESEEK) ON k.ChannelID = c.ChannelID
    WHERE c.Inserted > 0
    OPTION (LOOP JOIN);
    DECLARE @counted INT = @@ROWCOUNT;
    IF @counted < (SELECT COUNT(*) FROM #counts AS c WHERE c.Inserted > 0)
        INSERT INTO iot.ReadingCounts (ChannelID, Readings, FirstReading, LastReading)
        SELECT c.ChannelID, c.Inserted, c.FirstReading, c.LastReading
        FROM #counts AS c
        WHERE c.Inserted > 0
            AND NOT EXISTS (
                SELECT 1 FROM iot.ReadingCounts AS k WITH (FORCESEEK) WHERE k.ChannelID = c.ChannelID
            );
    RETURN 0;
END;
