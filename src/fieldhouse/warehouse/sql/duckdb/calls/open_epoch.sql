-- open_epoch(channel_id, number, started_at): a channel was cleared; only its newest epoch plus one opens.
SELECT CASE
    WHEN coalesce(max(e.Epoch), 0) + 1 <> $number
    THEN error(
        'StateMoved: epoch ' || $number || ' of channel ' || $channel_id || ' does not follow epoch '
        || coalesce(max(e.Epoch), 0)
    )
END
FROM iot.Epochs AS e
WHERE e.ChannelID = $channel_id;

INSERT INTO iot.Epochs (ChannelID, Epoch, StartedAt)
VALUES ($channel_id, $number, $started_at)
RETURNING ChannelID, Epoch, StartedAt;
