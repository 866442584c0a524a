-- set_polled(channel_ids, is_active, paused_at): whether runs that name no channel take these along: not what was
-- removed, nor what is paused.
UPDATE iot.Channels AS c
SET IsActive = $is_active, PausedAt = $paused_at::TIMESTAMP
WHERE list_contains($channel_ids::BIGINT[], c.ChannelID);
