-- readings_between(start_at, end_at): all channels' readings of a span, end excluded, archived ones included.
SELECT r.* EXCLUDE (CorrectedAt)
FROM iot.AllReadings AS r
WHERE r.CreatedAt >= $start_at::TIMESTAMP AND r.CreatedAt < $end_at::TIMESTAMP
ORDER BY r.ChannelID, r.CreatedAt, r.Epoch, r.EntryID;
