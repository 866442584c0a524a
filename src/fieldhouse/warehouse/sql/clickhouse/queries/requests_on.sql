-- requests_on(day): how many requests were counted on a day.
SELECT coalesce(maxOrNull(b.Requests), 0) AS Requests
FROM iot.RequestBudget AS b
WHERE b.Day = {day:Date32};
