-- set_aside(channel_id, start_at, end_at): the readings of a span that do not count as their source sent them, by
-- their original times: withdrawn by it, excluded or corrected by a rule; their values, and those that count instead.
SELECT
    r.Epoch, r.EntryID, r.CreatedAt, r.WithdrawnAt, r.CorrectedAt, c.CreatedAt AS CorrectedTo, c.ChangedFields,
    -- each field
    r.Field#, c.Field# AS Field#Now,
    -- end
    r.Status
FROM iot.AllReadings AS r
LEFT JOIN (
    SELECT * FROM iot.CorrectedReadings AS d
    WHERE
        d.ChannelID = {channel_id:Int64}
        AND d.OriginalAt >= {start_at:DateTime64(6, 'UTC')} AND d.OriginalAt < {end_at:DateTime64(6, 'UTC')}
) AS c ON c.Epoch = r.Epoch AND c.EntryID = r.EntryID AND c.OriginalAt = r.CreatedAt
WHERE
    r.ChannelID = {channel_id:Int64} AND NOT r.Superseded
    AND (r.WithdrawnAt IS NOT NULL OR r.CorrectedAt IS NOT NULL)
    AND r.CreatedAt >= {start_at:DateTime64(6, 'UTC')} AND r.CreatedAt < {end_at:DateTime64(6, 'UTC')}
ORDER BY r.CreatedAt, r.Epoch, r.EntryID;
