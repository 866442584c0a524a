-- usp_AlarmApiErrors(as_of, seconds, share, calls): whether more than a share of the requests of the last while
-- failed, of so many at least. Figure: the share.
CREATE OR ALTER PROCEDURE iot.usp_AlarmApiErrors
    @AsOfTime DATETIME2(6),
    @Seconds FLOAT,
    @Share FLOAT,
    @Calls BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        CAST(0 AS BIGINT) AS ChannelID,
        CAST(0 AS INT) AS FieldNumber,
        c.SinceAt,
        CAST(c.Failed AS FLOAT) / c.Requests AS Figure
    FROM (
        SELECT
            SUM(a.Requests) AS Requests,
            SUM(a.Failed) AS Failed,
            MIN(CASE WHEN a.Failed > 0 THEN a.CountedAt END) AS SinceAt
        FROM iot.ApiCalls AS a
        WHERE a.CountedAt > DATEADD(SECOND, -CAST(@Seconds AS INT), @AsOfTime) AND a.CountedAt <= @AsOfTime
    ) AS c
    WHERE c.Requests >= @Calls AND c.Failed > @Share * c.Requests;
    RETURN 0;
END;
