-- anomalies_kept(channel_ids, field_number, start_at, end_at, young): what is unusual in a span, end excluded, an
-- incident a row; NULL is all; field 0 is the whole channel. In the order of time; those of the first two weeks of a
-- field, which does not know itself yet, only where young says so.
SELECT
    a.AnomalyID, a.ChannelID, a.FieldNumber, a.Kind, a.StartedAt, a.EndedAt, a.Hits, a.Jumps, a.Score, a.PeakAt,
    a.Value, a.Expected, a.Spread, a.Least, a.Greatest, a.DaysKnown, a.IsReal
FROM iot.Anomalies AS a
WHERE
    ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], a.ChannelID))
    AND ($field_number::INTEGER IS NULL OR a.FieldNumber IN (0, $field_number::INTEGER))
    AND ($start_at::TIMESTAMP IS NULL OR a.EndedAt >= $start_at::TIMESTAMP)
    AND ($end_at::TIMESTAMP IS NULL OR a.StartedAt < $end_at::TIMESTAMP)
    AND ($young::BOOLEAN OR NOT a.IsYoung)
ORDER BY a.StartedAt, a.ChannelID, a.FieldNumber, a.Kind;
