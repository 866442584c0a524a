-- CTEs: what each epoch of a channel shows: its own readings, and those of older ones that its source shows beside
-- them, which prove something once they have been asked for again.
beside AS (
    SELECT
        g.Epoch AS InEpoch, r.Epoch AS Epoch, r.EntryID AS EntryID, r.CreatedAt AS CreatedAt,
        r.WithdrawnAt AS WithdrawnAt, g.DueAt IS NULL AS IsConfirmed,
        max(g.DueAt IS NULL) OVER (PARTITION BY r.Epoch, r.EntryID) AS IsEverConfirmed
    FROM iot.AllReadings AS r
    JOIN (
        SELECT o.Epoch, assumeNotNull(o.OlderEpoch) AS OlderEpoch, o.FirstEntryID, o.LastEntryID, o.DueAt
        FROM iot.Gaps AS o
        WHERE o.ChannelID = {channel_id:Int64} AND o.State = 'older' AND o.OlderEpoch IS NOT NULL
    ) AS g ON g.OlderEpoch = r.Epoch
    WHERE r.ChannelID = {channel_id:Int64} AND r.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
),
content AS (
    SELECT
        r.Epoch AS InEpoch, r.Epoch AS Epoch, r.EntryID AS EntryID, r.CreatedAt AS CreatedAt,
        r.WithdrawnAt AS WithdrawnAt, TRUE AS IsConfirmed
    FROM iot.AllReadings AS r
    WHERE r.ChannelID = {channel_id:Int64}
    UNION ALL
    SELECT
        b.InEpoch, b.Epoch, b.EntryID, b.CreatedAt, b.WithdrawnAt,
        toBool(b.IsConfirmed OR b.InEpoch <> {epoch:Int32})
    FROM beside AS b
    WHERE b.InEpoch = {epoch:Int32} OR b.IsEverConfirmed
)
