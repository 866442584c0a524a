-- usp_AlarmStuck(channel_ids, as_of, seconds, readings): fields that show one value for so long and so many readings,
-- and never did so half as long; since when, and the value. Of the last thirty days' hours, of which seven days at
-- least lie before; 0 is no sign of a fault: rain, light and doors rest there.
CREATE OR ALTER PROCEDURE iot.usp_AlarmStuck
    @ChannelIDs NVARCHAR(MAX),
    @AsOfTime DATETIME2(6),
    @Seconds FLOAT,
    @Readings BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT g.ChannelID, f.FieldNumber
    INTO #flat
    FROM iot.AggregatedData AS g
    CROSS JOIN (VALUES
        (1),
        (2),
        (3),
        (4),
        (5),
        (6),
        (7),
        (8)
    ) AS n (FieldNumber)
    CROSS APPLY (
        SELECT
            n.FieldNumber,
            CASE n.FieldNumber
                WHEN # THEN g.Field#Min -- each field
            END AS Least,
            CASE n.FieldNumber
                WHEN # THEN g.Field#Max -- each field
            END AS Greatest,
            CASE n.FieldNumber
                WHEN # THEN g.Field#Count -- each field
            END AS Readings
    ) AS f
    WHERE g.AggregationType = N'HOURLY'
        AND g.PeriodStart <= @AsOfTime
        AND g.PeriodStart > DATEADD(HOUR, -1, DATEADD(SECOND, -CAST(@Seconds AS INT), @AsOfTime))
        AND g.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
        AND f.Readings > 0
    GROUP BY g.ChannelID, f.FieldNumber
    HAVING MIN(f.Least) = MAX(f.Greatest) AND MIN(f.Least) <> 0
    OPTION (RECOMPILE);
    WITH hours AS (
        SELECT
            g.ChannelID,
            f.FieldNumber,
            g.PeriodStart,
            f.Least,
            f.Greatest,
            f.Readings,
            LAG(f.Least) OVER (PARTITION BY g.ChannelID, f.FieldNumber ORDER BY g.PeriodStart) AS LeastBefore,
            LAG(f.Greatest) OVER (
                PARTITION BY g.ChannelID, f.FieldNumber
                ORDER BY g.PeriodStart
            ) AS GreatestBefore
        FROM iot.AggregatedData AS g
        CROSS JOIN (VALUES
            (1),
            (2),
            (3),
            (4),
            (5),
            (6),
            (7),
            (8)
        ) AS n (FieldNumber)
        CROSS APPLY (
            SELECT
                n.FieldNumber,
                CASE n.FieldNumber
                    WHEN # THEN g.Field#Min -- each field
                END AS Least,
                CASE n.FieldNumber
                    WHEN # THEN g.Field#Max -- each field
                END AS Greatest,
                CASE n.FieldNumber
                    WHEN # THEN g.Field#Count -- each field
                END AS Readings
        ) AS f
        JOIN #flat AS k ON k.ChannelID = g.ChannelID AND k.FieldNumber = f.FieldNumber
        WHERE g.AggregationType = N'HOURLY'
            AND g.PeriodStart <= @AsOfTime
            AND g.PeriodStart > DATEADD(DAY, -30, @AsOfTime)
            AND f.Readings > 0
    ),
    numbered AS (
        SELECT
            h.ChannelID,
            h.FieldNumber,
            h.PeriodStart,
            h.Least,
            h.Readings,
            SUM(
                CASE
                    WHEN h.Least = h.Greatest
                    AND h.Least = h.GreatestBefore
                    AND h.Least = h.LeastBefore THEN 0
                    ELSE 1
                END
            ) OVER (
                PARTITION BY h.ChannelID, h.FieldNumber
                ORDER BY h.PeriodStart
                ROWS UNBOUNDED PRECEDING
            ) AS Stretch
        FROM hours AS h
    ),
    stretches AS (
        SELECT
            n.ChannelID,
            n.FieldNumber,
            n.Stretch,
            MIN(n.PeriodStart) AS SinceAt,
            MAX(n.Least) AS Value,
            DATEDIFF(SECOND, MIN(n.PeriodStart), MAX(n.PeriodStart)) AS Seconds,
            SUM(n.Readings) AS Readings
        FROM numbered AS n
        GROUP BY n.ChannelID, n.FieldNumber, n.Stretch
    ),
    compared AS (
        SELECT
            s.ChannelID,
            s.FieldNumber,
            s.Stretch,
            s.SinceAt,
            s.Value,
            s.Seconds,
            s.Readings,
            MAX(s.Stretch) OVER (PARTITION BY s.ChannelID, s.FieldNumber) AS LastStretch,
            MIN(s.SinceAt) OVER (PARTITION BY s.ChannelID, s.FieldNumber) AS BeganAt,
            MAX(s.Seconds) OVER (
                PARTITION BY s.ChannelID, s.FieldNumber
                ORDER BY s.Stretch
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS LongestBefore
        FROM stretches AS s
    )
    SELECT
        CAST(c.ChannelID AS BIGINT) AS ChannelID,
        c.FieldNumber,
        c.SinceAt,
        CAST(c.Value AS FLOAT) AS Figure
    FROM compared AS c
    WHERE c.Stretch = c.LastStretch
        AND c.Seconds + 3600 >= @Seconds
        AND c.Readings >= @Readings
        AND c.Seconds >= 2 * COALESCE(c.LongestBefore, 0)
        AND c.BeganAt <= DATEADD(DAY, -7, c.SinceAt)
    ORDER BY c.ChannelID, c.FieldNumber;
    RETURN 0;
END;
