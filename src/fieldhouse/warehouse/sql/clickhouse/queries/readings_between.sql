-- readings_between(start_at, end_at): all channels' readings of a span, end excluded, archived ones included.
SELECT r.* EXCEPT (CorrectedAt)
FROM iot.AllReadings AS r
WHERE r.CreatedAt >= {start_at:DateTime64(6, 'UTC')} AND r.CreatedAt < {end_at:DateTime64(6, 'UTC')}
ORDER BY r.ChannelID, r.CreatedAt, r.Epoch, r.EntryID;
