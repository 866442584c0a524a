-- archive_before(channel_id, archived_before): nothing before it is recomputed for this channel.
INSERT INTO iot.Rows (ChannelID, Kind, State)
SELECT
    c.ChannelID, 14,
    toJSONString(CAST(
        tuple({archived_before:Nullable(DateTime64(6, 'UTC'))}), 'Tuple(Before Nullable(DateTime64(6, \'UTC\')))'
    ))
FROM iot.Channels AS c
WHERE c.ChannelID = {channel_id:Int64};
