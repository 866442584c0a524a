-- SELECT: what is unusual about the days of the variable bounds, in parts of the days that are judged for quality.
SELECT
    u.ChannelID, q.CheckDate, u.FieldNumber, greatest(u.StartedAt, q.CheckDate::TIMESTAMP) AS StartedAt,
    least(u.EndedAt, (q.CheckDate + 1)::TIMESTAMP) AS EndedAt
FROM (
-- include unusual
        AND a.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND a.StartedAt < getvariable('bounds').LastDay + 1 AND a.EndedAt >= getvariable('bounds').FirstDay
) AS u
JOIN iot.DataQuality AS q
    ON q.ChannelID = u.ChannelID AND q.CheckDate BETWEEN u.StartedAt::DATE AND u.EndedAt::DATE
