-- count_calls(counted_at, requests, failed): add to the requests of a minute, and to those of them that failed. What is
-- older than two days is forgotten, once a day: a deletion costs more than the rows.
SELECT min(a.CountedAt) < {counted_at:DateTime64(6, 'UTC')} - INTERVAL 3 DAY AND count() > 0 AS Forgets
FROM iot.ApiCalls AS a;

-- if Forgets
DELETE FROM iot.ApiCalls WHERE CountedAt < {counted_at:DateTime64(6, 'UTC')} - INTERVAL 2 DAY;

INSERT INTO iot.ApiCalls (CountedAt, Requests, Failed)
SELECT {counted_at:DateTime64(6, 'UTC')}, {requests:Int64}, {failed:Int64};
