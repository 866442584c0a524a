-- count_calls(counted_at, requests, failed): add to the requests of a minute, and to those of them that failed. What is
-- older than two days is forgotten.
DELETE FROM iot.ApiCalls AS a
WHERE a.CountedAt < $counted_at::TIMESTAMP - INTERVAL 2 DAY;

INSERT INTO iot.ApiCalls (CountedAt, Requests, Failed)
VALUES ($counted_at::TIMESTAMP, $requests, $failed);
