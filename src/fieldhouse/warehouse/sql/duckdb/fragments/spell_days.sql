-- Keep as spells what told says is unusual about the days of asked(ChannelID, Day), in place of what was said before,
-- and mark for quality the days in which it is no longer the same.
SET VARIABLE spelt = EXISTS (FROM told)
    OR EXISTS (FROM iot.AnomalySpells AS s JOIN asked AS a ON a.ChannelID = s.ChannelID AND a.Day = s.Day);
-- if getvariable('spelt')
CREATE OR REPLACE TEMP TABLE unusual_before AS
-- include unusual_days
;
-- if getvariable('spelt')
DELETE FROM iot.AnomalySpells AS s USING asked AS a WHERE s.ChannelID = a.ChannelID AND s.Day = a.Day;
-- if getvariable('spelt')
INSERT INTO iot.AnomalySpells
WITH
hits AS (
    SELECT
        t.ChannelID, t.FieldNumber, t.Day, 'VALUE' AS Family, t.CreatedAt AS Since, t.CreatedAt,
        CASE WHEN t.IsOdd THEN t.Judged ELSE t.Amount END AS Value,
        CASE WHEN t.IsOdd THEN t.Level ELSE t.Before END AS Level,
        CASE WHEN t.IsOdd THEN t.Spread ELSE t.UsualStep END AS Spread,
        t.IsOdd AND coalesce(t.Deviation > 0, t.Judged > t.To_, FALSE) AS IsAbove, t.IsBeyond, NOT t.IsOdd AS IsJump,
        greatest(coalesce(t.Rareness, 0), t.Threshold) AS Score,
        t.From_ AS Least, t.To_ AS Greatest, t.Days
    FROM told AS t
    WHERE t.IsHit
    UNION ALL
    SELECT
        t.ChannelID, t.FieldNumber, t.Day, 'STUCK', t.RunAt, t.CreatedAt, t.Amount,
        t.Longest, NULL, FALSE, FALSE, FALSE, t.StayedFor / greatest(t.Longest, 3600),
        t.Least, t.Greatest, t.Days
    FROM told AS t
    WHERE t.IsStuck
    UNION ALL
    -- of all fields: field 0
    SELECT
        t.ChannelID, CASE WHEN coalesce(t.RowBeforeAt = t.BeforeAt, TRUE) THEN 0 ELSE t.FieldNumber END, t.Day,
        'SILENCE', t.BeforeAt, t.CreatedAt, NULL, t.Usual, NULL, FALSE, FALSE, FALSE,
        t.SilentFor / t.Usual, NULL, NULL, t.Days
    FROM told AS t
    WHERE t.WasSilent
    UNION ALL
    SELECT
        t.ChannelID, t.FieldNumber, t.Day, 'FALL', t.CreatedAt, t.CreatedAt, t.Amount, t.Before, NULL, FALSE, FALSE,
        FALSE, t.Days / (t.Downs + 1), t.Least, t.Greatest, t.Days
    FROM told AS t
    WHERE t.HasFallen
    UNION ALL
    SELECT
        t.ChannelID, t.FieldNumber, t.Day, 'DRIFT', t.CreatedAt, t.CreatedAt, t.Week, t.Older, t.OlderSpread,
        t.Week > t.Older, FALSE, FALSE, abs(t.Week - t.Older) / t.OlderSpread, t.Least, t.Greatest, t.Days
    FROM told AS t
    WHERE t.HasDrifted
),
opened AS (
    SELECT
        h.*, {'IsOdd': NOT h.IsJump, 'Score': h.Score, 'Before': -epoch_us(h.CreatedAt)} AS Weight,
        count(*) FILTER (h.IsApart) OVER (PARTITION BY h.ChannelID, h.FieldNumber, h.Family, h.Day ORDER BY h.CreatedAt)
            AS Spell
    FROM (
        SELECT
            i.*,
            i.Since - lag(i.CreatedAt) OVER (
                PARTITION BY i.ChannelID, i.FieldNumber, i.Family, i.Day ORDER BY i.CreatedAt
            ) > INTERVAL 6 HOUR AS IsApart
        FROM hits AS i
    ) AS h
)
SELECT
    o.ChannelID, o.FieldNumber, o.Family, o.Day, min(o.Since), max(o.CreatedAt),
    count(*), count(*) FILTER (o.IsAbove), count(*) FILTER (o.IsBeyond),
    count(*) FILTER (o.IsJump), max(o.Score),
    arg_max(o.CreatedAt, o.Weight),
    -- as a float the largest numbers are more than their column holds
    coalesce(
        TRY_CAST(arg_max_null(o.Value, o.Weight) AS DECIMAL(18, 6)),
        (sign(arg_max_null(o.Value, o.Weight)) * 999999999999.5)::DECIMAL(18, 6)
    ),
    arg_max_null(o.Level, o.Weight), arg_max_null(o.Spread, o.Weight), any_value(o.Least), any_value(o.Greatest),
    max(o.Days)
FROM opened AS o
GROUP BY o.ChannelID, o.FieldNumber, o.Family, o.Day, o.Spell;

-- if getvariable('spelt')
CREATE OR REPLACE TEMP TABLE unusual_after AS
-- include unusual_days
;
-- if getvariable('spelt')
INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT DISTINCT c.ChannelID, 'QUALITY', c.CheckDate::TIMESTAMP
FROM (
    (FROM unusual_before EXCEPT FROM unusual_after) UNION ALL (FROM unusual_after EXCEPT FROM unusual_before)
) AS c;
