-- archivable_months(before): the months before an instant with readings that are not archived yet, and how
-- many readings each has, archived ones included.
SELECT toDate32(toStartOfMonth(r.CreatedAt)) AS Month, count() AS Readings
FROM iot.AllReadings AS r
WHERE
    r.CreatedAt < {before:DateTime64(6, 'UTC')}
    AND toDate32(toStartOfMonth(r.CreatedAt)) IN (
        SELECT toDate32(toStartOfMonth(s.CreatedAt)) FROM iot.SensorReadings AS s
        WHERE s.CreatedAt < {before:DateTime64(6, 'UTC')}
    )
GROUP BY Month
ORDER BY Month;
