-- FROM, WHERE: the texts v that are kept beside the readings r which `readings` answers of a channel and a span, or
-- `readings_between` if the channel is NULL. A field that a rule changed has none, nor has what one excludes.
FROM iot.RawValues AS v
JOIN (
    SELECT a.* FROM iot.AllReadings AS a
    WHERE {channel_id:Nullable(Int64)} IS NULL OR a.ChannelID = {channel_id:Nullable(Int64)}
) AS r ON r.ChannelID = v.ChannelID AND r.Epoch = v.Epoch AND r.EntryID = v.EntryID
LEFT JOIN (
    SELECT d.ReadingID, d.CreatedAt, d.ChangedFields FROM iot.CorrectedReadings AS d
    WHERE d.ChannelID = {channel_id:Nullable(Int64)} AND NOT {original:Bool}
) AS c ON c.ReadingID = r.ReadingID
WHERE
    v.Reason <> 'replaced'
    AND (
        {channel_id:Nullable(Int64)} IS NULL
        OR (
            v.ChannelID = {channel_id:Nullable(Int64)}
            AND NOT r.Superseded AND r.WithdrawnAt IS NULL
            AND (r.CorrectedAt IS NULL OR {original:Bool} OR position(c.ChangedFields, v.ColumnName) = 0)
        )
    )
    AND ({start_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR coalesce(c.CreatedAt, r.CreatedAt) >= {start_at:Nullable(DateTime64(6, 'UTC'))})
    AND ({end_at:Nullable(DateTime64(6, 'UTC'))} IS NULL OR coalesce(c.CreatedAt, r.CreatedAt) < {end_at:Nullable(DateTime64(6, 'UTC'))})
