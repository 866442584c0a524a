-- All gaps of an epoch, replaced by those that the call names.
DELETE FROM iot.Gaps AS g
USING (SELECT unnest($channel_ids::BIGINT[]) AS ChannelID, unnest($epochs::INTEGER[]) AS Epoch) AS e
WHERE g.ChannelID = e.ChannelID AND g.Epoch = e.Epoch;
INSERT INTO iot.Gaps (ChannelID, Epoch, FirstEntryID, LastEntryID, State, AtSecond, DueAt)
SELECT ChannelID, Epoch, FirstEntryID, LastEntryID, State, AtSecond, DueAt FROM offered_gaps;
