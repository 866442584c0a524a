-- The instants of a channel's readings in [start_at, end_at); of those that rules cover, if only those are wanted.
SELECT DISTINCT r.ChannelID AS ChannelID, r.CreatedAt AS CreatedAt
FROM iot.AllReadings AS r
WHERE
    r.ChannelID = {channel_id:Int64} AND r.CreatedAt >= {start_at:DateTime64(6, 'UTC')}
    AND r.CreatedAt < {end_at:DateTime64(6, 'UTC')} AND (NOT {corrected:Bool} OR r.CorrectedAt IS NOT NULL);
