-- FROM, WHERE: the texts v that are kept beside the readings r which `readings` answers of a channel and a span, or
-- `readings_between` if the channel is NULL. A field that a rule changed has none, nor has what one excludes.
FROM iot.RawValues AS v
JOIN iot.AllReadings AS r
    ON r.ChannelID = v.ChannelID AND r.Epoch = v.Epoch AND r.EntryID = v.EntryID
LEFT JOIN iot.CorrectedReadings AS c
    ON c.ReadingID = r.ReadingID AND c.ChannelID = $channel_id::BIGINT AND NOT $original
WHERE
    v.Reason <> 'replaced' AND ($channel_id::BIGINT IS NULL OR v.ChannelID = $channel_id)
    AND (
        $channel_id::BIGINT IS NULL
        OR (
            NOT r.Superseded AND r.WithdrawnAt IS NULL
            AND (r.CorrectedAt IS NULL OR $original OR NOT contains(c.ChangedFields, v.ColumnName))
        )
    )
    AND ($start_at::TIMESTAMP IS NULL OR coalesce(c.CreatedAt, r.CreatedAt) >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR coalesce(c.CreatedAt, r.CreatedAt) < $end_at::TIMESTAMP)
