-- anomalies_kept(channel_ids, field_number, start_at, end_at, young): what is unusual in a span, end excluded, an
-- incident a row; NULL is all; field 0 is the whole channel. In the order of time; those of the first two weeks of a
-- field, which does not know itself yet, only where young says so.
SELECT
    a.AnomalyID, a.ChannelID, a.FieldNumber, a.Kind, a.StartedAt, a.EndedAt, a.Hits, a.Jumps, a.Score, a.PeakAt, a.Value,
    a.Expected, a.Spread, a.Least, a.Greatest, a.DaysKnown, a.IsReal
FROM iot.Anomalies AS a
WHERE
    (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, a.ChannelID))
    AND ({field_number:Nullable(Int32)} IS NULL OR a.FieldNumber = 0 OR a.FieldNumber = {field_number:Nullable(Int32)})
    AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR a.EndedAt >= {start_at:Nullable(DateTime64(6, 'UTC'))})
    AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR a.StartedAt < {end_at:Nullable(DateTime64(6, 'UTC'))})
    AND ({young:Bool} OR NOT a.IsYoung)
ORDER BY a.StartedAt, a.ChannelID, a.FieldNumber, a.Kind;
