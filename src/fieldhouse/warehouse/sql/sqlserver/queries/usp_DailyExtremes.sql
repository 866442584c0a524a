-- usp_DailyExtremes(channel_id): how far a field's days reach, of all days that are kept: the least and greatest of all,
-- and a quarter's and three quarters' of the days' minima and maxima, by rank. A field without a value has no row.
CREATE OR ALTER PROCEDURE iot.usp_DailyExtremes @ChannelID INT
AS
BEGIN
    SET NOCOUNT ON;
    WITH days AS (
        -- each field, UNION ALL between
        SELECT # AS FieldNumber, g.Field#Min AS Low, g.Field#Max AS High
        FROM iot.AggregatedData AS g
        WHERE g.ChannelID = @ChannelID AND g.AggregationType = 'DAILY' AND g.Field#Count > 0
        -- end
    ),
    ranked AS (
        SELECT
            d.FieldNumber,
            d.Low,
            d.High,
            COUNT_BIG(*) OVER (PARTITION BY d.FieldNumber) AS Days,
            ROW_NUMBER() OVER (PARTITION BY d.FieldNumber ORDER BY d.Low) AS LowRank,
            ROW_NUMBER() OVER (PARTITION BY d.FieldNumber ORDER BY d.High) AS HighRank
        FROM days AS d
    )
    SELECT
        r.FieldNumber,
        MAX(r.Days) AS Days,
        MIN(r.Low) AS Least,
        MAX(r.High) AS Greatest,
        MAX(CASE WHEN r.LowRank = (r.Days + 3) / 4 THEN r.Low END) AS LowQuarter,
        MAX(CASE WHEN r.LowRank = (3 * r.Days + 3) / 4 THEN r.Low END) AS LowThreeQuarters,
        MAX(CASE WHEN r.HighRank = (r.Days + 3) / 4 THEN r.High END) AS HighQuarter,
        MAX(CASE WHEN r.HighRank = (3 * r.Days + 3) / 4 THEN r.High END) AS HighThreeQuarters
    FROM ranked AS r
    GROUP BY r.FieldNumber
    ORDER BY r.FieldNumber;
    RETURN 0;
END;
