-- While what is unusual in which field of channels @first to @last, from @from to @to, as quality counts it: not a
-- silence, in which there is nothing, not a drift, which is of weeks and no fault of a reading, not of a field that does
-- not know itself yet, and not what a person called ok.
SELECT a.ChannelID, a.FieldNumber, a.StartedAt, a.EndedAt
INTO #unusual
FROM iot.Anomalies AS a
WHERE a.Family NOT IN (N'SILENCE', N'DRIFT')
    AND a.IsYoung = 0
    AND COALESCE(a.IsReal, 1) = 1
    AND a.ChannelID >= @first
    AND a.ChannelID <= @last
    AND CAST(a.StartedAt AS DATE) <= @to
    AND CAST(a.EndedAt AS DATE) >= @from
-- the bounds as they are: of other channels nothing is read
OPTION (RECOMPILE);
