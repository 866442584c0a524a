-- The seed's fast query: the same out of what was aggregated beforehand.
SELECT PeriodStart, Field1Avg, Field1Min, Field1Max, Field1StdDev
FROM iot.AggregatedData
WHERE ChannelID = 9 AND AggregationType = N'DAILY' AND PeriodStart >= '2024-01-01'
ORDER BY PeriodStart DESC;
