-- What usp_ProcessSensorReadings made of the week, as far as it is exact.
SELECT PeriodStart, Field1Min, Field1Max, Field8Min, Field8Max, ReadingCount
FROM iot.AggregatedData
WHERE AggregationType = N'HOURLY'
ORDER BY PeriodStart;
