-- alarm_api_errors(as_of, seconds, share, calls): whether more than a share of the requests of the last while failed,
-- of so many at least. Figure: the share.
WITH
counted AS (
    SELECT
        sum(a.Requests) AS Requests, sum(a.Failed) AS Failed,
        min(a.CountedAt) FILTER (a.Failed > 0) AS SinceAt
    FROM iot.ApiCalls AS a
    WHERE
        a.CountedAt > $as_of::TIMESTAMP - to_microseconds(($seconds * 1e6)::BIGINT)
        AND a.CountedAt <= $as_of::TIMESTAMP
)
SELECT 0::BIGINT AS ChannelID, 0::INTEGER AS FieldNumber, c.SinceAt, c.Failed::DOUBLE / c.Requests AS Figure
FROM counted AS c
WHERE c.Requests >= $calls AND c.Failed > $share * c.Requests;
