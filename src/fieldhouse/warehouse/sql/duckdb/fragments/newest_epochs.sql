-- CTE: the newest epoch of each channel asked for.
newest AS (
    SELECT e.* FROM iot.Epochs AS e
    WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], e.ChannelID)
    QUALIFY e.Epoch = max(e.Epoch) OVER (PARTITION BY e.ChannelID)
)
