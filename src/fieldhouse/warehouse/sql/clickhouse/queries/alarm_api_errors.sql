-- alarm_api_errors(as_of, seconds, share, calls): whether more than a share of the requests of the last while failed,
-- of so many at least. Figure: the share.
WITH
counted AS (
    SELECT
        sum(a.Requests) AS Requests, sum(a.Failed) AS Failed, minOrNullIf(a.CountedAt, a.Failed > 0) AS SinceAt
    FROM iot.ApiCalls AS a
    WHERE
        a.CountedAt > {as_of:DateTime64(6, 'UTC')} - toIntervalMicrosecond(toInt64({seconds:Float64} * 1000000))
        AND a.CountedAt <= {as_of:DateTime64(6, 'UTC')}
)
SELECT 0 AS ChannelID, 0 AS FieldNumber, c.SinceAt AS SinceAt, c.Failed / c.Requests AS Figure
FROM counted AS c
WHERE c.Requests >= {calls:Int64} AND c.Failed > {share:Float64} * c.Requests;
