-- count_requests(day, requests): add to the day's requests; the day's total.
INSERT INTO iot.RequestBudget AS b (Day, Requests)
VALUES ($day, $requests)
ON CONFLICT (Day) DO UPDATE SET Requests = b.Requests + excluded.Requests
RETURNING Requests;
