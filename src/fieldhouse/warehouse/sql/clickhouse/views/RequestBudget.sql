-- Requests made on a day, where a budget is set.
CREATE OR REPLACE VIEW iot.RequestBudget AS
SELECT b.Day AS Day, sum(b.Requests) AS Requests
FROM iot.CountedRequests AS b
GROUP BY b.Day;
