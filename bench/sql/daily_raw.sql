-- The seed's slow query: daily statistics of one field out of the readings.
SELECT
    CAST(CreatedAt AS DATE) AS Date,
    AVG(Field1) AS Field1Avg,
    MIN(Field1) AS Field1Min,
    MAX(Field1) AS Field1Max,
    STDEV(Field1) AS Field1StdDev
FROM iot.SensorReadings
WHERE ChannelID = 9 AND CreatedAt >= '2024-01-01'
GROUP BY CAST(CreatedAt AS DATE)
ORDER BY Date DESC;
