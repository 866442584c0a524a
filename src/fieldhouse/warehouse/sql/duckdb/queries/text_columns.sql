-- text_columns(channel_id, start_at, end_at): the columns that `reading_texts` has texts for.
SELECT DISTINCT v.ColumnName
FROM iot.RawValues AS v
JOIN iot.AllReadings AS r
    ON r.ChannelID = v.ChannelID AND r.Epoch = v.Epoch AND r.EntryID = v.EntryID
WHERE
    v.Reason <> 'replaced' AND ($channel_id::BIGINT IS NULL OR v.ChannelID = $channel_id)
    AND
-- include counted_readings
ORDER BY v.ColumnName;
