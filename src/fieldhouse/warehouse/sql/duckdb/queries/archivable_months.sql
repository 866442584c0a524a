-- archivable_months(before): the months before an instant with readings that are not archived yet, and how
-- many readings each has, archived ones included.
SELECT date_trunc('month', r.CreatedAt)::DATE AS Month, count(*) AS Readings
FROM iot.AllReadings AS r
WHERE
    r.CreatedAt < $before::TIMESTAMP
    AND date_trunc('month', r.CreatedAt) IN (
        SELECT date_trunc('month', s.CreatedAt) FROM iot.SensorReadings AS s WHERE s.CreatedAt < $before::TIMESTAMP
    )
GROUP BY Month
ORDER BY Month;
