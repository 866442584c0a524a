-- requests_on(day): how many requests were counted on a day.
SELECT coalesce(max(b.Requests), 0)::BIGINT AS Requests
FROM iot.RequestBudget AS b
WHERE b.Day = $day::DATE;
