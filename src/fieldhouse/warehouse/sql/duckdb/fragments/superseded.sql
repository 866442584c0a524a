-- SET: r is superseded where a touched reading of a newer epoch stands at its instant; only the newest
-- epoch is ever loaded.
SET Superseded = TRUE
FROM touched AS t
WHERE
    r.ChannelID = t.ChannelID AND r.CreatedAt = t.CreatedAt AND r.Epoch < t.Epoch
    AND NOT r.Superseded
    AND r.ChannelID BETWEEN $first_channel AND $last_channel
    AND r.CreatedAt BETWEEN $first_at AND $last_at
