-- What the seed's cursor made of the week, as far as it is exact.
SELECT PeriodStart, Field1Min, Field1Max, Field8Min, Field8Max, ReadingCount
FROM seed.AggregatedData
WHERE AggregationType = N'HOURLY'
ORDER BY PeriodStart;
