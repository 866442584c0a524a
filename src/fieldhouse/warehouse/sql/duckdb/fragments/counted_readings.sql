-- WHERE: r is a reading that `readings` answers of a channel and a span, or `readings_between` if the channel
-- is NULL.
    ($channel_id::BIGINT IS NULL OR (r.ChannelID = $channel_id AND NOT r.Superseded AND r.WithdrawnAt IS NULL))
    AND ($start_at::TIMESTAMP IS NULL OR r.CreatedAt >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR r.CreatedAt < $end_at::TIMESTAMP)
