-- corrections(channel_id, removed): the rules about readings of one channel or of all, in the order in which they
-- apply; those removed too, if asked for.
SELECT
    k.CorrectionID, k.ChannelID, k.FieldNumber, k.Kind, k.SpanStart, k.SpanEnd, k.Condition,
    k.ScaleFactor, k.OffsetValue, k.ShiftSeconds, k.Reason, k.MadeBy, k.MadeAt, k.RemovedBy, k.RemovedAt
FROM iot.Corrections AS k
WHERE ($channel_id::BIGINT IS NULL OR k.ChannelID = $channel_id) AND (k.RemovedAt IS NULL OR $removed)
ORDER BY k.CorrectionID;
