-- CTE: the newest epoch of each channel asked for.
newest AS (
    SELECT e.* FROM iot.Epochs AS e
    WHERE has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, e.ChannelID)
    ORDER BY e.Epoch DESC
    LIMIT 1 BY e.ChannelID
)
