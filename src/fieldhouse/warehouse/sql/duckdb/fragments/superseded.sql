-- SET: r is superseded where a touched reading of a newer epoch stands at its instant, unless the source
-- still shows it beside that one.
SET Superseded = TRUE
FROM touched AS t
WHERE
    r.ChannelID = t.ChannelID AND r.CreatedAt = t.CreatedAt AND r.Epoch < t.Epoch
    AND NOT r.Superseded
    AND r.ChannelID BETWEEN $first_channel AND $last_channel
    AND r.CreatedAt BETWEEN $first_at AND $last_at
    AND NOT EXISTS (
        SELECT 1 FROM iot.Gaps AS g
        WHERE
            g.ChannelID = t.ChannelID AND g.Epoch = t.Epoch AND g.State = 'older'
            AND r.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
    )
