-- usp_JoinSpans: the spans of #proven's epochs become the union of those held and those offered; what
-- overlaps or touches is one. Called by usp_KeepProgress.
CREATE OR ALTER PROCEDURE iot.usp_JoinSpans @Spans NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT b.ChannelID, b.Epoch, j.SpanStart, j.SpanEnd
    INTO #spans
    FROM OPENJSON(@Spans) WITH (
        Batch INT '$.Batch',
        SpanStart DATETIME2(6) '$.SpanStart',
        SpanEnd DATETIME2(6) '$.SpanEnd'
    ) AS j
    JOIN #batches AS b ON b.Batch = j.Batch
    WHERE b.IsFresh = 1 AND j.SpanStart < j.SpanEnd;

    SELECT DISTINCT s.ChannelID, s.Epoch INTO #epochs FROM #spans AS s;
    INSERT INTO #spans (ChannelID, Epoch, SpanStart, SpanEnd)
    SELECT c.ChannelID, c.Epoch, c.SpanStart, c.SpanEnd
    FROM #epochs AS e
    JOIN iot.Coverage AS c WITH (FORCESEEK) ON c.ChannelID = e.ChannelID AND c.Epoch = e.Epoch;
    DELETE c
    FROM #epochs AS e
    JOIN iot.Coverage AS c WITH (ROWLOCK, FORCESEEK) ON c.ChannelID = e.ChannelID AND c.Epoch = e.Epoch;

    INSERT INTO iot.Coverage (ChannelID, Epoch, SpanStart, SpanEnd)
    SELECT i.ChannelID, i.Epoch, MIN(i.SpanStart), MAX(i.SpanEnd)
    FROM (
        SELECT
            o.ChannelID,
            o.Epoch,
            o.SpanStart,
            o.SpanEnd,
            SUM(CASE WHEN o.SpanStart <= o.EndBefore THEN 0 ELSE 1 END) OVER (
                PARTITION BY o.ChannelID, o.Epoch
                ORDER BY o.SpanStart, o.SpanEnd
                ROWS UNBOUNDED PRECEDING
            ) AS Island
        FROM (
            SELECT
                s.ChannelID,
                s.Epoch,
                s.SpanStart,
                s.SpanEnd,
                MAX(s.SpanEnd) OVER (
                    PARTITION BY s.ChannelID, s.Epoch
                    ORDER BY s.SpanStart, s.SpanEnd
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS EndBefore
            FROM #spans AS s
        ) AS o
    ) AS i
    GROUP BY i.ChannelID, i.Epoch, i.Island;
    RETURN 0;
END;
