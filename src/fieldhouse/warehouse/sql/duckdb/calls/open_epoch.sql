-- open_epoch(channel_id, number, started_at, evidence): a channel has a new life; only its newest epoch plus
-- one opens. The same number and start once more is no error: the answer to the first may have been lost.
SELECT CASE
    WHEN coalesce(max(e.Epoch), 0) + 1 <> $number
        AND NOT coalesce(bool_or(e.Epoch = $number AND e.StartedAt = $started_at), FALSE)
    THEN error(
        'StateMoved: epoch ' || $number || ' of channel ' || $channel_id || ' does not follow epoch '
        || coalesce(max(e.Epoch), 0)
    )
END
FROM iot.Epochs AS e
WHERE e.ChannelID = $channel_id;

INSERT INTO iot.Epochs (ChannelID, Epoch, StartedAt, Evidence)
VALUES ($channel_id, $number, $started_at, $evidence)
ON CONFLICT DO NOTHING;

SELECT e.ChannelID, e.Epoch, e.StartedAt FROM iot.Epochs AS e
WHERE e.ChannelID = $channel_id AND e.Epoch = $number;
