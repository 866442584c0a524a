-- usp_AlarmValues(rule_numbers, channel_ids, field_numbers, kinds, limits, clears, spans, as_of): of fields with a
-- limit each, those that lay beyond it for so long and are not back; since when, and the last value. The lists'
-- places belong together. A kind is above, below or rate (change an hour, whichever way); a value is back at its
-- clear.
CREATE OR ALTER PROCEDURE iot.usp_AlarmValues
    @RuleNumbers NVARCHAR(MAX),
    @ChannelIDs NVARCHAR(MAX),
    @FieldNumbers NVARCHAR(MAX),
    @Kinds NVARCHAR(MAX),
    @Limits NVARCHAR(MAX),
    @Clears NVARCHAR(MAX),
    @Spans NVARCHAR(MAX),
    @AsOfTime DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        CAST(n.value AS INT) AS RuleNumber,
        CAST(c.value AS INT) AS ChannelID,
        CAST(f.value AS INT) AS FieldNumber,
        CAST(k.value AS NVARCHAR(10)) AS Kind,
        CAST(l.value AS FLOAT) AS LimitValue,
        CAST(b.value AS FLOAT) AS ClearValue,
        CAST(s.value AS FLOAT) AS SpanSeconds
    INTO #asked
    FROM OPENJSON(@RuleNumbers) AS n
    JOIN OPENJSON(@ChannelIDs) AS c ON c.[key] = n.[key]
    JOIN OPENJSON(@FieldNumbers) AS f ON f.[key] = n.[key]
    JOIN OPENJSON(@Kinds) AS k ON k.[key] = n.[key]
    JOIN OPENJSON(@Limits) AS l ON l.[key] = n.[key]
    JOIN OPENJSON(@Clears) AS b ON b.[key] = n.[key]
    JOIN OPENJSON(@Spans) AS s ON s.[key] = n.[key];
    WITH valued AS (
        SELECT
            a.RuleNumber,
            a.ChannelID,
            a.FieldNumber,
            a.Kind,
            a.LimitValue,
            a.ClearValue,
            a.SpanSeconds,
            r.CreatedAt,
            r.Epoch,
            r.EntryID,
            CAST(
                CASE a.FieldNumber
                    WHEN # THEN r.Field# -- each field
                END AS FLOAT
            ) AS Value
        FROM #asked AS a
        -- a seek for each rule: a join on the channel alone would read all of its readings
        JOIN iot.CurrentReadings AS r WITH (FORCESEEK) ON r.ChannelID = a.ChannelID
        WHERE r.CreatedAt < @AsOfTime
            AND r.CreatedAt >= DATEADD(SECOND, -CAST(a.SpanSeconds AS INT), DATEADD(DAY, -7, @AsOfTime))
    )
    SELECT
        v.RuleNumber,
        v.ChannelID,
        v.FieldNumber,
        v.SpanSeconds,
        v.CreatedAt,
        v.Epoch,
        v.EntryID,
        v.Value,
        CASE v.Kind
            WHEN N'above' THEN v.Value
            WHEN N'below' THEN -v.Value
            ELSE ABS(
                v.Value -
                LAG(v.Value) OVER (
                    PARTITION BY v.RuleNumber, v.ChannelID
                    ORDER BY v.CreatedAt, v.Epoch, v.EntryID
                )
            ) *
            CAST(3600000000 AS FLOAT) /
            NULLIF(
                DATEDIFF_BIG(
                    MICROSECOND,
                    LAG(v.CreatedAt) OVER (
                        PARTITION BY v.RuleNumber, v.ChannelID
                        ORDER BY v.CreatedAt, v.Epoch, v.EntryID
                    ),
                    v.CreatedAt
                ),
                0
            )
        END AS Figure,
        CASE v.Kind WHEN N'below' THEN -v.LimitValue ELSE v.LimitValue END AS LimitValue,
        CASE v.Kind WHEN N'below' THEN -v.ClearValue ELSE v.ClearValue END AS ClearValue
    INTO #figured
    FROM valued AS v
    WHERE v.Value IS NOT NULL
    OPTION (RECOMPILE);
    WITH out_of AS (
        SELECT
            v.RuleNumber,
            v.ChannelID,
            v.FieldNumber,
            v.SpanSeconds,
            v.CreatedAt,
            v.Figure,
            v.LimitValue,
            SUM(CASE WHEN v.Figure > v.LimitValue THEN 0 ELSE 1 END) OVER (
                PARTITION BY v.RuleNumber, v.ChannelID
                ORDER BY v.CreatedAt, v.Epoch, v.EntryID
                ROWS UNBOUNDED PRECEDING
            ) AS Stretch
        FROM #figured AS v
        LEFT JOIN (
            SELECT f.RuleNumber, f.ChannelID, MAX(f.CreatedAt) AS BackAt
            FROM #figured AS f
            WHERE f.Figure <= f.ClearValue
            GROUP BY f.RuleNumber, f.ChannelID
        ) AS b ON b.RuleNumber = v.RuleNumber AND b.ChannelID = v.ChannelID
        WHERE v.Figure IS NOT NULL AND (b.BackAt IS NULL OR v.CreatedAt > b.BackAt)
    ),
    long_enough AS (
        SELECT o.RuleNumber, o.ChannelID, o.FieldNumber, MIN(o.CreatedAt) AS SinceAt
        FROM out_of AS o
        WHERE o.Figure > o.LimitValue
        GROUP BY o.RuleNumber, o.ChannelID, o.FieldNumber, o.Stretch
        HAVING CAST(DATEDIFF_BIG(MICROSECOND, MIN(o.CreatedAt), MAX(o.CreatedAt)) AS FLOAT) /
            CAST(1000000 AS FLOAT) >= MAX(o.SpanSeconds)
    ),
    latest AS (
        SELECT
            v.RuleNumber,
            v.ChannelID,
            v.Value,
            ROW_NUMBER() OVER (
                PARTITION BY v.RuleNumber, v.ChannelID
                ORDER BY v.CreatedAt DESC, v.Epoch DESC, v.EntryID DESC
            ) AS Place
        FROM #figured AS v
    )
    SELECT
        e.RuleNumber,
        CAST(e.ChannelID AS BIGINT) AS ChannelID,
        e.FieldNumber,
        MIN(e.SinceAt) AS SinceAt,
        MAX(l.Value) AS Figure
    FROM long_enough AS e
    JOIN latest AS l ON l.RuleNumber = e.RuleNumber AND l.ChannelID = e.ChannelID AND l.Place = 1
    GROUP BY e.RuleNumber, e.ChannelID, e.FieldNumber
    ORDER BY e.RuleNumber, e.ChannelID;
    RETURN 0;
END;
