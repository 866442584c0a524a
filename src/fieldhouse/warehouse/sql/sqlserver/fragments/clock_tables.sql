-- #offsets: how far a wall clock is ahead of UTC, from when until when. #loose: the hours of [start_at, end_at) whose
-- partials do not serve, since they are marked or cut. @archived: before it all do not.
DECLARE
    @archived DATETIME2(6) = (SELECT c.ArchivedBefore FROM iot.Channels AS c WHERE c.ChannelID = @ChannelID);

SELECT
    CAST(s.value AS DATETIME2(6)) AS StartAt,
    LEAD(CAST(s.value AS DATETIME2(6))) OVER (ORDER BY CAST(s.value AS DATETIME2(6))) AS EndAt,
    CAST(o.value AS INT) AS Seconds
INTO #offsets
FROM OPENJSON(@OffsetStarts) AS s
JOIN OPENJSON(@OffsetSeconds) AS o ON o.[key] = s.[key];

SELECT m.PeriodStart AS HourStart
INTO #loose
FROM iot.PeriodMarks AS m
WHERE @FromHours = 1 AND m.ChannelID = @ChannelID AND m.AggregationType = N'HOURLY'
UNION
SELECT DATEADD(HOUR, DATEPART(HOUR, e.CutAt), CAST(CAST(e.CutAt AS DATE) AS DATETIME2(6)))
FROM (VALUES
    (@StartAt),
    (@EndAt)
) AS e (CutAt)
WHERE @FromHours = 1
    AND e.CutAt > DATEADD(HOUR, DATEPART(HOUR, e.CutAt), CAST(CAST(e.CutAt AS DATE) AS DATETIME2(6)));
