-- The readings at the instants of touched(ChannelID, CreatedAt), as rules leave them now: into CorrectedReadings, and
-- the periods marked that those which changed were in, or are. Rules apply one after the other, in the order of
-- their ids, each to what the ones before left. The temporary table moved says what changed.
SET VARIABLE reach = (
    SELECT {
        'FirstChannel': min(t.ChannelID), 'LastChannel': max(t.ChannelID),
        'FirstAt': min(t.CreatedAt), 'LastAt': max(t.CreatedAt)
    }
    FROM touched AS t
);
CREATE OR REPLACE TEMP TABLE covered AS
SELECT
    r.*,
    EXISTS (
        SELECT 1 FROM iot.SensorReadings_Archive AS a
        WHERE
            a.ReadingID = r.ReadingID
            AND a.CreatedAt BETWEEN getvariable('reach').FirstAt AND getvariable('reach').LastAt
    ) AS IsArchived
FROM iot.AllReadings AS r
SEMI JOIN touched AS t ON t.ChannelID = r.ChannelID AND t.CreatedAt = r.CreatedAt
WHERE
    r.ChannelID BETWEEN getvariable('reach').FirstChannel AND getvariable('reach').LastChannel
    AND r.CreatedAt BETWEEN getvariable('reach').FirstAt AND getvariable('reach').LastAt
    AND (
        r.CorrectedAt IS NOT NULL
        OR EXISTS (
            SELECT 1 FROM iot.Corrections AS k
            WHERE
                k.ChannelID = r.ChannelID AND k.RemovedAt IS NULL
                AND r.CreatedAt >= k.SpanStart AND r.CreatedAt < k.SpanEnd
        )
    );

CREATE OR REPLACE TEMP TABLE rule_steps AS
SELECT
    c.ReadingID, row_number() OVER (PARTITION BY c.ReadingID ORDER BY k.CorrectionID) AS Step,
    k.Kind, k.FieldNumber, k.Condition IS NULL AS IsWhole, k.LowValue, k.HighValue, k.IsOutside,
    k.ScaleFactor, k.OffsetValue, coalesce(k.ShiftSeconds, 0) AS ShiftSeconds
FROM covered AS c
JOIN iot.Corrections AS k
    ON k.ChannelID = c.ChannelID AND k.RemovedAt IS NULL
    AND c.CreatedAt >= k.SpanStart AND c.CreatedAt < k.SpanEnd;

-- Hit: a value that a rule takes or scales. Blank: a field of which a rule leaves nothing, texts neither.
CREATE OR REPLACE TEMP TABLE corrected AS
WITH RECURSIVE
applied AS (
    SELECT
        c.ReadingID, 0::BIGINT AS Step,
        c.Field#, FALSE AS Changed#, -- each field
        FALSE AS IsTaken, FALSE AS IsOut, FALSE AS IsBeyond, 0::BIGINT AS ShiftSeconds
    FROM covered AS c
    UNION ALL
    SELECT
        h.ReadingID, h.Step,
        -- each field
        CASE
            WHEN NOT h.Hit# THEN h.Field#
            WHEN h.Kind = 'SCALE' THEN iot.ScaledValue(h.Field#, h.ScaleFactor, h.OffsetValue)
        END,
        h.Changed# OR h.Hit# OR h.Blank#,
        -- end
        h.IsTaken OR (
            h.Kind = 'EXCLUDE' AND (
                h.Hit# -- each field, OR between
            )
        ),
        h.IsOut OR (h.Kind = 'EXCLUDE' AND h.FieldNumber IS NULL AND h.IsWhole),
        h.IsBeyond OR (
            h.Kind = 'SCALE' AND (
                -- each field, OR between
                (h.Hit# AND iot.ScaledValue(h.Field#, h.ScaleFactor, h.OffsetValue) IS NULL)
                -- end
            )
        ),
        h.ShiftSeconds
    FROM (
        SELECT
            a.ReadingID, k.Step, k.Kind, k.FieldNumber, k.IsWhole, k.ScaleFactor, k.OffsetValue,
            -- each field
            a.Field#, a.Changed#,
            k.Kind <> 'SHIFT' AND coalesce(k.FieldNumber, #) = #
            AND coalesce((a.Field# BETWEEN k.LowValue AND k.HighValue) <> k.IsOutside, FALSE) AS Hit#,
            k.Kind = 'EXCLUDE' AND k.IsWhole AND coalesce(k.FieldNumber, #) = # AS Blank#,
            -- end
            a.IsTaken, a.IsOut, a.IsBeyond, a.ShiftSeconds + k.ShiftSeconds AS ShiftSeconds
        FROM applied AS a
        JOIN rule_steps AS k ON k.ReadingID = a.ReadingID AND k.Step = a.Step + 1
    ) AS h
),
ended AS (
    SELECT a.*
    FROM applied AS a
    LEFT JOIN (
        SELECT k.ReadingID, max(k.Step) AS Step FROM rule_steps AS k GROUP BY k.ReadingID
    ) AS l ON l.ReadingID = a.ReadingID
    WHERE a.Step = coalesce(l.Step, 0)
),
judged AS (
    SELECT
        c.ReadingID, c.ChannelID, c.Epoch, c.EntryID, c.CreatedAt AS OriginalAt,
        -- a reading that would leave the years that there are keeps its time
        CASE
            WHEN c.CreatedAt + to_seconds(e.ShiftSeconds) >= TIMESTAMP '0001-01-08'
            AND c.CreatedAt + to_seconds(e.ShiftSeconds) < TIMESTAMP '9999-12-24'
            THEN c.CreatedAt + to_seconds(e.ShiftSeconds)
            ELSE c.CreatedAt
        END AS CreatedAt,
        e.Field#, e.Changed#, -- each field
        concat_ws(
            ', ',
            CASE WHEN e.Changed# THEN 'Field#' END -- each field, comma between
        ) AS ChangedFields,
        c.Latitude, c.Longitude, c.Elevation, c.Status, c.ImportedAt, c.CorrectedAt, c.IsArchived, e.IsBeyond,
        NOT c.Superseded AND c.WithdrawnAt IS NULL AS IsHeldToCount,
        e.IsOut OR (
            e.IsTaken
            AND coalesce(e.Field1, e.Field2, e.Field3, e.Field4, e.Field5, e.Field6, e.Field7, e.Field8) IS NULL
        ) AS IsExcluded
    FROM covered AS c
    JOIN ended AS e ON e.ReadingID = c.ReadingID
)
SELECT
    j.*, j.IsExcluded OR j.ChangedFields <> '' OR j.CreatedAt <> j.OriginalAt AS IsCorrected,
    j.IsHeldToCount AND NOT j.IsExcluded AS Counts
FROM judged AS j;

CREATE OR REPLACE TEMP TABLE moved AS
WITH
was AS (
    SELECT
        c.ReadingID, c.ChannelID, c.CreatedAt,
        c.Field# -- each field, comma between
    FROM iot.CorrectedReadings AS c
    SEMI JOIN covered AS r ON r.ReadingID = c.ReadingID
    WHERE c.ChannelID BETWEEN getvariable('reach').FirstChannel AND getvariable('reach').LastChannel
    UNION ALL
    SELECT
        r.ReadingID, r.ChannelID, r.CreatedAt,
        r.Field# -- each field, comma between
    FROM covered AS r
    WHERE r.CorrectedAt IS NULL AND NOT r.Superseded AND r.WithdrawnAt IS NULL
),
becomes AS (
    SELECT
        c.ReadingID, c.ChannelID, c.CreatedAt,
        c.Field# -- each field, comma between
    FROM corrected AS c
    WHERE c.Counts
)
SELECT m.ReadingID, m.ChannelID, m.CreatedAt
FROM (
    (SELECT * FROM was EXCEPT SELECT * FROM becomes)
    UNION ALL
    (SELECT * FROM becomes EXCEPT SELECT * FROM was)
) AS m;

DELETE FROM iot.CorrectedReadings AS c
USING covered AS r
WHERE
    c.ReadingID = r.ReadingID
    AND c.ChannelID BETWEEN getvariable('reach').FirstChannel AND getvariable('reach').LastChannel;
UPDATE iot.SensorReadings AS r
SET CorrectedAt = CASE WHEN c.IsCorrected THEN make_timestamp(epoch_us(now())) END
FROM corrected AS c
WHERE
    r.ReadingID = c.ReadingID AND (r.CorrectedAt IS NOT NULL) <> c.IsCorrected
    AND r.ChannelID BETWEEN getvariable('reach').FirstChannel AND getvariable('reach').LastChannel
    AND r.CreatedAt BETWEEN getvariable('reach').FirstAt AND getvariable('reach').LastAt;
UPDATE iot.SensorReadings_Archive AS r
SET CorrectedAt = CASE WHEN c.IsCorrected THEN make_timestamp(epoch_us(now())) END
FROM corrected AS c
WHERE
    r.ReadingID = c.ReadingID AND (r.CorrectedAt IS NOT NULL) <> c.IsCorrected
    AND r.ChannelID BETWEEN getvariable('reach').FirstChannel AND getvariable('reach').LastChannel
    AND r.CreatedAt BETWEEN getvariable('reach').FirstAt AND getvariable('reach').LastAt;
INSERT INTO iot.CorrectedReadings (
    ReadingID, ChannelID, Epoch, EntryID, CreatedAt, OriginalAt,
    Field#, -- each field
    ChangedFields, Latitude, Longitude, Elevation, Status, ImportedAt, CorrectedAt, IsArchived
)
SELECT
    c.ReadingID, c.ChannelID, c.Epoch, c.EntryID, c.CreatedAt, c.OriginalAt,
    c.Field#, -- each field
    c.ChangedFields, c.Latitude, c.Longitude, c.Elevation, c.Status, c.ImportedAt,
    coalesce(c.CorrectedAt, make_timestamp(epoch_us(now()))), c.IsArchived
FROM corrected AS c
WHERE c.IsCorrected AND c.Counts
ORDER BY c.ChannelID, c.CreatedAt, c.Epoch, c.EntryID;

INSERT INTO iot.PeriodMarks (ChannelID, AggregationType, PeriodStart)
SELECT DISTINCT m.ChannelID, k.Kind, date_trunc(k.Unit, m.CreatedAt)
FROM moved AS m
CROSS JOIN (
    VALUES ('HOURLY', 'hour'), ('DAILY', 'day'), ('WEEKLY', 'week'), ('QUALITY', 'day')
) AS k (Kind, Unit);

-- a day to which only a shift had brought readings is as it was before: not judged
CREATE OR REPLACE TEMP TABLE left_days AS
SELECT DISTINCT m.ChannelID, m.CreatedAt::DATE AS Day
FROM moved AS m
ANTI JOIN covered AS r ON r.ChannelID = m.ChannelID AND r.CreatedAt::DATE = m.CreatedAt::DATE
ANTI JOIN iot.CorrectedReadings AS c ON c.ChannelID = m.ChannelID AND c.CreatedAt::DATE = m.CreatedAt::DATE
ANTI JOIN iot.AllReadings AS a ON a.ChannelID = m.ChannelID AND a.CreatedAt::DATE = m.CreatedAt::DATE;
DELETE FROM iot.DataQuality AS q USING left_days AS d WHERE q.ChannelID = d.ChannelID AND q.CheckDate = d.Day;
DELETE FROM iot.PeriodMarks AS m
USING left_days AS d
WHERE m.ChannelID = d.ChannelID AND m.AggregationType = 'QUALITY' AND m.PeriodStart = d.Day;
