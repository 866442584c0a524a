-- corrections(channel_id, removed): the rules about readings of one channel or of all, in the order in which they
-- apply; those removed too, if asked for.
SELECT
    k.CorrectionID, k.ChannelID, k.FieldNumber, k.Kind, k.SpanStart, k.SpanEnd, k.Condition,
    k.ScaleFactor, k.OffsetValue, k.ShiftSeconds, k.Reason, k.MadeBy, k.MadeAt, k.RemovedBy, k.RemovedAt
FROM iot.Corrections AS k
WHERE
    ({channel_id:Nullable(Int64)} IS NULL OR k.ChannelID = {channel_id:Nullable(Int64)})
    AND (k.RemovedAt IS NULL OR {removed:Bool})
ORDER BY k.CorrectionID;
