-- usp_NearFields(channel_id, field_number, channel_ids, field_numbers, most_km, start_at, end_at): other fields, of
-- channels within some kilometres, beside one: how far away they are (on a globe of 6,371.0088 km), in how many hours
-- both have values, by how much the one is above each in the newest of these and in their median, and how they go
-- together. The places of the lists belong together.
CREATE OR ALTER PROCEDURE iot.usp_NearFields
    @ChannelID INT,
    @FieldNumber INT,
    @ChannelIDs NVARCHAR(MAX),
    @FieldNumbers NVARCHAR(MAX),
    @MostKm FLOAT,
    @StartAt DATETIME2(6),
    @EndAt DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        c.ChannelID,
        CAST(f.value AS INT) AS FieldNumber,
        SQUARE(SIN(RADIANS(CAST(c.Latitude AS FLOAT) - CAST(h.Latitude AS FLOAT)) / 2)) +
        COS(RADIANS(CAST(h.Latitude AS FLOAT))) *
        COS(RADIANS(CAST(c.Latitude AS FLOAT))) *
        SQUARE(SIN(RADIANS(CAST(c.Longitude AS FLOAT) - CAST(h.Longitude AS FLOAT)) / 2)) AS Chord
    INTO #chords
    FROM OPENJSON(@ChannelIDs) AS i
    JOIN OPENJSON(@FieldNumbers) AS f ON f.[key] = i.[key]
    JOIN iot.Channels AS c ON c.ChannelID = CAST(i.value AS INT)
    JOIN iot.Channels AS h ON h.ChannelID = @ChannelID;
    SELECT
        x.ChannelID,
        x.FieldNumber,
        12742.0176E0 * ASIN(CASE WHEN x.Chord < 1 THEN SQRT(x.Chord) ELSE 1E0 END) AS Kilometres
    INTO #near
    FROM #chords AS x
    WHERE x.Chord IS NOT NULL
        AND 12742.0176E0 * ASIN(CASE WHEN x.Chord < 1 THEN SQRT(x.Chord) ELSE 1E0 END) <= @MostKm;
    SELECT
        g.PeriodStart,
        CASE @FieldNumber
            WHEN # THEN g.Field#Avg -- each field
        END AS Mean
    INTO #mine
    FROM iot.AggregatedData AS g
    WHERE g.AggregationType = N'HOURLY'
        AND g.ChannelID = @ChannelID
        AND g.PeriodStart >= @StartAt
        AND g.PeriodStart < @EndAt;
    SELECT
        n.ChannelID,
        n.FieldNumber,
        g.PeriodStart,
        CASE n.FieldNumber
            WHEN # THEN g.Field#Avg -- each field
        END AS Mean
    INTO #theirs
    FROM #near AS n
    JOIN iot.AggregatedData AS g
        ON g.ChannelID = n.ChannelID
            AND g.AggregationType = N'HOURLY'
            AND g.PeriodStart >= @StartAt
            AND g.PeriodStart < @EndAt;
    SELECT
        t.ChannelID,
        t.FieldNumber,
        t.PeriodStart,
        m.Mean - t.Mean AS Difference,
        m.Mean - AVG(m.Mean) OVER (PARTITION BY t.ChannelID, t.FieldNumber) AS X,
        t.Mean - AVG(t.Mean) OVER (PARTITION BY t.ChannelID, t.FieldNumber) AS Y,
        MAX(m.Mean) OVER (PARTITION BY t.ChannelID, t.FieldNumber) -
        MIN(m.Mean) OVER (PARTITION BY t.ChannelID, t.FieldNumber) AS XRange,
        MAX(t.Mean) OVER (PARTITION BY t.ChannelID, t.FieldNumber) -
        MIN(t.Mean) OVER (PARTITION BY t.ChannelID, t.FieldNumber) AS YRange,
        ROW_NUMBER() OVER (PARTITION BY t.ChannelID, t.FieldNumber ORDER BY m.Mean - t.Mean) AS Place,
        COUNT(*) OVER (PARTITION BY t.ChannelID, t.FieldNumber) AS Places,
        ROW_NUMBER() OVER (PARTITION BY t.ChannelID, t.FieldNumber ORDER BY t.PeriodStart DESC) AS Age
    INTO #compared
    FROM #theirs AS t
    JOIN #mine AS m ON m.PeriodStart = t.PeriodStart
    WHERE m.Mean IS NOT NULL AND t.Mean IS NOT NULL;
    SELECT
        n.ChannelID,
        n.FieldNumber,
        n.Kilometres,
        COALESCE(s.Hours, 0) AS Hours,
        s.NewestHour,
        s.NewestDifference,
        s.MedianDifference,
        s.Pearson
    FROM #near AS n
    LEFT JOIN (
        SELECT
            c.ChannelID,
            c.FieldNumber,
            COUNT_BIG(*) AS Hours,
            MAX(c.PeriodStart) AS NewestHour,
            MAX(CASE WHEN c.Age = 1 THEN c.Difference END) AS NewestDifference,
            AVG(
                CASE WHEN 2 * c.Place BETWEEN c.Places AND c.Places + 2 THEN c.Difference END
            ) AS MedianDifference,
            CASE
                WHEN COUNT_BIG(*) >= 3 AND MAX(c.XRange) > 0 AND MAX(c.YRange) > 0 THEN SUM(c.X * c.Y) /
                NULLIF(SQRT(SUM(c.X * c.X)) * SQRT(SUM(c.Y * c.Y)), 0)
            END AS Pearson
        FROM #compared AS c
        GROUP BY c.ChannelID, c.FieldNumber
    ) AS s ON s.ChannelID = n.ChannelID AND s.FieldNumber = n.FieldNumber
    ORDER BY n.Kilometres, n.ChannelID, n.FieldNumber;
    RETURN 0;
END;
