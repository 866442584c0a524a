-- The readings of these channels in a span, both ends included.
SELECT
-- include held_columns
FROM iot.AllReadings AS r
WHERE
    r.ChannelID IN {channel_ids:Array(Int64)}
    AND r.CreatedAt BETWEEN {first_at:DateTime64(6, 'UTC')} AND {last_at:DateTime64(6, 'UTC')};
