-- count_requests(day, requests, budget): add to the day's requests, but not beyond the budget; how many
-- were granted, and the day's total. No budget: all of them. A number below zero gives so many back.
SELECT
    toInt64(sum(b.Requests)) AS Counted,
    greatest(
        -Counted,
        least({requests:Int64}, greatest(0, ifNull({budget:Nullable(Int64)} - Counted, {requests:Int64})))
    ) AS Taken
FROM iot.CountedRequests AS b
WHERE b.Day = {day:Date32};

-- if Taken
INSERT INTO iot.CountedRequests (Day, Requests) SELECT {day:Date32}, {Taken:Int64};

-- what others have taken at the same time, each gives back: never is more granted than there is
SELECT
    toInt64(sum(b.Requests)) AS Total,
    greatest(0, least({Taken:Int64}, ifNull(Total - {budget:Nullable(Int64)}, 0))) AS Beyond
FROM iot.CountedRequests AS b
WHERE b.Day = {day:Date32};

-- if Beyond
INSERT INTO iot.CountedRequests (Day, Requests) SELECT {day:Date32}, -{Beyond:Int64};

SELECT {Total:Int64} - {Beyond:Int64} AS Requests, {Taken:Int64} - {Beyond:Int64} AS Granted;
