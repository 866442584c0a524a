-- readings(channel_id, start_at, end_at, original): the readings that count, archived ones too, in the order of
-- time; NULL is open. As corrected, or as their source sent them.
SELECT a.*
FROM (
    SELECT
        r.ReadingID, r.ChannelID, r.Epoch, r.EntryID, r.CreatedAt,
        r.Field#, -- each field
        r.Latitude, r.Longitude, r.Elevation, r.Status, r.Superseded, r.ImportedAt, r.WithdrawnAt
    FROM iot.AllReadings AS r
    WHERE
        r.ChannelID = {channel_id:Int64} AND NOT r.Superseded AND r.WithdrawnAt IS NULL
        AND (r.CorrectedAt IS NULL OR {original:Bool})
        AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt >= {start_at:Nullable(DateTime64(6, 'UTC'))})
        AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR r.CreatedAt < {end_at:Nullable(DateTime64(6, 'UTC'))})
    UNION ALL
    SELECT
        c.ReadingID, c.ChannelID, c.Epoch, c.EntryID, c.CreatedAt,
        c.Field#, -- each field
        c.Latitude, c.Longitude, c.Elevation, c.Status, FALSE, c.ImportedAt, NULL
    FROM iot.CorrectedReadings AS c
    WHERE
        c.ChannelID = {channel_id:Int64} AND NOT {original:Bool}
        AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR c.CreatedAt >= {start_at:Nullable(DateTime64(6, 'UTC'))})
        AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR c.CreatedAt < {end_at:Nullable(DateTime64(6, 'UTC'))})
) AS a
ORDER BY a.CreatedAt, a.Epoch, a.EntryID;
