-- alarm_values(rule_numbers, channel_ids, field_numbers, kinds, limits, clears, spans, as_of): of fields with a limit
-- each, those that lay beyond it for so long and are not back; since when, and the last value. The lists' places belong
-- together. A kind is above, below or rate (change an hour, whichever way); a value is back at its clear.
WITH
asked AS (
    SELECT
        unnest($rule_numbers::INTEGER[]) AS RuleNumber, unnest($channel_ids::BIGINT[]) AS ChannelID,
        unnest($field_numbers::INTEGER[]) AS FieldNumber, unnest($kinds::VARCHAR[]) AS Kind,
        unnest($limits::DOUBLE[]) AS LimitValue, unnest($clears::DOUBLE[]) AS ClearValue,
        unnest($spans::DOUBLE[]) AS SpanSeconds
),
valued AS (
    SELECT
        a.*, r.CreatedAt, r.Epoch, r.EntryID,
        CASE a.FieldNumber
            WHEN # THEN r.Field#::DOUBLE -- each field
        END AS Value
    FROM asked AS a
    JOIN iot.CurrentReadings AS r ON r.ChannelID = a.ChannelID
    WHERE
        r.CreatedAt < $as_of::TIMESTAMP
        AND r.CreatedAt >= $as_of::TIMESTAMP - INTERVAL 7 DAY - to_microseconds((a.SpanSeconds * 1e6)::BIGINT)
),
figured AS (
    SELECT
        v.RuleNumber, v.ChannelID, v.FieldNumber, v.SpanSeconds, v.CreatedAt, v.Epoch, v.EntryID, v.Value,
        CASE v.Kind
            WHEN 'above' THEN v.Value
            WHEN 'below' THEN -v.Value
            ELSE abs(v.Value - lag(v.Value) OVER w) * 3600 / nullif(epoch(v.CreatedAt - lag(v.CreatedAt) OVER w), 0)
        END AS Figure,
        CASE v.Kind WHEN 'below' THEN -v.LimitValue ELSE v.LimitValue END AS LimitValue,
        CASE v.Kind WHEN 'below' THEN -v.ClearValue ELSE v.ClearValue END AS ClearValue
    FROM valued AS v
    WHERE v.Value IS NOT NULL
    WINDOW w AS (PARTITION BY v.RuleNumber, v.ChannelID ORDER BY v.CreatedAt, v.Epoch, v.EntryID)
),
back AS (
    SELECT f.RuleNumber, f.ChannelID, max(f.CreatedAt) AS BackAt FROM figured AS f
    WHERE f.Figure <= f.ClearValue
    GROUP BY f.RuleNumber, f.ChannelID
),
out AS (
    SELECT
        f.*,
        sum(CASE WHEN f.Figure > f.LimitValue THEN 0 ELSE 1 END) OVER (
            PARTITION BY f.RuleNumber, f.ChannelID ORDER BY f.CreatedAt, f.Epoch, f.EntryID ROWS UNBOUNDED PRECEDING
        ) AS Stretch
    FROM figured AS f
    LEFT JOIN back AS b ON b.RuleNumber = f.RuleNumber AND b.ChannelID = f.ChannelID
    WHERE f.Figure IS NOT NULL AND (b.BackAt IS NULL OR f.CreatedAt > b.BackAt)
),
long_enough AS (
    SELECT o.RuleNumber, o.ChannelID, o.FieldNumber, min(o.CreatedAt) AS SinceAt FROM out AS o
    WHERE o.Figure > o.LimitValue
    GROUP BY o.RuleNumber, o.ChannelID, o.FieldNumber, o.Stretch
    HAVING epoch_us(max(o.CreatedAt) - min(o.CreatedAt)) / 1e6 >= max(o.SpanSeconds)
),
latest AS (
    SELECT f.RuleNumber, f.ChannelID, arg_max(f.Value, f.CreatedAt) AS Value FROM figured AS f
    GROUP BY f.RuleNumber, f.ChannelID
)
SELECT
    e.RuleNumber, e.ChannelID, e.FieldNumber, min(e.SinceAt) AS SinceAt, any_value(l.Value) AS Figure
FROM long_enough AS e
JOIN latest AS l ON l.RuleNumber = e.RuleNumber AND l.ChannelID = e.ChannelID
GROUP BY e.RuleNumber, e.ChannelID, e.FieldNumber
ORDER BY e.RuleNumber, e.ChannelID;
