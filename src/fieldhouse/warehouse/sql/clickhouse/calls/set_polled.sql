-- set_polled(channel_ids, is_active, paused_at): whether runs that name no channel take these along: not what was
-- removed, nor what is paused.
INSERT INTO iot.Rows (ChannelID, Kind, State)
SELECT
    c.ChannelID, 13,
    toJSONString(CAST(
        ({is_active:Bool}, {paused_at:Nullable(DateTime64(6, 'UTC'))}),
        'Tuple(IsActive Nullable(Bool), PausedAt Nullable(DateTime64(6, \'UTC\')))'
    ))
FROM iot.Channels AS c
WHERE c.ChannelID IN {channel_ids:Array(Int64)};
