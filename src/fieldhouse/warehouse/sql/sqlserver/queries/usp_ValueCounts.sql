-- usp_ValueCounts(channel_id, field_number, start_at, end_at, first, width): how many values of a field each bin holds, of
-- the readings that count; bin 0 is [first, first + width), and so on. NULL is open.
CREATE OR ALTER PROCEDURE iot.usp_ValueCounts
    @ChannelID INT,
    @FieldNumber INT,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @First DECIMAL(18, 6),
    @Width DECIMAL(18, 6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT CAST(FLOOR((v.Value - @First) / @Width) AS BIGINT) AS Bin, COUNT_BIG(*) AS [Values]
    FROM iot.CountedReadings AS r
    CROSS APPLY (
        SELECT
            CASE @FieldNumber
                WHEN # THEN r.Field# -- each field
            END AS Value
    ) AS v
    WHERE r.ChannelID = @ChannelID
        AND (@StartAt IS NULL OR r.CreatedAt >= @StartAt)
        AND (@EndAt IS NULL OR r.CreatedAt < @EndAt)
        AND v.Value IS NOT NULL
    GROUP BY CAST(FLOOR((v.Value - @First) / @Width) AS BIGINT)
    ORDER BY Bin
    OPTION (RECOMPILE);
    RETURN 0;
END;
