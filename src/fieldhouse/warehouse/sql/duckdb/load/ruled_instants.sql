-- Of touched(ChannelID, CreatedAt), the instants that a rule of iot.Corrections covers. What was corrected before is
-- among them: a rule that is removed puts back what it changed.
SELECT t.ChannelID, t.CreatedAt
FROM touched AS t
WHERE EXISTS (
    SELECT 1 FROM iot.Corrections AS k
    WHERE
        k.ChannelID = t.ChannelID AND k.RemovedAt IS NULL
        AND t.CreatedAt >= k.SpanStart AND t.CreatedAt < k.SpanEnd
);
