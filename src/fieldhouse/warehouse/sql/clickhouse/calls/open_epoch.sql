-- open_epoch(channel_id, number, started_at, evidence): a channel has a new life; only its newest epoch plus
-- one opens, or below 1, for a life that ended before all that are held, its oldest less one (-1 before 1).
-- The same number and start once more is no error: the answer to the first may have been lost.
SELECT e.ChannelID, e.Epoch, e.StartedAt
FROM iot.Epochs AS e
WHERE e.ChannelID = {channel_id:Int64} AND e.Epoch = {number:Int32};
