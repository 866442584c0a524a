-- Entries that cannot be readings; a text is kept once.
INSERT INTO iot.RejectedEntries (ChannelID, EntryHash, Epoch, EntryText, Reason)
SELECT ChannelID, sha256(EntryText), Epoch, EntryText, Reason FROM offered_rejected
ON CONFLICT DO NOTHING
RETURNING ChannelID;
