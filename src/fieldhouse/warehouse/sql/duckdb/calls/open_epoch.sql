-- open_epoch(channel_id, number, started_at, evidence): a channel has a new life; only its newest epoch plus
-- one opens, or below 1, for a life that ended before all that are held, its oldest less one (-1 before 1).
-- The same number and start once more is no error: the answer to the first may have been lost.
SELECT CASE
    WHEN coalesce(max(e.Epoch), 0) + 1 <> $number
        AND (min(e.Epoch) IS NULL OR least(min(e.Epoch), 0) - 1 <> $number)
        AND NOT coalesce(bool_or(e.Epoch = $number AND e.StartedAt IS NOT DISTINCT FROM $started_at), FALSE)
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
