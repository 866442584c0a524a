-- FROM, WHERE: the marks of periods that this turn takes.
FROM iot.PeriodMarks AS m
WHERE
    has({Marks:Array(Int64)}, m.Mark)
    AND m.PeriodStart BETWEEN {FirstMark:DateTime64(6, 'UTC')} AND {LastMark:DateTime64(6, 'UTC')}
    AND m.AggregationType <> 'QUALITY'
    AND ({aggregation_type:Nullable(String)} IS NULL OR m.AggregationType IN ('HOURLY', {aggregation_type:Nullable(String)}))
    AND (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, m.ChannelID))
