-- reading_texts(channel_id, start_at, end_at): the texts that are kept beside a channel's readings of a span, or
-- all channels' if it is NULL; in the order of the readings, ChannelID before it. NULL is open.
SELECT r.ChannelID, r.CreatedAt, r.Epoch, r.EntryID, v.ColumnName, v.RawValue
FROM iot.RawValues AS v
JOIN iot.AllReadings AS r
    ON r.ChannelID = v.ChannelID AND r.Epoch = v.Epoch AND r.EntryID = v.EntryID
WHERE
    v.Reason <> 'replaced' AND ($channel_id::BIGINT IS NULL OR v.ChannelID = $channel_id)
    AND
-- include counted_readings
ORDER BY r.ChannelID, r.CreatedAt, r.Epoch, r.EntryID;
