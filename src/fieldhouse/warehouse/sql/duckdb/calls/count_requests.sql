-- count_requests(day, requests, budget): add to the day's requests, but not beyond the budget; how many
-- were granted, and the day's total. No budget: all of them. A number below zero gives so many back.
SET VARIABLE counted = coalesce((SELECT Requests FROM iot.RequestBudget WHERE Day = $day), 0);
SET VARIABLE free = greatest(0, coalesce($budget - getvariable('counted'), $requests));

INSERT INTO iot.RequestBudget AS b (Day, Requests)
VALUES ($day, greatest(-getvariable('counted'), least($requests, getvariable('free'))))
ON CONFLICT (Day) DO UPDATE SET Requests = b.Requests + excluded.Requests
RETURNING Requests, Requests - getvariable('counted') AS Granted;
