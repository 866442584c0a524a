-- WHERE: what stands between the lowest and the highest id of each of these channels.
    r.ChannelID IN {channel_ids:Array(Int64)}
    AND r.EntryID BETWEEN {first_entry:Int64} AND {last_entry:Int64}
    AND r.EntryID BETWEEN
        arrayElement({first_ids:Array(Int64)}, indexOf({channel_ids:Array(Int64)}, r.ChannelID))
        AND arrayElement({last_ids:Array(Int64)}, indexOf({channel_ids:Array(Int64)}, r.ChannelID))
