-- alarm_values(rule_numbers, channel_ids, field_numbers, kinds, limits, clears, spans, as_of): of fields with a limit
-- each, those that lay beyond it for so long and are not back; since when, and the last value. The lists' places belong
-- together. A kind is above, below or rate (change an hour, whichever way); a value is back at its clear.
WITH
{as_of:DateTime64(6, 'UTC')} AS instant,
asked AS (
    SELECT
        {rule_numbers:Array(Int32)}[n.Number] AS RuleNumber, {channel_ids:Array(Int64)}[n.Number] AS ChannelID,
        {field_numbers:Array(Int32)}[n.Number] AS FieldNumber, {kinds:Array(String)}[n.Number] AS Kind,
        {limits:Array(Float64)}[n.Number] AS LimitValue, {clears:Array(Float64)}[n.Number] AS ClearValue,
        {spans:Array(Float64)}[n.Number] AS SpanSeconds,
        instant - INTERVAL 7 DAY - toIntervalMicrosecond(toInt64(SpanSeconds * 1000000)) AS FromAt
    FROM (SELECT arrayJoin(range(1, length({rule_numbers:Array(Int32)}) + 1)) AS Number) AS n
),
valued AS (
    SELECT
        a.RuleNumber AS RuleNumber, a.ChannelID AS ChannelID, a.FieldNumber AS FieldNumber, a.Kind AS Kind,
        a.LimitValue AS LimitValue, a.ClearValue AS ClearValue, a.SpanSeconds AS SpanSeconds, r.CreatedAt AS CreatedAt,
        r.Epoch AS Epoch, r.EntryID AS EntryID,
        [
            toFloat64(r.Field#) -- each field, comma between
        ][a.FieldNumber] AS Value
    FROM iot.CurrentReadings AS r
    JOIN asked AS a ON a.ChannelID = r.ChannelID
    WHERE
        r.ChannelID IN {channel_ids:Array(Int64)} AND r.CreatedAt < instant
        AND r.CreatedAt >= (SELECT min(f.FromAt) FROM asked AS f) AND r.CreatedAt >= a.FromAt
),
figured AS (
    SELECT
        v.RuleNumber AS RuleNumber, v.ChannelID AS ChannelID, v.FieldNumber AS FieldNumber,
        v.SpanSeconds AS SpanSeconds, v.CreatedAt AS CreatedAt, v.Epoch AS Epoch, v.EntryID AS EntryID,
        v.Value AS Value,
        CASE v.Kind
            WHEN 'above' THEN v.Value
            WHEN 'below' THEN -v.Value
            ELSE
                abs(v.Value - lag(v.Value) OVER w) * 3600000000
                / nullIf(dateDiff('microsecond', lag(toNullable(v.CreatedAt)) OVER w, v.CreatedAt), 0)
        END AS Figure,
        if(v.Kind = 'below', -v.LimitValue, v.LimitValue) AS LimitValue,
        if(v.Kind = 'below', -v.ClearValue, v.ClearValue) AS ClearValue
    FROM valued AS v
    WHERE v.Value IS NOT NULL
    WINDOW w AS (PARTITION BY v.RuleNumber, v.ChannelID ORDER BY v.CreatedAt, v.Epoch, v.EntryID)
),
back AS (
    SELECT f.RuleNumber AS RuleNumber, f.ChannelID AS ChannelID, max(f.CreatedAt) AS BackAt FROM figured AS f
    WHERE f.Figure <= f.ClearValue
    GROUP BY f.RuleNumber, f.ChannelID
),
beyond AS (
    SELECT
        f.RuleNumber AS RuleNumber, f.ChannelID AS ChannelID, f.FieldNumber AS FieldNumber,
        f.SpanSeconds AS SpanSeconds, f.CreatedAt AS CreatedAt, f.Figure AS Figure, f.LimitValue AS LimitValue,
        sum(f.Figure <= f.LimitValue) OVER (
            PARTITION BY f.RuleNumber, f.ChannelID ORDER BY f.CreatedAt, f.Epoch, f.EntryID
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS Stretch
    FROM figured AS f
    LEFT JOIN back AS b ON b.RuleNumber = f.RuleNumber AND b.ChannelID = f.ChannelID
    WHERE f.Figure IS NOT NULL AND (b.BackAt IS NULL OR f.CreatedAt > b.BackAt)
),
long_enough AS (
    SELECT
        o.RuleNumber AS RuleNumber, o.ChannelID AS ChannelID, o.FieldNumber AS FieldNumber, min(o.CreatedAt) AS BeganAt
    FROM beyond AS o
    WHERE o.Figure > o.LimitValue
    GROUP BY o.RuleNumber, o.ChannelID, o.FieldNumber, o.Stretch
    HAVING dateDiff('microsecond', min(o.CreatedAt), max(o.CreatedAt)) / 1000000 >= max(o.SpanSeconds)
),
latest AS (
    SELECT f.RuleNumber AS RuleNumber, f.ChannelID AS ChannelID, argMax(f.Value, f.CreatedAt) AS Value
    FROM figured AS f
    GROUP BY f.RuleNumber, f.ChannelID
)
SELECT
    e.RuleNumber AS RuleNumber, e.ChannelID AS ChannelID, e.FieldNumber AS FieldNumber, min(e.BeganAt) AS SinceAt,
    any(l.Value) AS Figure
FROM long_enough AS e
JOIN latest AS l ON l.RuleNumber = e.RuleNumber AND l.ChannelID = e.ChannelID
GROUP BY e.RuleNumber, e.ChannelID, e.FieldNumber
ORDER BY e.RuleNumber, e.ChannelID;
